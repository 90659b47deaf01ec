package httpapi

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// What is remembered of a refusal must never answer another one: the seconds, the
// rule and the language are those of the request.
func TestARefusalIsThatOfTheRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	for _, c := range []struct {
		rule     string
		left     time.Duration
		language string
		want     string
	}{
		{"data", 42 * time.Second, "de", "Zu viele Anfragen. Versuche es in 42 Sekunden erneut."},
		{"data", 42 * time.Second, "en", "Too many requests. Try again in 42 seconds."},
		{"data", 41500 * time.Millisecond, "de", "Zu viele Anfragen. Versuche es in 42 Sekunden erneut."},
		{"data", 41 * time.Second, "de", "Zu viele Anfragen. Versuche es in 41 Sekunden erneut."},
		{"other", 41 * time.Second, "de", "Zu viele Anfragen. Versuche es in 41 Sekunden erneut."},
		{"other", 41 * time.Second, "en", "Too many requests. Try again in 41 seconds."},
	} {
		s.limits.data = func(context.Context, string) (ratelimit.Result, error) {
			return ratelimit.Result{Rule: c.rule, Limit: 10, RetryAfter: c.left, ResetAfter: c.left}, nil
		}
		for range 2 {
			w := s.do(t, "GET", "/api/data", "", "Accept-Language", c.language)
			var p Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if w.Code != 429 || p.Detail != c.want || !slices.Equal(p.ViolatedPolicies, []string{c.rule}) ||
				w.Header().Get("Content-Language") != c.language || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%+v: %d %s %v", c, w.Code, w.Body, w.Header())
			}
			if want := map[bool]string{true: "42", false: "41"}[c.left > 41*time.Second]; w.Header().Get("Retry-After") != want {
				t.Errorf("%+v: Retry-After %q", c, w.Header().Get("Retry-After"))
			}
		}
	}
}

// refused is /api/data for a client, r, whose requests are used up: the limiter has it in
// memory.
func refused(tb testing.TB, r *http.Request) http.Handler {
	tb.Helper()
	limiter := ratelimit.New(redistest.Start(tb).Client(tb), ratelimit.Options{})
	tb.Cleanup(limiter.Close)
	s := newSite(tb, Production, counts, func(d *Deps, c *Config) {
		c.Logger = slog.New(slog.DiscardHandler)
		d.Limits = kurs.NewLimits(limiter, kurs.NewPolicies(kurs.DefaultPolicy()), nil)
	})
	var w discard
	for deadline := time.Now().Add(time.Minute); limiter.Stats().Rules["data"].DeniedFromMemory == 0; {
		w.serve(s, r)
		if time.Now().After(deadline) {
			tb.Fatal("the refusal is not remembered")
		}
	}
	return s
}

// BenchmarkRefuseData compares a refusal from memory to a bare handler with the same
// body and the headers that never change.
func BenchmarkRefuseData(b *testing.B) {
	r := call{method: "GET", target: "/api/data"}.request(b)
	h := refused(b, r)
	var w discard
	w.serve(h, r)
	constant := w.sent.Clone()
	body := make([]byte, w.bytes)
	for _, bench := range []struct {
		name string
		h    http.Handler
	}{{"bare", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), constant)
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write(body)
	})}, {"kursapp", h}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w.serve(bench.h, r)
			}
			if w.status != http.StatusTooManyRequests {
				b.Errorf("status %d", w.status)
			}
		})
	}
}
