package web

import (
	"net"
	"net/http"
	"time"

	"github.com/speedlayer/speedlayer/bench/limits"
)

// OnceADay is the rule of a contestant behind [LimitHandler]: that of kursapp, as it is
// measured, with a name of its own, because they share a Redis.
func OnceADay(id string) limits.Rule {
	return limits.Rule{Name: id, Limit: 1, Window: 24 * time.Hour}
}

// LimitHandler answers GET /api/data once to each client that the limiter knows by its
// address, and then refuses with the headers and the body of a. Without a limiter it
// refuses everybody.
func LimitHandler(limiter limits.Limiter, a Answer) http.Handler {
	s := &server{body: a.Body}
	for name, values := range a.Header {
		s.headers = append(s.headers, header{name, values})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+readyPath, func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET "+dataPath, func(w http.ResponseWriter, r *http.Request) {
		if limiter != nil {
			client, _, err := net.SplitHostPort(r.RemoteAddr)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			d, err := limiter.Take(r.Context(), client, 1)
			if err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
				return
			}
			if d.Allowed {
				return
			}
		}
		s.refuse(w)
	})
	return mux
}

func (s *server) refuse(w http.ResponseWriter) {
	h := w.Header()
	for i := range s.headers {
		h[s.headers[i].name] = s.headers[i].values
	}
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write([]byte(s.body)) // a client that is gone is nobody's error
}
