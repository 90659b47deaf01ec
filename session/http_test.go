package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/session"
)

func TestTheHandlerFindsTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, session.Options{}, session.HTTPOptions{})
	token, _ := s.login(t, 42)
	wantAnswer(t, s.do(t, "GET", "Authorization", "Bearer "+token), 200, "42 Max")
	wantAnswer(t, s.do(t, "GET", "Cookie", "__Host-session="+token), 200, "42 Max")
	wantAnswer(t, s.do(t, "POST", "Cookie", "__Host-session="+token, "Sec-Fetch-Site", "same-origin"), 200, "42 Max")
	w := httptest.NewRecorder()
	s.visitors.Middleware(session.HTTPOptions{NoCookie: true})(s).ServeHTTP(w, request(t, "GET", "Authorization", "Bearer "+token))
	wantAnswer(t, w, 200, "42 Max")
}

func TestNoSessionWithoutMiddleware(t *testing.T) {
	t.Parallel()
	if v, ok := session.FromContext[int64, visitor](t.Context()); v != nil || ok {
		t.Errorf("%v, %t", v, ok)
	}
}

func TestAnswersToWhatDoesNotPass(t *testing.T) {
	t.Parallel()
	const (
		none  = `{"title":"Unauthorized","status":401,"detail":"The request carries no session token."}` + "\n"
		ended = `{"title":"Unauthorized","status":401,"detail":"The session has ended or never was."}` + "\n"
		cross = `{"title":"Forbidden","status":403,"detail":"The request comes from a page of another origin."}` + "\n"
	)
	s := newSite(t, session.Options{}, session.HTTPOptions{})
	cookies := newSite(t, session.Options{}, session.HTTPOptions{NoBearer: true})
	token, _ := s.login(t, 1)
	for _, tt := range []struct {
		name      string
		site      *site
		method    string
		headers   []string
		status    int
		challenge string
		body      string
	}{
		{"nothing", s, "GET", nil, 401, `Bearer realm="session"`, none},
		{"another scheme", s, "GET", []string{"Authorization", "Basic YTpi"}, 401, `Bearer realm="session"`, none},
		{"unknown", s, "GET", []string{"Authorization", "Bearer " + shapeless}, 401, `Bearer realm="session", error="invalid_token"`, ended},
		{"malformed", s, "GET", []string{"Authorization", "Bearer x"}, 401, `Bearer realm="session", error="invalid_token"`, ended},
		{"an unknown cookie", s, "GET", []string{"Cookie", "__Host-session=" + shapeless}, 401, `Bearer realm="session", error="invalid_token"`, ended},
		{"cross-origin", s, "POST", []string{"Cookie", "__Host-session=" + token, "Sec-Fetch-Site", "cross-site"}, 403, "", cross},
		{"cookies only, nothing", cookies, "GET", []string{"Authorization", "Bearer " + shapeless}, 401, `Cookie realm="session"`, none},
		{"cookies only, unknown", cookies, "GET", []string{"Cookie", "__Host-session=" + shapeless}, 401, `Cookie realm="session"`, ended},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := tt.site.do(t, tt.method, tt.headers...)
			wantAnswer(t, w, tt.status, tt.body)
			h := w.Header()
			if got := h.Get("WWW-Authenticate"); got != tt.challenge {
				t.Errorf("WWW-Authenticate %q, want %q", got, tt.challenge)
			}
			if h.Get("Content-Type") != "application/problem+json" || h.Get("Cache-Control") != "no-store" || !json.Valid(w.Body.Bytes()) {
				t.Errorf("headers %v, body %s", h, w.Body)
			}
			if len(h["Set-Cookie"]) != 0 {
				t.Errorf("a refusal touches the cookie: %q", h["Set-Cookie"])
			}
		})
	}
	if n := s.served.Load() + cookies.served.Load(); n != 0 {
		t.Errorf("%d requests reached the handler", n)
	}
}

func TestOnErrorAnswersAndSeesNoToken(t *testing.T) {
	t.Parallel()
	var seen []error
	s := newSite(t, session.Options{}, session.HTTPOptions{OnError: func(w http.ResponseWriter, _ *http.Request, err error) {
		seen = append(seen, err)
		w.WriteHeader(http.StatusTeapot)
	}})
	token, _ := s.login(t, 1)
	if err := s.Revoke(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		r    *http.Request
		want error
	}{
		{request(t, "GET"), session.ErrNoToken},
		{request(t, "GET", "Authorization", "Bearer "+token+", x"), session.ErrNoToken},
		{request(t, "GET", "Authorization", "Bearer "+token), session.ErrNotFound},
		{request(t, "POST", "Cookie", "__Host-session="+token, "Origin", "https://evil.example"), session.ErrCrossOrigin},
		{request(t, "GET", "Authorization", "Bearer "+token).WithContext(gone), context.Canceled},
	} {
		w := httptest.NewRecorder()
		s.web.Middleware(s).ServeHTTP(w, tt.r)
		err := seen[len(seen)-1]
		if w.Code != http.StatusTeapot || !errors.Is(err, tt.want) || strings.Contains(err.Error(), token) {
			t.Errorf("status %d, error %v, want %v", w.Code, err, tt.want)
		}
	}
	if len(seen) != 5 {
		t.Errorf("OnError was called %d times, want 5", len(seen))
	}
}

