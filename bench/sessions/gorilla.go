package sessions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/boj/redistore"
	"github.com/gorilla/sessions"
)

// gorillaFixed reads a session and does not save it: it ends at a fixed time after
// the login.
func gorillaFixed() Contestant {
	return Contestant{
		ID: "gorilla", Name: "gorilla, `Get`",
		Open: func(_ context.Context, p Place) (Store, error) { return openGorilla(p, absoluteTimeout, false) },
	}
}

// gorillaSliding saves the session with each request, which renews it. It has no
// absolute end.
func gorillaSliding() Contestant {
	return Contestant{
		ID: "gorilla-sliding", Name: "gorilla, `Get` and `Save`",
		Open: func(_ context.Context, p Place) (Store, error) { return openGorilla(p, idleTimeout, true) },
	}
}

const gorillaName = "session"

type gorillaStore struct {
	store *redistore.RediStore
	save  bool // with each request
}

func openGorilla(p Place, life time.Duration, save bool) (Store, error) {
	key := []byte("a key of 32 bytes signs the ids.")
	store, err := redistore.NewRediStore(connections, "tcp", p.Redis, "", "", key)
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	store.SetMaxAge(int(life.Seconds()))
	return &gorillaStore{store, save}, nil
}

// request is one of a client with this token, or without one.
func (g *gorillaStore) request(token string) *http.Request {
	r := &http.Request{Method: http.MethodGet, Header: make(http.Header)}
	if token != "" {
		r.Header.Set("Cookie", g.Cookie(token))
	}
	return r
}

// Login returns the cookie's value: the session's id, signed.
func (g *gorillaStore) Login(ctx context.Context, p Profile) (string, error) {
	r, w := g.request("").WithContext(ctx), newSilent()
	s, err := g.store.Get(r, gorillaName)
	if err != nil {
		return "", err
	}
	s.Values[keyUser] = p.UserID
	s.Values[keyName] = p.Name
	s.Values[keyEmail] = p.Email
	s.Values[keyUserAgent] = p.UserAgent
	s.Values[keyAddress] = p.Address
	if err := s.Save(r, w); err != nil {
		return "", err
	}
	cookie, _, _ := strings.Cut(w.header.Get("Set-Cookie"), ";")
	token, ok := strings.CutPrefix(cookie, gorillaName+"=")
	if !ok {
		return "", errors.New("sessions: gorilla set no cookie")
	}
	return token, nil
}

// visit is what a handler does.
func (g *gorillaStore) visit(w http.ResponseWriter, r *http.Request) (Profile, error) {
	s, err := g.store.Get(r, gorillaName)
	if err != nil {
		return Profile{}, err
	}
	p, err := g.read(s)
	if err == nil && g.save {
		err = s.Save(r, w)
	}
	return p, err
}

func (g *gorillaStore) read(s *sessions.Session) (Profile, error) {
	id, ok := s.Values[keyUser].(int64)
	if s.IsNew || !ok {
		return Profile{}, ErrNoSession
	}
	p := Profile{UserID: id}
	p.Name, _ = s.Values[keyName].(string)
	p.Email, _ = s.Values[keyEmail].(string)
	p.UserAgent, _ = s.Values[keyUserAgent].(string)
	p.Address, _ = s.Values[keyAddress].(string)
	return p, nil
}

func (g *gorillaStore) Visitor(token string) Visitor {
	request, w := g.request(token), newSilent()
	return func(ctx context.Context) (Profile, error) {
		clear(w.header)
		return g.visit(w, request.WithContext(ctx)) // Get changes the request
	}
}

func (g *gorillaStore) Logout(ctx context.Context, token string) error {
	r := g.request(token).WithContext(ctx)
	s, err := g.store.Get(r, gorillaName)
	if err != nil {
		return err
	}
	s.Options.MaxAge = -1
	return s.Save(r, newSilent())
}

func (g *gorillaStore) Handler(answer Answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := g.visit(w, r)
		if err != nil {
			unauthorized(w)
			return
		}
		answer(w, p)
	})
}

func (g *gorillaStore) Cookie(token string) string { return gorillaName + "=" + token }

func (g *gorillaStore) Close() { _ = g.store.Close() }
