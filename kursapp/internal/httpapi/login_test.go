package httpapi

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestQueryLoginInTheDemo(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	for _, tt := range []struct {
		target, body string
		status       int
		want         string
	}{
		{"/login?email=max@example.com&password=test123", "", 200, `{"token":"token-of-max-an-administrator-0000","message":"Eingeloggt!"}`},
		{"/login?email=max%40example.com&password=test123", `{"email":"ignored"}`, 200, `{"token":"token-of-max-an-administrator-0000","message":"Eingeloggt!"}`},
		{"/login?email=max@example.com&password=falsch", "", 401, `"detail":"Ungültige Anmeldedaten"`},
		{"/login?email=max@example.com", "", 422, `"detail":"Ungültige Eingabe: Feld „password“ fehlt."`},
		{"/login?password=test123", "", 422, `"detail":"Ungültige Eingabe: Feld „email“ fehlt."`},
	} {
		w := s.do(t, "POST", tt.target, tt.body)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: %d %s", tt.target, w.Code, w.Body)
		}
		if got := w.Header().Get("Deprecation"); got != "@1761955200" {
			t.Errorf("%s: Deprecation %q", tt.target, got)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control %q", tt.target, got)
		}
	}
	if got := strings.Count(s.log.String(), "login with the password in the URL"); got != 1 {
		t.Errorf("%d warnings", got)
	}
	w := s.do(t, "POST", "/login", `{"email":"max@example.com","password":"test123"}`)
	if w.Code != 200 || w.Header().Get("Deprecation") != "" {
		t.Errorf("a login as it should be: %d, Deprecation %q", w.Code, w.Header().Get("Deprecation"))
	}
}

func TestQueryLoginIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		mode  Mode
		path  string
		query string
	}{
		{"both", Production, "/login", "email=max@example.com&password=test123"},
		{"password alone", Production, "/login", "password=test123"},
		{"address alone", Production, "/login", "email=max@example.com"},
		{"other case", Production, "/login", "PassWord=test123"},
		{"encoded name", Production, "/login", "p%61ssword=test123"},
		{"malformed value", Production, "/login", "password=%zz"},
		{"semicolon", Production, "/login", "a=1;password=test123"},
		{"no value", Production, "/login", "password"},
		{"browser", Production, "/web/login", "email=max@example.com&password=test123"},
		{"browser in the demo", Demo, "/web/login", "email=max@example.com&password=test123"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, tt.mode)
			s.accounts.login = func(context.Context, kurs.Login) (kurs.LoginResult, error) {
				t.Error("the password was looked at")
				return kurs.LoginResult{}, nil
			}
			// The body is a login as it should be: it does not make good.
			w := s.do(t, "POST", tt.path+"?"+tt.query, `{"email":"max@example.com","password":"test123"}`)
			p := problem(t, w)
			if w.Code != http.StatusBadRequest || !strings.Contains(p.Detail, "URL") || w.Header().Get("Set-Cookie") != "" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	t.Run("another parameter is no password", func(t *testing.T) {
		t.Parallel()
		if w := newSite(t, Production).do(t, "POST", "/login?utm_source=mail", `{"email":"max@example.com","password":"test123"}`); w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

func TestLoginPassesOnWhoAsks(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	var got kurs.Login
	s.accounts.login = func(_ context.Context, l kurs.Login) (kurs.LoginResult, error) {
		got = l
		return kurs.LoginResult{Token: adminToken}, nil
	}
	s.do(t, "POST", "/login", `{"email":" Max@Example.com","password":" with spaces "}`, "User-Agent", "curl/8", "X-Forwarded-For", "10.9.9.9")
	want := kurs.Login{Email: " Max@Example.com", Password: " with spaces ", ClientPrefix: "127.0.0.1", UserAgent: "curl/8"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWebLoginSetsTheCookieAndHidesTheToken(t *testing.T) {
	t.Parallel()
	for mode, want := range map[Mode]string{
		Production: "__Host-kursapp_session=" + adminToken + "; Path=/; HttpOnly; Secure; SameSite=Lax",
		Demo:       "kursapp_session=" + adminToken + "; Path=/; HttpOnly; SameSite=Lax",
	} {
		w := newSite(t, mode).do(t, "POST", "/web/login", `{"email":"max@example.com","password":"test123"}`)
		if got := w.Header().Values("Set-Cookie"); len(got) != 1 || got[0] != want {
			t.Errorf("Set-Cookie %q, want %q", got, want)
		}
		if strings.Contains(w.Body.String(), adminToken) {
			t.Errorf("the body has the token: %s", w.Body)
		}
		if w := newSite(t, mode).do(t, "POST", "/web/login", `{"email":"max@example.com","password":"falsch"}`); w.Code != 401 || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("wrong password: %d, Set-Cookie %q", w.Code, w.Header().Get("Set-Cookie"))
		}
	}
}

// The browser keeps the cookie of a session that is remembered as long as that lives
// at most, and forgets any other when it is closed.
func TestRemember(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	var asked kurs.Login
	s.accounts.login = func(_ context.Context, l kurs.Login) (kurs.LoginResult, error) {
		asked = l
		return kurs.LoginResult{Token: adminToken, User: max1, Session: newSession(l.Remember)}, nil
	}
	for in, want := range map[string]struct {
		remember bool
		cookie   string
	}{
		`,"remember":true`:  {true, "__Host-kursapp_session=" + adminToken + "; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
		`,"remember":false`: {false, "__Host-kursapp_session=" + adminToken + "; Path=/; HttpOnly; Secure; SameSite=Lax"},
		``:                  {false, "__Host-kursapp_session=" + adminToken + "; Path=/; HttpOnly; Secure; SameSite=Lax"},
	} {
		body := `{"email":"max@example.com","password":"test123"` + in + `}`
		if w := s.do(t, "POST", "/web/login", body); w.Code != 200 || asked.Remember != want.remember || w.Header().Get("Set-Cookie") != want.cookie {
			t.Errorf("%s: %d, remember %v, Set-Cookie %q", body, w.Code, asked.Remember, w.Header().Get("Set-Cookie"))
		}
		if w := s.do(t, "POST", "/login", body); w.Code != 200 || asked.Remember != want.remember || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %d, remember %v, Set-Cookie %q", body, w.Code, asked.Remember, w.Header().Get("Set-Cookie"))
		}
	}
	if w := s.do(t, "POST", "/login", `{"email":"max@example.com","password":"test123","remember":"yes"}`); w.Code != 422 {
		t.Errorf("remember as a string: %d %s", w.Code, w.Body)
	}
}

// A cookie that a page of another origin makes a browser send counts for nothing.
func TestCookieOfAForeignPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production, func(_ *Deps, c *Config) { c.CORSOrigins = []string{"https://app.example.com"} })
	for _, origin := range []string{"https://evil.example.com", "https://app.example.com"} {
		w := s.do(t, "DELETE", "/sessions", "", "Cookie", "__Host-kursapp_session="+adminToken, "Origin", origin, "Sec-Fetch-Site", "cross-site")
		if w.Code != http.StatusForbidden {
			t.Errorf("%s: %d %s", origin, w.Code, w.Body)
		}
	}
	w := s.do(t, "DELETE", "/sessions", "", "Authorization", asAdmin, "Origin", "https://app.example.com", "Sec-Fetch-Site", "cross-site")
	if w.Code != http.StatusOK {
		t.Errorf("a listed origin with a Bearer token: %d %s", w.Code, w.Body)
	}
}

// A browser that logs in again forgets its cookie. Its session must not stay for
// whoever kept a copy.
func TestWebLoginEndsTheSessionOfBefore(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	const in, out = `{"email":"max@example.com","password":"test123"}`, `{"email":"max@example.com","password":"falsch"}`
	if w := s.do(t, "POST", "/web/login", out, "Cookie", "__Host-kursapp_session=abc"); w.Code != 401 || len(s.accounts.ended()) != 0 {
		t.Errorf("wrong password: %d, ended %q", w.Code, s.accounts.ended())
	}
	w := s.do(t, "POST", "/web/login", in, "Cookie", "__Host-kursapp_session=abc; other=x")
	if got := s.accounts.ended(); w.Code != 200 || len(got) != 1 || got[0] != "abc" {
		t.Errorf("status %d, ended %q", w.Code, got)
	}
	s.accounts.logout = func(context.Context, string) error { return kurs.ErrUnavailable }
	w = s.do(t, "POST", "/web/login", in, "Cookie", "__Host-kursapp_session=abc")
	if got := w.Header().Values("Set-Cookie"); w.Code != 200 || len(got) != 1 || !strings.Contains(got[0], adminToken) {
		t.Errorf("without an end of the one before: %d, Set-Cookie %q", w.Code, got)
	}
}

// One request must not be hundreds of questions to Redis.
func TestManyCookiesAreFewLogouts(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	if w := s.do(t, "POST", "/web/logout", "", "Cookie", strings.Repeat("__Host-kursapp_session=abc; ", 500)); w.Code != 200 {
		t.Errorf("status %d", w.Code)
	}
	if got := len(s.accounts.ended()); got != 4 {
		t.Errorf("%d sessions were asked for, want 4", got)
	}
}

func TestWebLogout(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	const cleared = "__Host-kursapp_session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
	if w := s.do(t, "POST", "/web/logout", ""); w.Code != 200 || w.Header().Get("Set-Cookie") != cleared {
		t.Errorf("without a session: %d, Set-Cookie %q", w.Code, w.Header().Get("Set-Cookie"))
	}
	if w := s.do(t, "POST", "/web/logout", "", "Cookie", "__Host-kursapp_session=abc; other=x"); w.Code != 200 || w.Header().Get("Set-Cookie") != cleared {
		t.Errorf("with a session: %d, Set-Cookie %q", w.Code, w.Header().Get("Set-Cookie"))
	}
	if got := s.accounts.ended(); len(got) != 1 || got[0] != "abc" {
		t.Errorf("ended %q", got)
	}
	s.accounts.logout = func(context.Context, string) error { return kurs.ErrUnavailable }
	if w := s.do(t, "POST", "/web/logout", "", "Cookie", "__Host-kursapp_session=abc"); w.Code != 503 || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("without Redis: %d, Set-Cookie %q", w.Code, w.Header().Get("Set-Cookie"))
	}
}