func TestOptionalLetsRequestsWithoutASessionPass(t *testing.T) {
	t.Parallel()
	s := newSite(t, session.Options{}, session.HTTPOptions{Optional: true})
	token, _ := s.login(t, 42)
	const cookie = "__Host-session="
	for _, tt := range []struct {
		name, method string
		headers      []string
		status       int
		body         string // "" is not compared
	}{
		{"a session", "GET", []string{"Cookie", cookie + token}, 200, "42 Max"},
		{"nothing", "GET", nil, 200, "nobody"},
		{"a cookie that has ended", "GET", []string{"Cookie", cookie + shapeless}, 200, "nobody"},
		{"a malformed cookie", "GET", []string{"Cookie", cookie + "x"}, 200, "nobody"},
		{"two cookies", "GET", []string{"Cookie", cookie + token + "; " + cookie + token}, 200, "nobody"},
		{"a bearer that has ended", "GET", []string{"Authorization", "Bearer " + shapeless}, 401, ""},
		{"a malformed bearer", "GET", []string{"Authorization", "Bearer"}, 401, ""},
		{"a bad bearer beside a good cookie", "GET", []string{"Authorization", "Bearer " + shapeless, "Cookie", cookie + token}, 401, ""},
		{"cross-origin", "POST", []string{"Cookie", cookie + token, "Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"a cross-origin login", "POST", []string{"Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"a cross-origin request with an ended cookie", "POST", []string{"Cookie", cookie + shapeless, "Origin", "null"}, 403, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := s.do(t, tt.method, tt.headers...)
			if w.Code != tt.status || tt.body != "" && w.Body.String() != tt.body {
				t.Errorf("status %d, %q; want %d, %q", w.Code, w.Body, tt.status, tt.body)
			}
		})
	}
}

// The sessions of administrators and of customers may have the same type. Nobody is
// an administrator by being a customer.
func TestAnInnerMiddlewareHidesTheSessionOfAnOuterOne(t *testing.T) {
	t.Parallel()
	customers := newSite(t, session.Options{Realm: "customers"}, session.HTTPOptions{})
	staff := newSite(t, session.Options{Realm: "staff"}, session.HTTPOptions{Cookie: "__Host-staff", Optional: true})
	token, _ := customers.login(t, 1)
	admin, _ := staff.login(t, 2)
	h := customers.web.Middleware(staff.web.Middleware(staff))

	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(t, "GET", "Cookie", "__Host-session="+token))
	wantAnswer(t, w, 200, "nobody")

	w = httptest.NewRecorder()
	h.ServeHTTP(w, request(t, "GET", "Cookie", "__Host-session="+token, "Cookie", "__Host-staff="+admin))
	wantAnswer(t, w, 200, "2 Max")
}

func TestSharedCachesAreToldWhatAnAnswerDependsOn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		o       session.HTTPOptions
		vary    []string
		control []string
	}{
		{"both", session.HTTPOptions{}, []string{"Authorization, Cookie"}, []string{"private"}},
		{"no cookie", session.HTTPOptions{NoCookie: true}, []string{"Authorization"}, []string{"private"}},
		{"no bearer", session.HTTPOptions{NoBearer: true, Optional: true}, []string{"Cookie"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, session.Options{}, tt.o)
			token, _ := s.login(t, 1)
			for range 2 { // what is shared between requests must not grow
				w := s.do(t, "GET", "Authorization", "Bearer "+token)
				w.Header().Add("Vary", "Accept")
				if got := w.Header()["Vary"]; !slices.Equal(got, append(slices.Clone(tt.vary), "Accept")) {
					t.Errorf("Vary %q, want %q", got, tt.vary)
				}
				if got := w.Header()["Cache-Control"]; !slices.Equal(got, tt.control) {
					t.Errorf("Cache-Control %q, want %q", got, tt.control)
				}
			}
		})
	}
}

func TestHeadersOfOthersStay(t *testing.T) {
	t.Parallel()
	s := newSite(t, session.Options{}, session.HTTPOptions{})
	token, _ := s.login(t, 1)
	w := httptest.NewRecorder()
	w.Header().Set("Vary", "Accept")
	w.Header().Set("Cache-Control", "no-cache")
	s.web.Middleware(s).ServeHTTP(w, request(t, "GET", "Authorization", "Bearer "+token))
	if got := w.Header()["Vary"]; !slices.Equal(got, []string{"Accept", "Authorization, Cookie"}) {
		t.Errorf("Vary %q", got)
	}
	if got := w.Header()["Cache-Control"]; !slices.Equal(got, []string{"no-cache"}) {
		t.Errorf("Cache-Control %q", got)
	}
}

