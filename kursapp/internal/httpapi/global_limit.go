package httpapi

import "net/http"

// guardAll charges every request but those for /health under the global limit, where
// that is on, before any route looks at it. Only the checks of host and origin come
// first: they cost next to nothing, and a page of a listed origin can read the refusal.
// Probes must not be refused because somebody floods the server.
func (a *api) guardAll(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.Limits.GlobalOn() && r.URL.Path != "/health" {
			if err := a.Limits.Global(r.Context(), clientOf(r, a.proxies)); err != nil {
				fail(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
