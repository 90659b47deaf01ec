package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// lines decodes the log.
func (l *logBuffer) lines(tb testing.TB) []map[string]any {
	tb.Helper()
	var lines []map[string]any
	for line := range strings.Lines(l.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			tb.Fatalf("log line %s: %v", line, err)
		}
		lines = append(lines, m)
	}
	return lines
}

func TestPanicIsA500WithTheRequestID(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/users/1", "/api/data"} { // a plain handler and one of huma's
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Demo)
			s.users.get = func(context.Context, int64) (cache.Entry[kurs.User], error) { panic("s3cret state") }
			s.limits.data = func(context.Context, string) (ratelimit.Result, error) { panic("s3cret state") }
			w := s.do(t, "GET", target, "", "X-Request-Id", "my-id-1")
			p := problem(t, w)
			if w.Code != 500 || p.Detail != "Interner Fehler. Nenne bei Rückfragen die Kennung my-id-1." || w.Header().Get("X-Request-Id") != "my-id-1" {
				t.Errorf("status %d, id %q, detail %q", w.Code, w.Header().Get("X-Request-Id"), p.Detail)
			}
			if strings.Contains(w.Body.String(), "s3cret") {
				t.Errorf("body %s", w.Body)
			}
			line := s.log.lines(t)[0]
			if line["msg"] != "panic in a handler" || line["level"] != "ERROR" || line["request_id"] != "my-id-1" || line["panic"] != "s3cret state" {
				t.Errorf("log line %v", line)
			}
			if stack, _ := line["stack"].(string); !strings.Contains(stack, "front_test.go") {
				t.Errorf("stack %q", stack)
			}
			if w := s.do(t, "GET", "/health", ""); w.Code != 200 {
				t.Errorf("after a panic /health is %d", w.Code)
			}
		})
	}
}

