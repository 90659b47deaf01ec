package web

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/speedlayer/speedlayer/bench/limits"
	"github.com/speedlayer/speedlayer/bench/redisserver"
	"github.com/speedlayer/speedlayer/internal/supervise"
)

// dataPath is what is limited, of kursapp and of the servers beside it.
const dataPath = "/api/data"

// refused asks for what the client has asked for too often.
var refused = Request{Path: dataPath, Status: http.StatusTooManyRequests, Counts: true}

// limitsFile lets kursapp admit one request a day. The seconds to wait have five digits
// then, for as long as anybody measures.
const limitsFile = "[data]\nlimit = 1\nwindow = \"24h\"\n"

// RunRefusal is [Run] for GET /api/data by a client that has used its limit up: kursapp,
// a minimal handler behind each contestant of package limits, and one that refuses
// everybody. All send what kursapp sends.
func RunRefusal(ctx context.Context, c Config) (Result, error) {
	redis, err := redisserver.Start(ctx)
	if err != nil {
		return Result{}, err
	}
	defer redis.Stop()
	var result Result
	servers, err := startRefusals(ctx, c, redis, &result)
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

func startRefusals(ctx context.Context, c Config, redis *redisserver.Server, result *Result) ([]contestant, error) {
	var servers []contestant
	file := filepath.Join(filepath.Dir(c.Programs.kursapp), "limits.toml")
	if err := os.WriteFile(file, []byte(limitsFile), 0o600); err != nil {
		return servers, err
	}
	app, err := startKursapp(ctx, c.Programs.kursapp, redis.URL(), []string{"KURSAPP_LIMITS_FILE=" + file}, "local")
	if err != nil {
		return servers, err
	}
	servers = append(servers, contestant{Kursapp, app, refused})
	if result.Answer, err = learnRefusal(ctx, app.base()); err != nil {
		return servers, err
	}
	for _, id := range append([]string{NetHTTP}, limiters()...) {
		s, err := startLimiter(ctx, c.Programs.limits, id, redis.Addr(), result.Answer)
		if err != nil {
			return servers, err
		}
		servers = append(servers, contestant{id, s, refused})
		if err := useUp(ctx, s.base()); err != nil {
			return servers, fmt.Errorf("%s: %w", id, err)
		}
	}
	return servers, nil
}

// limiters are the IDs of the contestants that refuse.
func limiters() []string {
	var ids []string
	for _, l := range limits.Able(limits.Deny) {
		ids = append(ids, l.ID)
	}
	return ids
}

// startLimiter starts a server of [LimitHandler].
func startLimiter(ctx context.Context, program, id, redisAddr string, a Answer) (running, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return running{}, err
	}
	file, err := a.save(filepath.Dir(program))
	if err != nil {
		return running{}, err
	}
	return start(ctx, addr, Request{Path: readyPath}, supervise.Command{Path: program, Args: []string{
		"-addr", addr, "-redis", redisAddr, "-limiter", id, "-answer", file,
	}})
}

// learnRefusal uses the client's limit up and returns the refusal, with every header
// that net/http does not add by itself. Those whose values change from request to
// request keep one value: to write none would be to write less.
func learnRefusal(ctx context.Context, base string) (Answer, error) {
	if err := useUp(ctx, base); err != nil {
		return Answer{}, err
	}
	header, body, err := fetch(ctx, base, refused)
	if err != nil {
		return Answer{}, err
	}
	header.Del("Date")
	header.Del("Content-Length")
	return Answer{header, body}, nil
}

// useUp makes sure that the client is refused. The first request may be admitted.
func useUp(ctx context.Context, base string) error {
	_, _, first := fetch(ctx, base, Request{Path: dataPath})
	if _, _, err := fetch(ctx, base, refused); err != nil {
		return fmt.Errorf("web: not refused: %w (the request before: %w)", err, first)
	}
	return nil
}
