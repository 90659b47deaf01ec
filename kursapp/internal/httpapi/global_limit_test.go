package httpapi

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestTheGlobalLimitStandsBeforeEveryRouteButHealth(t *testing.T) {
	t.Parallel()
	for _, mode := range []Mode{Production, Demo} {
		s := newSite(t, mode)
		var client string
		s.limits.global = func(_ context.Context, c string) error {
			client = c
			return &kurs.Error{Code: kurs.CodeRateLimited, RetryAfter: 41500 * time.Millisecond}
		}
		for route, what := range routes {
			method, pattern, _ := strings.Cut(route, " ")
			client = ""
			w := s.do(t, method, strings.NewReplacer("{id}", "1", "{$}", "").Replace(pattern), what.body, "Authorization", asAdmin)
			if pattern == "/health" {
				if w.Code != 200 || client != "" {
					t.Errorf("mode %d: %s is limited: %d", mode, route, w.Code)
				}
				continue
			}
			if w.Code != 429 || client != "127.0.0.1" {
				t.Errorf("mode %d: %s by client %q has status %d", mode, route, client, w.Code)
				continue
			}
			if p := problem(t, w); p.Detail != "Zu viele Anfragen. Versuche es in 42 Sekunden erneut." || w.Header().Get("Retry-After") != "42" {
				t.Errorf("mode %d: %s: %+v, Retry-After %q", mode, route, p, w.Header().Get("Retry-After"))
			}
		}
		if w := s.do(t, "GET", "/nowhere", ""); w.Code != 429 {
			t.Errorf("mode %d: a route that there is not: %d", mode, w.Code)
		}
	}
}

func TestTheGlobalLimitLetsOthersPassAndSaysWhenItCannotDecide(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	s.limits.global = func(_ context.Context, client string) error {
		if client == "127.0.0.1" {
			return nil
		}
		return &kurs.Error{Code: kurs.CodeUnavailable, RetryAfter: time.Second}
	}
	if w := s.do(t, "GET", "/api/data", ""); w.Code != 200 {
		t.Errorf("an admitted request: %d", w.Code)
	}
	r := call{"GET", "/api/data", "", nil}.request(t)
	r.RemoteAddr = "@"
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("without a decision: %d", w.Code)
	}
}

// A page of a listed origin reads the refusal.
func TestTheGlobalLimitIsReadableForListedOrigins(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production, func(_ *Deps, c *Config) { c.CORSOrigins = []string{"https://app.example.com"} })
	s.limits.global = func(context.Context, string) error {
		return &kurs.Error{Code: kurs.CodeRateLimited, RetryAfter: time.Second}
	}
	w := s.do(t, "GET", "/api/data", "", "Origin", "https://app.example.com")
	if w.Code != 429 || w.Header().Get("Access-Control-Allow-Origin") != "https://app.example.com" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}
