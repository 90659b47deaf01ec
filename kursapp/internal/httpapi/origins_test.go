package httpapi

import (
	"net/http"
	"strings"
	"testing"
)

func TestHostGuard(t *testing.T) {
	t.Parallel()
	demo, production := newSite(t, Demo), newSite(t, Production)
	for _, tt := range []struct {
		host string
		ok   bool
	}{
		{"localhost", true},
		{"localhost:8000", true},
		{"LOCALHOST:8000", true},
		{"localhost.:8000", true},
		{"kurs.localhost:8000", true},
		{"127.0.0.1", true},
		{"127.0.0.1:8000", true},
		{"127.255.255.254:1", true},
		{"[::1]", true},
		{"[::1]:8000", true},
		{"[::ffff:127.0.0.1]:8000", true},

		{"evil.example", false},
		{"evil.example:8000", false},
		{"localhost.evil.example", false},
		{"127.0.0.1.evil.example", false},
		{"127.0.0.1.nip.io:8000", false},
		{"evillocalhost", false},
		{"localhost@evil.example", false},
		{"128.0.0.1", false},
		{"10.0.0.1:8000", false},
		{"192.168.0.1", false},
		{"0.0.0.0:8000", false},
		{"[::]:8000", false},
		{"[fe80::1%25lo]", false},
		{"[::1%lo]", false},
		{"[::ffff:10.0.0.1]", false},
		{"2130706433", false},
		{"0x7f000001", false},
		{"127.1", false},
		{"", false},
		{":8000", false},
	} {
		w := demo.do(t, "GET", "/health", "", "Host", tt.host)
		if ok := w.Code == http.StatusOK; ok != tt.ok {
			t.Errorf("the demo as %q: status %d", tt.host, w.Code)
		}
		if !tt.ok {
			if p := problem(t, w); w.Code != http.StatusMisdirectedRequest || !strings.Contains(p.Detail, "Loopback") {
				t.Errorf("the demo as %q: %d %s", tt.host, w.Code, p.Detail)
			}
		}
		if w := production.do(t, "GET", "/health", "", "Host", tt.host); w.Code != http.StatusOK {
			t.Errorf("production as %q: status %d", tt.host, w.Code)
		}
	}
}

func TestCrossOriginChangesAreRefused(t *testing.T) {
	t.Parallel()
	const front = "https://front.example"
	for _, mode := range []Mode{Demo, Production} {
		s := newSite(t, mode, func(_ *Deps, c *Config) { c.CORSOrigins = []string{"https://Front.example"} })
		for _, tt := range []struct {
			name    string
			method  string
			target  string
			headers []string
			ok      bool
		}{
			{"no browser", "POST", "/logout", nil, true},
			{"same origin", "POST", "/logout", []string{"Sec-Fetch-Site", "same-origin"}, true},
			{"same origin of an old browser", "POST", "/logout", []string{"Origin", "http://localhost:8000"}, true},
			{"listed origin", "POST", "/logout", []string{"Origin", front, "Sec-Fetch-Site", "cross-site"}, true},
			{"listed origin on another port", "POST", "/logout", []string{"Origin", front + ":444", "Sec-Fetch-Site", "cross-site"}, false},
			{"foreign site", "POST", "/logout", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, false},
			{"foreign site in an old browser", "POST", "/logout", []string{"Origin", "https://evil.example"}, false},
			{"another server on this machine", "POST", "/logout", []string{"Origin", "http://localhost:9999", "Sec-Fetch-Site", "same-site"}, false},
			{"opaque origin", "POST", "/logout", []string{"Origin", "null", "Sec-Fetch-Site", "cross-site"}, false},
			{"login", "POST", "/login?email=max@example.com&password=test123", []string{"Origin", "https://evil.example"}, false},
			{"web login", "POST", "/web/login", []string{"Origin", "https://evil.example"}, false},
			{"delete", "DELETE", "/users/1", []string{"Origin", "https://evil.example"}, false},
			{"put", "PUT", "/users/1", []string{"Origin", "https://evil.example"}, false},
			{"reading", "GET", "/health", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, true},
		} {
			w := s.do(t, tt.method, tt.target, "", append(tt.headers, "Authorization", asAdmin)...)
			if ok := w.Code == http.StatusOK; ok != tt.ok {
				t.Errorf("%s: status %d %s", tt.name, w.Code, w.Body)
			}
			if !tt.ok {
				if p := problem(t, w); w.Code != http.StatusForbidden || !strings.Contains(p.Detail, "KURSAPP_CORS_ORIGINS") {
					t.Errorf("%s: %d %s", tt.name, w.Code, p.Detail)
				}
			}
		}
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	const front, other = "https://front.example", "https://other.example"
	s := newSite(t, Production, func(_ *Deps, c *Config) { c.CORSOrigins = []string{front, "http://localhost:5173"} })
	preflight := func(origin string) http.Header {
		w := s.do(t, "OPTIONS", "/users/1", "", "Origin", origin,
			"Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "authorization,content-type")
		if w.Code != http.StatusNoContent || w.Body.Len() != 0 {
			t.Errorf("preflight of %s: %d %s", origin, w.Code, w.Body)
		}
		return w.Header()
	}
	h := preflight(front)
	if h.Get("Access-Control-Allow-Origin") != front || h.Get("Access-Control-Allow-Methods") != "PUT" ||
		h.Get("Access-Control-Allow-Headers") != "authorization,content-type" || h.Get("Access-Control-Max-Age") != "600" {
		t.Errorf("preflight: %v", h)
	}
	if h := preflight(other); h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("preflight of another origin: %v", h)
	}

	w := s.do(t, "GET", "/users/1", "", "Origin", front, "Authorization", asAdmin)
	h = w.Header()
	if h.Get("Access-Control-Allow-Origin") != front || h.Get("Access-Control-Allow-Credentials") != "" || !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
		t.Errorf("a listed origin: %v", h)
	}
	exposed := h.Get("Access-Control-Expose-Headers")
	for _, name := range []string{"Cache-Status", "Server-Timing", "Etag", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-Id"} {
		if !strings.Contains(strings.ToLower(exposed), strings.ToLower(name)) {
			t.Errorf("%s is not exposed: %s", name, exposed)
		}
	}
	if w := s.do(t, "GET", "/users/1", "", "Origin", front); w.Code != 401 || w.Header().Get("Access-Control-Allow-Origin") != front {
		t.Errorf("a front end cannot read an error: %d %v", w.Code, w.Header())
	}
	if w := s.do(t, "GET", "/users/1", "", "Origin", other, "Authorization", asAdmin); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin: %v", w.Header())
	}
	if w := newSite(t, Production).do(t, "GET", "/users/1", "", "Origin", front, "Authorization", asAdmin); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without a list: %v", w.Header())
	}
}
