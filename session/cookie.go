package session

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// newCookie returns the cookie, which has no Domain: subdomains are other hosts.
func newCookie(o HTTPOptions, value string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // G124: Secure is off in development alone, SameSite is never 0
		Name: o.Cookie, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: !o.Insecure, SameSite: o.SameSite,
	}
}

// SetCookie gives the token of a session to the browser, after [Manager.Create] and
// [Manager.Rotate]: out of reach of scripts, for this host alone, over https alone
// unless Insecure, and the answer is not to be stored. The browser forgets the
// cookie when it is closed, except that of a session with a [Lifetime] of its own
// ("remember me"), which it keeps until the session's absolute end. With NoCookie nothing happens.
func (h *HTTP[U, D]) SetCookie(w http.ResponseWriter, token string, s *Session[U, D]) {
	maxAge := 0
	if s.Remembered {
		// A duration, not a date: the browser's clock may be wrong.
		maxAge = max(1, int(s.ExpiresAt.Sub(s.CheckedAt)/time.Second))
	}
	h.setCookie(w, token, maxAge)
}

// ClearCookie makes the browser forget the cookie. It ends no session:
// [Manager.Revoke] does, and comes first, for who reads "logged out" must be.
func (h *HTTP[U, D]) ClearCookie(w http.ResponseWriter) { h.setCookie(w, "", -1) }

func (h *HTTP[U, D]) setCookie(w http.ResponseWriter, value string, maxAge int) {
	if h.o.NoCookie {
		return
	}
	header := w.Header()
	// One answer names a cookie once: of two, browsers might keep the wrong one.
	header["Set-Cookie"] = slices.DeleteFunc(header["Set-Cookie"], func(line string) bool {
		return strings.HasPrefix(line, h.o.Cookie+"=")
	})
	http.SetCookie(w, newCookie(h.o, value, maxAge))
	header.Set("Cache-Control", "no-store")
}
