package session

import (
	"fmt"
	"net/http"
	"strings"
)

// Token returns the token of a request, as a logout or a rotation needs it. It says
// nothing about whether the token is worth anything.
//
// An Authorization header counts, whatever it holds, and where there is none the
// cookie does. A request without that header must not come from a page of another
// origin (see [http.CrossOriginProtection]), cookie or not: a login that another
// page sends is an attack too. Opening a WebSocket counts as a change, because
// browsers let every page do it. Tokens in URLs and bodies are never taken: they
// end up in logs.
//
// Errors: ErrNoToken, also where the header is no Bearer token, or where there are
// several such headers or cookies, so that it is not clear who is meant;
// ErrCrossOrigin.
func (h *HTTP[U, D]) Token(r *http.Request) (string, error) {
	if h.authorizes(r) {
		lines := r.Header["Authorization"]
		if len(lines) != 1 {
			return "", ErrNoToken
		}
		return bearer(lines[0])
	}
	if h.o.NoCookie {
		return "", ErrNoToken
	}
	if err := h.checkOrigin(r); err != nil {
		return "", err
	}
	// Under a __Host- name a browser has one cookie at most.
	cookies := r.CookiesNamed(h.o.Cookie)
	if len(cookies) != 1 || cookies[0].Value == "" {
		return "", ErrNoToken
	}
	return cookies[0].Value, nil
}

// authorizes reports whether a request has an Authorization header that counts.
func (h *HTTP[U, D]) authorizes(r *http.Request) bool {
	return !h.o.NoBearer && len(r.Header["Authorization"]) > 0
}

func (h *HTTP[U, D]) checkOrigin(r *http.Request) error {
	if r.Header["Upgrade"] != nil {
		change := *r
		change.Method = http.MethodPost
		r = &change
	}
	if err := h.protection.Check(r); err != nil {
		return fmt.Errorf("%w: %w", ErrCrossOrigin, err)
	}
	return nil
}

// bearer reads the credentials of RFC 6750, section 2.1: the scheme in any case,
// spaces, and one b64token.
func bearer(value string) (string, error) {
	scheme, token, _ := strings.Cut(strings.Trim(value, " \t"), " ")
	token = strings.TrimLeft(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || !b64token(token) {
		return "", ErrNoToken
	}
	return token, nil
}

// b64token reports whether s is one character or more of its alphabet, followed by
// any number of equals signs.
func b64token(s string) bool {
	s = strings.TrimRight(s, "=")
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~+/", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}
