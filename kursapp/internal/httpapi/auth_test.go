package httpapi

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestBearer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lines []string
		token string
		ok    bool
	}{
		{nil, "", false},
		{[]string{""}, "", false},
		{[]string{"Bearer"}, "", false},
		{[]string{"Bearer "}, "", false},
		{[]string{"Bearer abc"}, "abc", true},
		{[]string{"bearer abc"}, "abc", true},
		{[]string{"BEARER abc"}, "abc", true},
		{[]string{"  Bearer   abc  "}, "abc", true},
		{[]string{"Bearer abc def"}, "", false},
		{[]string{"Bearer abc, Bearer def"}, "", false},
		{[]string{"Bearer abc,def"}, "", false},
		{[]string{"Bearer\tabc"}, "", false},
		{[]string{"Bearerabc"}, "", false},
		{[]string{"Basic abc"}, "", false},
		{[]string{"abc"}, "", false},
		{[]string{"Bearer abc", "Bearer abc"}, "", false},
		{[]string{"Bearer üñï"}, "üñï", true},
	} {
		token, ok := bearer(http.Header{"Authorization": tt.lines})
		if token != tt.token || ok != tt.ok {
			t.Errorf("bearer(%q) = %q, %v, want %q, %v", tt.lines, token, ok, tt.token, tt.ok)
		}
	}
}

func FuzzBearer(f *testing.F) {
	for _, seed := range []string{"", "Bearer abc", "bearer  abc ", "Bearer a b", "Basic x", "Bearer ,", "Bearer\x00a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		token, ok := bearer(http.Header{"Authorization": {value}})
		if !ok {
			if token != "" {
				t.Errorf("a refused header %q has the token %q", value, token)
			}
			return
		}
		if token == "" || strings.ContainsAny(token, " \t,") || !strings.Contains(value, token) {
			t.Errorf("bearer(%q) = %q", value, token)
		}
		if again, ok := bearer(http.Header{"Authorization": {"Bearer " + token}}); !ok || again != token {
			t.Errorf("the token %q of %q is not one of its own: %q, %v", token, value, again, ok)
		}
	})
}

// TestProductionChecksWhoAsksFirst goes through every users route with every
// kind of client. What is wrong with the rest of the request must not show
// before it is clear that the client may.
func TestProductionChecksWhoAsksFirst(t *testing.T) {
	t.Parallel()
	type want struct{ anonymous, stranger, self, admin int }
	s := newSite(t, Production)
	for _, tt := range []struct {
		method, target, body string
		want                 want
	}{
		{"GET", "/users/2", "", want{401, 0, 200, 200}},
		{"GET", "/users/1", "", want{401, 403, 0, 200}},
		{"GET", "/users/77", "", want{401, 403, 0, 404}},
		{"GET", "/users/abc", "", want{401, 422, 422, 422}},
		{"HEAD", "/users/1", "", want{401, 403, 0, 200}},
		{"GET", "/users", "", want{401, 403, 403, 200}},
		{"GET", "/users?limit=x&cursor=%", "", want{401, 403, 403, 422}},
		{"PUT", "/users/2", `{"name":"N","email":"n@example.com"}`, want{401, 0, 200, 200}},
		{"PUT", "/users/1", `{"name":"N","email":"n@example.com"}`, want{401, 403, 0, 200}},
		{"PUT", "/users/1", `{"name":`, want{401, 403, 0, 422}},
		{"PUT", "/users/1", "", want{401, 403, 0, 422}},
		{"PUT", "/users/x", `{`, want{401, 422, 422, 422}},
		{"DELETE", "/users/2", "", want{401, 0, 200, 200}},
		{"DELETE", "/users/1", "", want{401, 403, 0, 200}},
		{"DELETE", "/users/x", "", want{401, 422, 422, 422}},
		{"POST", "/users", `{"name":"N","email":"n@example.com","password":"lang genug"}`, want{201, 201, 201, 201}},
	} {
		for _, client := range []struct {
			name, auth string
			status     int
		}{
			{"nobody", "", tt.want.anonymous},
			{"user 2 as a stranger", "Bearer " + userToken, tt.want.stranger},
			{"user 2 itself", "Bearer " + userToken, tt.want.self},
			{"an administrator", asAdmin, tt.want.admin},
		} {
			if client.status == 0 {
				continue // user 2 is either the stranger or itself
			}
			t.Run(tt.method+" "+tt.target+" by "+client.name, func(t *testing.T) {
				t.Parallel()
				var headers []string
				if client.auth != "" {
					headers = []string{"Authorization", client.auth}
				}
				w := s.do(t, tt.method, tt.target, tt.body, headers...)
				if w.Code != client.status {
					t.Errorf("status %d, want %d: %s", w.Code, client.status, w.Body)
				}
				if tt.method != http.MethodHead && w.Code >= 400 {
					problem(t, w)
				}
			})
		}
	}
}