// TestPanicInTheMiddleOfAnAnswerCutsTheConnection: half an answer must not
// look like a whole one.
func TestPanicInTheMiddleOfAnAnswerCutsTheConnection(t *testing.T) {
	t.Parallel()
	logged := &logBuffer{}
	server := httptest.NewServer(newFront(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"half":`))
		panic(errors.New("boom"))
	}), slog.New(slog.NewJSONHandler(logged, nil))))
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := server.Client().Do(r)
	if err == nil {
		var b bytes.Buffer
		_, err = b.ReadFrom(w.Body)
		_ = w.Body.Close()
		if err == nil {
			t.Errorf("got %d %q without an error", w.StatusCode, b.String())
		}
	}
	if !strings.Contains(logged.String(), "boom") {
		t.Errorf("log %s", logged)
	}
}

func TestAbortIsNoPanic(t *testing.T) {
	t.Parallel()
	logged := &logBuffer{}
	f := newFront(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		slog.New(slog.NewJSONHandler(logged, nil)))
	defer func() {
		if v := recover(); v != http.ErrAbortHandler { //nolint:errorlint // net/http compares it with ==
			t.Errorf("recovered %v", v)
		}
		if logged.String() != "" {
			t.Errorf("log %s", logged)
		}
	}()
	f.ServeHTTP(httptest.NewRecorder(), call{method: "GET", target: "/"}.request(t))
}

func TestUnexpectedErrorGoesToTheLogAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	s.users.get = func(context.Context, int64) (cache.Entry[kurs.User], error) {
		return cache.Entry[kurs.User]{}, errors.New("password of the database is wrong")
	}
	s.users.page = func(context.Context, int64, int) (cache.Entry[kurs.UserPage], error) {
		return cache.Entry[kurs.UserPage]{}, errors.New("password of the database is wrong")
	}
	for _, target := range []string{"/users/1", "/users"} {
		w := s.do(t, "GET", target, "")
		if p := problem(t, w); w.Code != 500 || strings.Contains(p.Detail, "database") {
			t.Errorf("%s: %d %q", target, w.Code, p.Detail)
		}
	}
	for _, line := range s.log.lines(t) {
		if line["level"] != "ERROR" || line["error"] != "password of the database is wrong" || line["request_id"] == "" {
			t.Errorf("log line %v", line)
		}
	}
}

func TestDeadlineIs503(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	s.users.get = func(context.Context, int64) (cache.Entry[kurs.User], error) {
		return cache.Entry[kurs.User]{}, fmt.Errorf("read: %w", context.DeadlineExceeded)
	}
	w := s.do(t, "GET", "/users/1", "")
	if problem(t, w); w.Code != 503 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("status %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	s.do(t, "POST", "/login?email=max@example.com&password=test123", "")
	s.do(t, "GET", "/users/1?password=test123", "")
	s.accounts.login = func(context.Context, kurs.Login) (kurs.LoginResult, error) {
		return kurs.LoginResult{}, &kurs.Error{Code: kurs.CodeUnavailable, Err: errors.New("connection refused")}
	}
	s.do(t, "POST", "/login", `{"email":"max@example.com","password":"test123"}`)
	lines := s.log.lines(t)
	if len(lines) != 4 {
		t.Fatalf("log %s", s.log)
	}
	for i, want := range []map[string]any{
		{"level": "WARN", "msg": "login with the password in the URL: only the demo accepts that; send a JSON body instead"},
		{"level": "DEBUG", "msg": "request", "method": "POST", "path": "/login", "status": 200.0},
		{"level": "DEBUG", "msg": "request", "method": "GET", "path": "/users/1", "status": 200.0, "bytes": 47.0},
		{"level": "WARN", "msg": "request", "method": "POST", "path": "/login", "status": 503.0, "error": "kurs: unavailable: connection refused"},
	} {
		for k, v := range want {
			if lines[i][k] != v {
				t.Errorf("line %d: %s is %v, want %v", i, k, lines[i][k], v)
			}
		}
	}
	for _, secret := range []string{"test123", adminToken, "max@example.com"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %q: %s", secret, s.log)
		}
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	for _, tt := range []struct {
		given string
		kept  bool
	}{
		{"abc-DEF_1.2", true},
		{strings.Repeat("x", 64), true},
		{strings.Repeat("x", 65), false},
		{"", false},
		{"a b", false},
		{"a\x1b[31m", false},
		{`"quoted"`, false},
		{"ü", false},
	} {
		got := s.do(t, "GET", "/health", "", "X-Request-Id", tt.given).Header().Get("X-Request-Id")
		if kept := got != "" && got == tt.given; kept != tt.kept || got != "" && !kept {
			t.Errorf("given %q, got %q", tt.given, got)
		}
	}
	seen := map[string]bool{}
	for range 1000 {
		id := s.do(t, "GET", "/nothing", "").Header().Get("X-Request-Id")
		if seen[id] || !harmlessID(id) {
			t.Fatalf("the id %q came twice, or does harm", id)
		}
		seen[id] = true
	}
	if got := s.do(t, "GET", "/health", "", "X-Request-Id", "a", "X-Request-Id", "b").Header().Get("X-Request-Id"); got != "" {
		t.Errorf("one of two ids was taken: %s", got)
	}
}

// TestEveryAnswerHasTheCommonHeaders asks for a success and an error of every
// kind, also those that no handler of this package writes.
func TestEveryAnswerHasTheCommonHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo, func(_ *Deps, c *Config) { c.CORSOrigins = []string{"https://front.example"} })
	for _, c := range []call{
		{"GET", "/health", "", nil},
		{"GET", "/users/1", "", nil},
		{"GET", "/users/1", "", []string{"If-None-Match", "*"}},
		{"GET", "/users/x", "", nil},
		{"GET", "/nothing", "", nil},
		{"PATCH", "/users/1", "", nil},
		{"GET", "/users//1", "", nil}, // a redirect
		{"GET", "/docs", "", nil},
		{"GET", "/docs/", "", nil},
		{"GET", "/docs/swagger-ui.css", "", nil},
		{"GET", "/", "", nil},
		{"GET", "/password-reset", "", nil},
		{"GET", "/pages/code.js", "", nil},
		{"GET", "/openapi.yaml", "", nil},
		{"POST", "/login", "{", nil},
		{"GET", "/health", "", []string{"Host", "evil.example"}},
		{"POST", "/logout", "", []string{"Origin", "https://evil.example"}},
		{"OPTIONS", "/users", "", []string{"Origin", "https://front.example", "Access-Control-Request-Method", "POST"}},
	} {
		w := s.do(t, c.method, c.target, c.body, c.headers...)
		for name, want := range map[string]string{
			"X-Content-Type-Options":       "nosniff",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := w.Header().Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s %s (%d): %s is %q", c.method, c.target, w.Code, name, got)
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none';") {
			t.Errorf("%s %s: Content-Security-Policy %q", c.method, c.target, csp)
		}
		if failed := w.Code >= 400; (w.Header().Get("X-Request-Id") != "") != failed || w.Header().Get("Cache-Control") == "" {
			t.Errorf("%s %s: headers %v", c.method, c.target, w.Header())
		}
		if w.Header().Get("Strict-Transport-Security") != "" {
			t.Errorf("%s %s: HSTS over plain HTTP", c.method, c.target)
		}
	}
}

// TestAnswersDoNotShareHeaders writes into the headers of one answer and looks
// at those of the next.
func TestAnswersDoNotShareHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	h := s.do(t, "GET", "/users/1", "").Header()
	for name := range h {
		h.Add(name, "spoiled")
	}
	for name, values := range s.do(t, "GET", "/users/1", "").Header() {
		if len(values) != 1 || values[0] == "spoiled" {
			t.Errorf("%s is %q", name, values)
		}
	}
}

func TestMethodNotAllowed(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	for _, tt := range []struct{ method, target, allow string }{
		{"POST", "/users/1", "DELETE, GET, HEAD, PUT"},
		{"DELETE", "/users", "GET, HEAD, POST"},
		{"GET", "/login", "POST"},
		{"GET", "/logout", "POST"},
		{"POST", "/profile", "GET, HEAD"},
		{"POST", "/health", "GET, HEAD"},
		{"POST", "/", "GET, HEAD"},
		{"POST", "/password-reset", "GET, HEAD"},
		{"OPTIONS", "/users", "GET, HEAD, POST"},
		{"BREW", "/api/data", "GET, HEAD"},
	} {
		w := s.do(t, tt.method, tt.target, "")
		if p := problem(t, w); w.Code != 405 || w.Header().Get("Allow") != tt.allow || p.Detail != "Diese Methode ist hier nicht erlaubt" {
			t.Errorf("%s %s: %d, Allow %q, %s", tt.method, tt.target, w.Code, w.Header().Get("Allow"), w.Body)
		}
	}
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	for _, target := range []string{"/x", "/users/", "/users/1/", "/users/1/more", "/Users/1", "/openapi", "/openapi-3.0.json", "/schemas/User.json", "/docs/nothing.js", "/pages/code.html", "/pages/", "/password-reset/", "/docs/swagger-ui.js", "/favicon.ico", "/.env"} {
		if w := s.do(t, "GET", target, "", "Authorization", asAdmin); w.Code != 404 {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		} else {
			problem(t, w)
		}
	}
}

func TestDemoRoutesExistInTheDemoAlone(t *testing.T) {
	t.Parallel()
	if w := newSite(t, Demo).do(t, "GET", "/demo/mails", ""); w.Code != 200 ||
		body(w) != `{"mails":[{"to":"max@example.com","subject":"Willkommen!","body":"Hallo","received_at":"2025-11-22T12:00:00Z"}]}` {
		t.Errorf("demo: %d %s", w.Code, w.Body)
	}
	empty := newSite(t, Demo, func(d *Deps, _ *Config) { d.Mailbox = fakeMailbox(nil) })
	if w := empty.do(t, "GET", "/demo/mails", ""); body(w) != `{"mails":[]}` {
		t.Errorf("an empty mailbox: %s", w.Body)
	}
	for _, target := range []string{"/demo/mails", "/demo", "/demo/"} {
		w := newSite(t, Production).do(t, "GET", target, "", "Authorization", asAdmin)
		if problem(t, w); w.Code != 404 {
			t.Errorf("production %s: %d", target, w.Code)
		}
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	full := Deps{Users: &fakeUsers{}, Accounts: &fakeAccounts{}, Sessions: tokens(), Limits: &fakeLimits{}, Queues: &fakeQueues{}, RedisHealthy: func() bool { return true }}
	if _, err := New(full, Config{}); err != nil {
		t.Errorf("with the least there must be: %v", err)
	}
	for name, spoil := range map[string]func(*Deps){
		"Users":        func(d *Deps) { d.Users = nil },
		"Accounts":     func(d *Deps) { d.Accounts = nil },
		"Queues":       func(d *Deps) { d.Queues = nil },
		"Limits":       func(d *Deps) { d.Limits = nil },
		"RedisHealthy": func(d *Deps) { d.RedisHealthy = nil },
	} {
		d := full
		spoil(&d)
		if _, err := New(d, Config{}); err == nil {
			t.Errorf("no error without %s", name)
		}
	}
	for _, origin := range []string{"*", "", "null", "example.com", "https://*.example.com", "https://example.com/", "https://example.com/path", "ftp://example.com", "https://user@example.com", "https://"} {
		if _, err := New(full, Config{CORSOrigins: []string{origin}}); err == nil {
			t.Errorf("no error for the origin %q", origin)
		}
	}
}
