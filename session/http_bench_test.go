package session_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/speedlayer/speedlayer/session"
)

// quiet is a ResponseWriter that keeps its header map.
type quiet struct{ header http.Header }

func (q *quiet) Header() http.Header         { return q.header }
func (q *quiet) Write(b []byte) (int, error) { return len(b), nil }
func (q *quiet) WriteHeader(int)             {}

// BenchmarkMiddleware is what a request with a hot session costs, beside the bare
// lookup.
func BenchmarkMiddleware(b *testing.B) {
	s := newSite(b, session.Options{LocalBytes: 1 << 20}, session.HTTPOptions{})
	token, _ := s.login(b, 1)
	h := s.web.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	b.Run("lookup", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Lookup(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, header := range [][2]string{{"Authorization", "Bearer " + token}, {"Cookie", "theme=dark; __Host-session=" + token}} {
		b.Run(header[0], func(b *testing.B) {
			r := request(b, "GET", header[0], header[1])
			w := &quiet{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}

func BenchmarkMiddlewareRefuses(b *testing.B) {
	s := newSite(b, session.Options{}, session.HTTPOptions{})
	h := s.web.Middleware(s)
	r := request(b, "GET")
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}