func TestRequestsRenewTheSessionAtMostOncePerInterval(t *testing.T) {
	t.Parallel()
	s := newSite(t, session.Options{IdleTimeout: 30 * time.Hour, AbsoluteTimeout: 90 * time.Hour, TouchInterval: time.Hour},
		session.HTTPOptions{Passive: func(r *http.Request) bool { return r.Header.Get("X-Poll") != "" }})
	token, v := s.login(t, 1)
	active := []string{"Authorization", "Bearer " + token}
	passive := append(slices.Clone(active), "X-Poll", "1")
	commands := func(headers []string) int64 {
		before := s.client.commands.Load()
		for range 10 {
			wantAnswer(t, s.do(t, "GET", headers...), 200, "1 Max")
		}
		return s.client.commands.Load() - before
	}

	s.age(t, v, 2*time.Hour)
	commands(active) // a renewal, so that Redis knows all scripts
	seen := s.field(t, v, "_seen")
	if a, p := commands(active), commands(passive); a != p {
		t.Errorf("ten active requests cost %d commands, ten passive ones %d", a, p)
	}
	if now := s.field(t, v, "_seen"); now != seen {
		t.Errorf("renewed within the interval: %d, was %d", now, seen)
	}

	s.age(t, v, 2*time.Hour)
	seen, passiveCost := s.field(t, v, "_seen"), commands(passive)
	if now, ttl := s.field(t, v, "_seen"), s.ttl(t, v); now != seen || ttl > 28*time.Hour {
		t.Errorf("a passive request renewed the session: %d, was %d; it lives %v", now, seen, ttl)
	}
	if cost := commands(active); cost != passiveCost+1 {
		t.Errorf("ten active requests after the interval cost %d commands, want one more than %d", cost, passiveCost)
	}
	if now, ttl := s.field(t, v, "_seen"), s.ttl(t, v); now <= seen || ttl <= 28*time.Hour {
		t.Errorf("an active request renewed nothing: %d, was %d; it lives %v", now, seen, ttl)
	}
}

func TestAHotSessionCostsNoCommand(t *testing.T) {
	t.Parallel()
	s := newSite(t, session.Options{LocalBytes: 1 << 20, TouchInterval: time.Hour, IdleTimeout: 3 * time.Hour}, session.HTTPOptions{})
	token, _ := s.login(t, 1)
	// On a busy machine the local tier may have to look at Redis now and then.
	for deadline := time.Now().Add(30 * time.Second); ; {
		before := s.client.commands.Load()
		for range 10 {
			wantAnswer(t, s.do(t, "GET", "Authorization", "Bearer "+token), 200, "1 Max")
		}
		if s.client.commands.Load() == before {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never ten requests without a command: %+v", s.Stats())
		}
	}
}

func TestPassiveRequestsLetASessionEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, session.Options{IdleTimeout: time.Hour, TouchInterval: -1},
		session.HTTPOptions{Passive: func(*http.Request) bool { return true }})
	token, v := s.login(t, 1)
	for range 5 { // 50 of 60 minutes
		s.age(t, v, 10*time.Minute)
		wantAnswer(t, s.do(t, "GET", "Authorization", "Bearer "+token), 200, "1 Max")
	}
	if ttl := s.ttl(t, v); ttl > 10*time.Minute {
		t.Errorf("it lives for another %v", ttl)
	}
}

// The session ends between the two steps. Passive is called there.
func TestASessionThatEndsBeforeItIsRenewedLetsNobodyIn(t *testing.T) {
	t.Parallel()
	var s *site
	var token string
	s = newSite(t, session.Options{TouchInterval: -1}, session.HTTPOptions{Passive: func(r *http.Request) bool {
		if err := s.Revoke(r.Context(), token); err != nil {
			t.Error(err)
		}
		return false
	}})
	token, _ = s.login(t, 1)
	if w := s.do(t, "GET", "Authorization", "Bearer "+token); w.Code != 401 || s.served.Load() != 0 {
		t.Errorf("status %d, served %d", w.Code, s.served.Load())
	}
}

// A rotation's answer may arrive before that of an older request. If that one took
// away the cookie, it would be the new one.
func TestAnOldTokenLeavesTheCookieAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, session.Options{}, session.HTTPOptions{})
	old, _ := s.login(t, 1)
	token, _, err := s.Rotate(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	w := s.do(t, "GET", "Cookie", "__Host-session="+old)
	if w.Code != 401 || len(w.Header()["Set-Cookie"]) != 0 {
		t.Errorf("status %d, %q", w.Code, w.Header()["Set-Cookie"])
	}
	wantAnswer(t, s.do(t, "GET", "Cookie", "__Host-session="+token), 200, "1 Max")
}
