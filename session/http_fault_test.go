package session_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// Redis goes and comes back. Whoever was logged in still is, with the same cookie,
// and in between nobody is told anything else than to come back later. With the
// local tier, requests may pass for MaxStaleness.
func TestWithoutRedisNobodyGetsInAndNobodyIsLoggedOut(t *testing.T) {
	t.Parallel()
	for name, local := range map[string]int64{"no local tier": -1, "local tier": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, redistest.WithAppendOnly())
			o := session.Options{LocalBytes: local, RedisTimeout: 500 * time.Millisecond, TouchInterval: time.Hour}
			s := newSiteOn(t, server.Client(t), o, session.HTTPOptions{})
			optional := newSiteOn(t, server.Client(t), session.Options{Prefix: s.prefix, RedisTimeout: 500 * time.Millisecond},
				session.HTTPOptions{Optional: true})
			token, _ := patientLogin(t, server, s.prefix)
			cookie, bearer := []string{"Cookie", "__Host-session=" + token}, []string{"Authorization", "Bearer " + token}
			awaitStatus(t, s, cookie, 200)

			server.Kill(t)
			awaitStatus(t, s, cookie, 503)
			for _, headers := range [][]string{cookie, bearer, {"Cookie", "__Host-session=" + shapeless}} {
				before := s.served.Load()
				w := s.do(t, "GET", headers...)
				h := w.Header()
				if w.Code != 503 || h.Get("Retry-After") != "1" || h.Get("Cache-Control") != "no-store" || s.served.Load() != before {
					t.Errorf("status %d, %v", w.Code, h)
				}
				if len(h["Set-Cookie"]) != 0 || len(h["Www-Authenticate"]) != 0 {
					t.Errorf("the answer logs the user out: %v", h)
				}
			}
			// Not even as a stranger: he may be logged in.
			if w := optional.do(t, "GET", cookie...); w.Code != 503 {
				t.Errorf("optional: status %d", w.Code)
			}
			// What needs no Redis needs none.
			wantStatus(t, s, http.StatusUnauthorized)
			wantStatus(t, s, http.StatusForbidden, "Cookie", "__Host-session="+token, "Origin", "https://evil.example")
			wantStatus(t, optional, http.StatusOK)

			server.Restart(t)
			awaitStatus(t, s, cookie, 200)
			awaitStatus(t, s, bearer, 200)
		})
	}
}

// A Redis that answers neither yes nor no.
func TestAFrozenRedisIsAServiceThatIsUnavailable(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := newSiteOn(t, server.Client(t), session.Options{RedisTimeout: 300 * time.Millisecond}, session.HTTPOptions{})
	token, _ := patientLogin(t, server, s.prefix)
	headers := []string{"Cookie", "__Host-session=" + token}
	awaitStatus(t, s, headers, 200)
	server.Freeze(t)
	awaitStatus(t, s, headers, 503)
	server.Thaw(t)
	awaitStatus(t, s, headers, 200)
}

// Redis reads, but takes no writes: the renewal fails. Letting requests pass would
// log their users out one after the other.
func TestARenewalThatRedisRefusesIsNotPassedOver(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := newSiteOn(t, server.Client(t), session.Options{TouchInterval: -1}, session.HTTPOptions{})
	token, _ := s.login(t, 1)
	wantAnswer(t, s.do(t, "GET", "Authorization", "Bearer "+token), 200, "1 Max")
	server.CLI(t, "CONFIG", "SET", "maxmemory", "1")
	if w := s.do(t, "GET", "Authorization", "Bearer "+token); w.Code != 503 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("status %d, %v", w.Code, w.Header())
	}
	server.CLI(t, "CONFIG", "SET", "maxmemory", "0")
	wantAnswer(t, s.do(t, "GET", "Authorization", "Bearer "+token), 200, "1 Max")
}

// patientLogin logs in with a manager that waits longer than the one under test.
func patientLogin(tb testing.TB, server *redistest.Server, prefix string) (string, *visit) {
	tb.Helper()
	return newSiteOn(tb, server.Client(tb), session.Options{Prefix: prefix}, session.HTTPOptions{}).login(tb, 1)
}

// wantStatus sends a POST.
func wantStatus(tb testing.TB, s *site, want int, headers ...string) {
	tb.Helper()
	if w := s.do(tb, http.MethodPost, headers...); w.Code != want {
		tb.Errorf("%v: status %d, want %d", headers, w.Code, want)
	}
}

// awaitStatus repeats a request until it is answered so. Meanwhile nothing but 200
// and 503 may be answered.
func awaitStatus(tb testing.TB, s *site, headers []string, want int) {
	tb.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		w := s.do(tb, "GET", headers...)
		switch {
		case w.Code != 200 && w.Code != 503 || len(w.Header()["Set-Cookie"]) != 0:
			tb.Fatalf("status %d, %v", w.Code, w.Header())
		case w.Code == want:
			return
		case time.Now().After(deadline):
			tb.Fatalf("status %d after 30 s, want %d", w.Code, want)
		}
		time.Sleep(time.Millisecond)
	}
}
