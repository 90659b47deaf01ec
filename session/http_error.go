package session

import (
	"errors"
	"fmt"
	"net/http"
)

// The challenges of a 401, which must have one (RFC 9110, section 11.6.1). Bearer
// demands a parameter. Browsers ignore schemes that they do not know, and ask
// nobody for a password.
const (
	bearerChallenge = `Bearer realm="session"` //nolint:gosec // G101: a challenge, no credentials
	cookieChallenge = `Cookie realm="session"`
)

// retryAfter is in seconds. A client that comes back finds out quickly: Redis gone
// costs a request RedisTimeout at most.
const retryAfter = "1"

// Error answers a request whose session could not be found, changed or ended, with
// OnError where there is one.
func (h *HTTP[U, D]) Error(w http.ResponseWriter, r *http.Request, err error) {
	if h.o.OnError != nil {
		h.o.OnError(w, r, err)
		return
	}
	header := w.Header()
	switch {
	case errors.Is(err, ErrNoToken):
		header.Set("WWW-Authenticate", h.challenge)
		problem(w, http.StatusUnauthorized, "The request carries no session token.")
	case errors.Is(err, ErrNotFound):
		challenge := h.challenge
		if !h.o.NoBearer {
			challenge += `, error="invalid_token"`
		}
		header.Set("WWW-Authenticate", challenge)
		problem(w, http.StatusUnauthorized, "The session has ended or never was.")
	case errors.Is(err, ErrCrossOrigin):
		problem(w, http.StatusForbidden, "The request comes from a page of another origin.")
	default: // nothing is known about the session, so nobody is told to be logged out
		header.Set("Retry-After", retryAfter)
		problem(w, http.StatusServiceUnavailable, "Sessions cannot be checked at the moment.")
	}
}

// problem writes constant texts only: an error might say too much.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"title":%q,"status":%d,"detail":%q}`+"\n", http.StatusText(status), status, detail)
}
