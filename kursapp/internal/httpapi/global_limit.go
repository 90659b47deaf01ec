package httpapi

import "net/http"

// guardAll charges every request but those for /health under the global limit, where
// that is on, before any route looks at it. Only the checks of host and origin come
// first: they cost next to nothing, and a page of a listed origin can read the refusal.
// Probes must not be refused because somebody floods the server.
func guardAll(next http.Handler, limits Limits) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if limits.GlobalOn() && r.URL.Path != "/health" {
			if err := limits.Global(r.Context(), clientOf(r)); err != nil {
				fail(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// clientOf names the client of a request for the rate limits, outside of huma's
// handlers.
func clientOf(r *http.Request) string { return (&exchange{r: r}).client() }
