package ratelimit_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/ratelimit"
)

// quietWriter is a ResponseWriter that keeps its header map.
type quietWriter struct{ header http.Header }

func (q *quietWriter) Header() http.Header         { return q.header }
func (q *quietWriter) Write(b []byte) (int, error) { return len(b), nil }
func (q *quietWriter) WriteHeader(int)             {}

// BenchmarkMiddleware is what an admitted and a refused request cost, Redis included.
func BenchmarkMiddleware(b *testing.B) {
	for name, limit := range map[string]int64{"admits": ratelimit.MaxLimit, "refuses": 1} {
		b.Run(name, func(b *testing.B) {
			rule := ratelimit.Rule{Name: "bench", Limit: limit, Window: time.Hour}
			h := newBed(b).Middleware(ratelimit.HTTPOptions{Rules: []ratelimit.Rule{rule}})(http.NotFoundHandler())
			r := from("192.0.2.1:1").WithContext(b.Context())
			w := &quietWriter{http.Header{}}
			h.ServeHTTP(w, r)
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}

func BenchmarkClientAddr(b *testing.B) {
	for name, tt := range map[string]struct {
		p ratelimit.Proxies
		r *http.Request
	}{
		"direct":          {trusted, from("192.0.2.1:1")},
		"X-Forwarded-For": {trusted, from(proxy, "X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.0.0.2")},
		"Forwarded":       {trusted.Forwarded(), from(proxy, `Forwarded: for=203.0.113.9, for=192.0.2.1;proto=https, for=10.0.0.2`)},
		"endless":         {trusted, from(proxy, "X-Forwarded-For: "+strings.Repeat("10.0.0.1,", 100_000))},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tt.p.ClientAddr(tt.r)
			}
		})
	}
}
