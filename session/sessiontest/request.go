package sessiontest

import (
	"net/http"
	"net/http/httptest"

	"github.com/speedlayer/speedlayer/session"
)

// WithBearer adds a token to a request as a program does, and returns the request.
func WithBearer(r *http.Request, token string) *http.Request {
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// WithCookie adds a token to a request as a browser does that h gave the cookie to,
// and returns the request. Other cookies stay. With NoCookie nothing is added.
//
// A request that changes something and comes from a page of one's own has the header
// Sec-Fetch-Site: same-origin in a browser; one without that header and Origin counts
// as no browser's and passes.
func WithCookie[U, D any](r *http.Request, h *session.HTTP[U, D], token string) *http.Request {
	w := httptest.NewRecorder()
	h.SetCookie(w, token, &session.Session[U, D]{})
	result := w.Result()
	defer result.Body.Close()
	for _, c := range result.Cookies() {
		r.AddCookie(c)
	}
	return r
}
