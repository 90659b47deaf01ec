package httpapi

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestWhoAmI(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 5, 1, 12, 0, 0, 0, time.FixedZone("", 7200))
	loggedIn := func(role kurs.Role, demo bool) kurs.Actor {
		return kurs.Actor{UserID: 7, Role: role, Demo: demo, Session: &kurs.Session{
			ID: "abc", CreatedAt: began, IdleExpiresAt: began.Add(time.Minute), ExpiresAt: began.Add(time.Hour),
			Data: kurs.SessionData{Name: "Max", Email: "max@example.com"},
		}}
	}
	const (
		nobody  = `"user":null,"session":null,"session_unknown":false,`
		session = `"session":{"id":"abc","began_at":"2026-05-01T10:00:00Z","idle_ends_at":"2026-05-01T10:01:00Z","ends_at":"2026-05-01T11:00:00Z"},"session_unknown":false,`
		user    = `"user":{"id":7,"name":"Max","email":"max@example.com","role":"user"},` + session
		admin   = `"user":{"id":7,"name":"Max","email":"max@example.com","role":"admin"},` + session
	)
	for name, c := range map[string]struct {
		mode  Mode
		auth  string
		actor kurs.Actor
		err   error
		want  string
	}{
		"nobody":               {Production, "", kurs.Actor{}, nil, nobody + `"may":{"operate":false,"administer":false}`},
		"nobody in the demo":   {Demo, "", kurs.Actor{}, nil, nobody + `"may":{"operate":true,"administer":false}`},
		"no token":             {Production, "Basic x", kurs.Actor{}, nil, nobody + `"may":{"operate":false,"administer":false}`},
		"an old session":       {Production, "Bearer x", kurs.Actor{}, kurs.ErrSessionInvalid, nobody + `"may":{"operate":false,"administer":false}`},
		"a user":               {Production, "Bearer x", loggedIn(kurs.RoleUser, false), nil, user + `"may":{"operate":false,"administer":false}`},
		"a user in the demo":   {Demo, "Bearer x", loggedIn(kurs.RoleUser, true), nil, user + `"may":{"operate":true,"administer":false}`},
		"an administrator":     {Production, "Bearer x", loggedIn(kurs.RoleAdmin, false), nil, admin + `"may":{"operate":true,"administer":true}`},
		"Redis is gone":        {Production, "Bearer x", kurs.Actor{}, kurs.ErrUnavailable, strings.Replace(nobody, "false", "true", 1) + `"may":{"operate":false,"administer":false}`},
		"gone, and a the demo": {Demo, "Bearer x", kurs.Actor{}, kurs.ErrUnavailable, strings.Replace(nobody, "false", "true", 1) + `"may":{"operate":true,"administer":false}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, c.mode)
			s.accounts.authenticate = func(context.Context, string) (kurs.Actor, error) { return c.actor, c.err }
			var headers []string
			if c.auth != "" {
				headers = []string{"Authorization", c.auth}
			}
			before := time.Now().Add(-time.Millisecond)
			w := s.do(t, "GET", "/web/me", "", headers...)
			if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
				t.Fatalf("status %d, %v", w.Code, w.Header())
			}
			var got meBody
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if got.Now.Before(before) || got.Now.After(time.Now()) || got.Now.Nanosecond()%1e6 != 0 || got.Version != "1.2.3" || got.Mode != c.mode.String() {
				t.Errorf("%+v", got)
			}
			if _, rest, _ := strings.Cut(body(w), `"user"`); `"user"`+rest != c.want+"}" {
				t.Errorf("got  %s\nwant … %s}", w.Body, c.want)
			}
		})
	}
}
