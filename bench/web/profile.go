package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/speedlayer/speedlayer/bench/redisserver"
	"github.com/speedlayer/speedlayer/bench/sessions"
	"github.com/speedlayer/speedlayer/internal/supervise"
)

// Kursapp is the ID of the real program in [RunProfile]. The bare server is [NetHTTP];
// the others are those of the contestants in package sessions.
const Kursapp = "kursapp"

// The paths of the servers with sessions.
const (
	profilePath = "/profile"
	loginPath   = "/login"
	readyPath   = "/ready"
)

// RunProfile is [Run] for GET /profile, which needs a session: kursapp, a minimal
// handler behind each contestant of package sessions, and one that looks at nothing.
// All send what kursapp sends.
func RunProfile(ctx context.Context, c Config) (Result, error) {
	redis, err := redisserver.Start(ctx)
	if err != nil {
		return Result{}, err
	}
	defer redis.Stop()
	var result Result
	servers, err := startProfiles(ctx, c, redis, &result)
	defer func() {
		for _, s := range servers {
			s.stop()
		}
	}()
	if err != nil {
		return Result{}, err
	}
	result.Rates, err = c.takeTurns(ctx, servers, result.Answer.Body)
	return result, err
}

func startProfiles(ctx context.Context, c Config, redis *redisserver.Server, result *Result) ([]contestant, error) {
	var servers []contestant
	app, err := startKursapp(ctx, c.Programs.kursapp, redis.URL(), nil, "local")
	if err != nil {
		return servers, err
	}
	servers = append(servers, contestant{id: Kursapp, running: app})
	if servers[0].asked, err = loginKursapp(ctx, app.base()); err != nil {
		return servers, err
	}
	if result.Answer, err = learn(ctx, app.base(), servers[0].asked); err != nil {
		return servers, err
	}
	ids := []string{NetHTTP}
	for _, s := range sessions.All() {
		ids = append(ids, s.ID)
	}
	for _, id := range ids {
		s, err := startSessions(ctx, c.Programs.sessions, id, redis.Addr(), result.Answer)
		if err != nil {
			return servers, err
		}
		servers = append(servers, contestant{id: id, running: s})
		if servers[len(servers)-1].asked, err = login(ctx, s.base()); err != nil {
			return servers, err
		}
	}
	return servers, nil
}

// startSessions starts a server of [SessionHandler].
func startSessions(ctx context.Context, program, id, redisAddr string, a Answer) (running, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return running{}, err
	}
	file, err := a.save(filepath.Dir(program))
	if err != nil {
		return running{}, err
	}
	return start(ctx, addr, Request{Path: readyPath}, supervise.Command{Path: program, Args: []string{
		"-addr", addr, "-redis", redisAddr, "-store", id, "-answer", file,
	}})
}

// loginKursapp logs the demo's user in and returns the request that it then sends.
func loginKursapp(ctx context.Context, base string) (Request, error) {
	body, err := post(ctx, base+loginPath, `{"email":"max@example.com","password":"test123"}`)
	if err != nil {
		return Request{}, err
	}
	var answer struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Token == "" {
		return Request{}, fmt.Errorf("web: kursapp's login answers %q: %w", body, err)
	}
	return Request{Path: profilePath, Header: "Authorization: Bearer " + answer.Token}, nil
}

// login does so with a server of [SessionHandler].
func login(ctx context.Context, base string) (Request, error) {
	cookie, err := post(ctx, base+loginPath, "")
	if err != nil {
		return Request{}, err
	}
	return Request{Path: profilePath, Header: "Cookie: " + cookie}, nil
}

func post(ctx context.Context, url, body string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	_, answer, err := send(request, http.StatusOK)
	return answer, err
}
