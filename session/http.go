package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

var (
	// ErrNoToken says that a request carries no token, or none that could be one:
	// see [HTTP.Token].
	ErrNoToken = errors.New("no session token in the request")
	// ErrCrossOrigin says that a page of another origin made the browser send the
	// request. It wraps the reason.
	ErrCrossOrigin = errors.New("cross-origin request refused")
)

// HTTPOptions are the options of [Manager.HTTP]. The zero value works.
type HTTPOptions struct {
	// Cookie is the name of the cookie. A name that begins with __Host- makes
	// browsers refuse one that another host or an unencrypted connection has set.
	// Default: "__Host-session".
	Cookie string
	// NoCookie ignores cookies: tokens come in the Authorization header alone.
	// Default: false.
	NoCookie bool
	// NoBearer ignores the Authorization header: tokens come in the cookie alone.
	// A service behind a proxy that asks for a password of its own needs it.
	// Default: false.
	NoBearer bool
	// Insecure is for development on plain http: the cookie loses Secure and, with
	// it, the prefix __Host- or __Secure- of its name. Default: false.
	Insecure bool
	// SameSite says when browsers send the cookie with requests of other sites.
	// Default: http.SameSiteLaxMode.
	SameSite http.SameSite
	// Passive tells the requests that a page makes by itself, such as polling: they
	// need a session and do not renew it. Default: none.
	Passive func(*http.Request) bool
	// Optional lets requests without a session pass; [FromContext] finds none then.
	// A cookie whose session has ended counts as none, for a browser sends it
	// unasked. An Authorization header is sent on purpose: one that is good for
	// nothing is still refused. Default: false.
	Optional bool
	// TrustedOrigins are the other origins, as https://app.example.com, whose pages
	// may send requests with the cookie. Default: none.
	TrustedOrigins []string
	// OnError answers a request that does not pass. err is, or wraps, ErrNoToken,
	// ErrNotFound, ErrCrossOrigin or ErrUnavailable, and never holds a token. Any
	// other error says that nothing is known about the session. Default: a problem
	// document (RFC 9457) with 401, 401, 403 or 503.
	OnError func(w http.ResponseWriter, r *http.Request, err error)
}

func (o HTTPOptions) withDefaults() HTTPOptions {
	if o.Cookie == "" {
		o.Cookie = "__Host-session"
	}
	if o.Insecure { // browsers refuse these names without Secure
		o.Cookie = strings.TrimPrefix(strings.TrimPrefix(o.Cookie, "__Host-"), "__Secure-")
	}
	if o.SameSite == 0 || o.SameSite == http.SameSiteDefaultMode {
		o.SameSite = http.SameSiteLaxMode
	}
	return o
}

// HTTP connects a manager with HTTP: it finds the session of a request and hands
// the token to browsers. It is safe for concurrent use. [Manager.HTTP] makes it.
type HTTP[U, D any] struct {
	m          *Manager[U, D]
	o          HTTPOptions
	protection *http.CrossOriginProtection
	vary       []string
	challenge  string // of WWW-Authenticate
}

// HTTP returns the manager's side of HTTP. It panics where an option cannot be
// right: a name that no cookie may have, or a trusted origin that is none.
func (m *Manager[U, D]) HTTP(o HTTPOptions) *HTTP[U, D] {
	o = o.withDefaults()
	h := &HTTP[U, D]{m: m, o: o, protection: http.NewCrossOriginProtection(), challenge: bearerChallenge}
	if err := newCookie(o, "", 0).Valid(); err != nil {
		panic(fmt.Sprintf("session: the cookie name %q: %v", o.Cookie, err))
	}
	for _, origin := range o.TrustedOrigins {
		if err := h.protection.AddTrustedOrigin(origin); err != nil {
			panic(fmt.Sprintf("session: trusted origins: %v", err))
		}
	}
	if o.NoBearer {
		h.challenge = cookieChallenge
	}
	h.vary = []string{varyOn(o)}
	return h
}

// varyOn names what tells one answer from another.
func varyOn(o HTTPOptions) string {
	switch {
	case o.NoBearer:
		return "Cookie"
	case o.NoCookie:
		return "Authorization"
	}
	return "Authorization, Cookie"
}

// Middleware is [HTTP.Middleware] for a service that sets no cookies itself.
func (m *Manager[U, D]) Middleware(o HTTPOptions) func(http.Handler) http.Handler {
	return m.HTTP(o).Middleware
}

// Middleware returns a handler that lets requests with a session pass to next,
// where [FromContext] returns it, and that renews the session. What does not pass
// is answered by OnError.
//
// Answers vary with the headers that the token may come in, and those to a session
// are private to it; next may say otherwise. The cookie of a session that has ended
// is left alone: the answer to an old request may overtake a new login, and would
// take away its cookie.
func (h *HTTP[U, D]) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mark(w.Header(), "Vary", h.vary)
		s, err := h.find(r)
		switch {
		case err == nil:
			if w.Header()["Cache-Control"] == nil {
				w.Header()["Cache-Control"] = private
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey[U, D]{}, s)))
		case h.passes(r, err):
			next.ServeHTTP(w, withoutSession[U, D](r))
		default:
			h.Error(w, r, err)
		}
	})
}

// private is a slice that requests share. Nobody appends in place: it is full.
var private = []string{"private"}

// mark adds a header without allocating where there was none.
func (h *HTTP[U, D]) mark(header http.Header, name string, values []string) {
	if header[name] == nil {
		header[name] = values
		return
	}
	header[name] = append(header[name], values...)
}

// find returns the session of a request, renewed unless the request is passive.
func (h *HTTP[U, D]) find(r *http.Request) (*Session[U, D], error) {
	token, err := h.Token(r)
	if err != nil {
		return nil, err
	}
	s, err := h.m.Lookup(r.Context(), token)
	if err != nil {
		return nil, err
	}
	if h.o.Passive == nil || !h.o.Passive(r) {
		err = h.m.Touch(r.Context(), s)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// passes reports whether a request may go on without a session.
func (h *HTTP[U, D]) passes(r *http.Request, err error) bool {
	return h.o.Optional && !h.authorizes(r) &&
		(errors.Is(err, ErrNoToken) || errors.Is(err, ErrNotFound))
}

type contextKey[U, D any] struct{}

// withoutSession hides the session of another middleware around this one: it may be
// of another realm, and a handler that asks FromContext means this one's.
func withoutSession[U, D any](r *http.Request) *http.Request {
	if _, ok := FromContext[U, D](r.Context()); !ok {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), contextKey[U, D]{}, (*Session[U, D])(nil)))
}

// FromContext returns the session that [HTTP.Middleware] found for a request. It is
// shared between requests: do not change it.
func FromContext[U, D any](ctx context.Context) (*Session[U, D], bool) {
	s, _ := ctx.Value(contextKey[U, D]{}).(*Session[U, D])
	return s, s != nil
}