func TestDemoLeavesUsersRoutesOpen(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	for _, tt := range []call{
		{"GET", "/users/1", "", nil},
		{"GET", "/users", "", nil},
		{"PUT", "/users/1", `{"name":"N","email":"n@example.com"}`, nil},
		{"DELETE", "/users/1", "", nil},
		{"GET", "/users/1", "", []string{"Authorization", "Bearer unknown"}},
	} {
		if w := s.do(t, tt.method, tt.target, tt.body, tt.headers...); w.Code != http.StatusOK {
			t.Errorf("%s %s: status %d, %s", tt.method, tt.target, w.Code, w.Body)
		}
	}
}

// slowBody is a body during whose arrival something happens.
type slowBody struct {
	io.Reader
	during func()
}

func (b *slowBody) Read(p []byte) (int, error) {
	b.during()
	return b.Reader.Read(p)
}

// A thief keeps a request open whose headers were sent before the logout, and sends the
// body after it.
func TestSessionThatEndsBeforeTheBodyIsThereChangesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ method, target, body string }{
		{"PUT", "/users/2", `{"name":"N","email":"n@example.com"}`},
		{"PUT", "/profile/password", changeBody},
	} {
		s := newSite(t, Production)
		ended := false
		s.accounts.authenticate = func(context.Context, string) (kurs.Actor, error) {
			if ended {
				return kurs.Actor{}, kurs.ErrSessionInvalid
			}
			return kurs.Actor{UserID: 2, Role: kurs.RoleUser}, nil
		}
		s.accounts.change = func(context.Context, kurs.Actor, kurs.PasswordChange) (kurs.LoginResult, error) {
			t.Errorf("%s: changed", c.target)
			return kurs.LoginResult{}, nil
		}
		s.users.update = func(context.Context, kurs.Actor, int64, string, string) (kurs.User, error) {
			t.Errorf("%s: changed", c.target)
			return kurs.User{}, nil
		}
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.target, &slowBody{strings.NewReader(c.body), func() { ended = true }})
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+userToken)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if !ended || w.Code != http.StatusUnauthorized {
			t.Errorf("%s: status %d, ended %v", c.target, w.Code, ended)
		}
	}
}

func TestCookieAuthenticates(t *testing.T) {
	t.Parallel()
	sites := map[Mode]*site{Production: newSite(t, Production), Demo: newSite(t, Demo)}
	for _, tt := range []struct {
		name    string
		mode    Mode
		target  string
		headers []string
		status  int
	}{
		{"production", Production, "/profile", []string{"Cookie", "__Host-kursapp_session=" + adminToken}, 200},
		{"production on a users route", Production, "/users/1", []string{"Cookie", "__Host-kursapp_session=" + adminToken}, 200},
		{"production ignores the demo's name", Production, "/profile", []string{"Cookie", "kursapp_session=" + adminToken}, 401},
		{"demo", Demo, "/profile", []string{"Cookie", "kursapp_session=" + adminToken}, 200},
		{"unknown token", Production, "/profile", []string{"Cookie", "__Host-kursapp_session=x"}, 401},
		{"empty", Production, "/profile", []string{"Cookie", "__Host-kursapp_session="}, 401},
		{"a malformed header is not made good", Production, "/profile", []string{"Cookie", "__Host-kursapp_session=" + adminToken, "Authorization", "Basic x"}, 401},
		{"the header counts", Production, "/profile", []string{"Cookie", "__Host-kursapp_session=x", "Authorization", asAdmin}, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if w := sites[tt.mode].do(t, "GET", tt.target, "", tt.headers...); w.Code != tt.status {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
		})
	}
}

func TestLogoutIgnoresTheCookie(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	w := s.do(t, "POST", "/logout", "", "Cookie", "__Host-kursapp_session="+adminToken)
	if w.Code != http.StatusUnauthorized || len(s.accounts.ended()) != 0 {
		t.Errorf("status %d, ended %q", w.Code, s.accounts.ended())
	}
}
