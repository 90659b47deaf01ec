package ratelimit

import (
	"fmt"
	"net/http"
	"slices"
)

// HTTPOptions are the options of [Limiter.Middleware]. Rules or RulesFor is required.
type HTTPOptions struct {
	// Rules are what each request is charged under: all of them, or none.
	Rules []Rule
	// RulesFor chooses the rules of a request, by the plan of its user for example; a
	// request for which there are none is not limited. Sets that are chosen again and
	// again are recognised by their values. Default: Rules for all requests.
	RulesFor func(r *http.Request) []Rule
	// Key says who pays. Requests about which it cannot say anything share one
	// subject, "unknown". Default: ByClient(Proxies{}), the address of the connection.
	Key KeyFunc
	// OnDenied answers a request that was refused. RateLimit-Policy, RateLimit and
	// Retry-After are set by then. Default: 429 and a problem document (RFC 9457) of
	// the type ProblemQuotaExceeded.
	OnDenied func(w http.ResponseWriter, r *http.Request, res Result)
	// OnError answers a request that could be neither admitted nor refused: see the
	// errors of [Limiter.Take]. The request goes no further. Default: 503 with
	// Retry-After, and 500 for ErrInvalid.
	OnError func(w http.ResponseWriter, r *http.Request, err error)
}

// noSubject is the subject of requests that have none.
const noSubject = "unknown"

// middleware is HTTPOptions ready for use.
type middleware struct {
	limiter *Limiter
	o       HTTPOptions
	headers *Headers // of o.Rules
	chosen  HeaderCache
}

// Middleware returns middleware that charges each request before it passes it on, and
// tells the client what is left ([Headers]). A refused request costs no quota and goes
// no further. It panics where Rules or the options cannot be right.
func (l *Limiter) Middleware(o HTTPOptions) func(http.Handler) http.Handler {
	if (len(o.Rules) == 0) == (o.RulesFor == nil) {
		panic("ratelimit: a middleware needs either Rules or RulesFor")
	}
	if o.RulesFor == nil {
		if err := (Charge{Subject: noSubject, Rules: o.Rules, Cost: 1}).validate(); err != nil {
			panic(fmt.Sprintf("ratelimit: middleware: %v", err))
		}
	}
	if o.Key == nil {
		o.Key = ByClient(Proxies{})
	}
	if o.OnError == nil {
		o.OnError = answerError
	}
	o.Rules = slices.Clone(o.Rules)
	m := &middleware{limiter: l, o: o, headers: NewHeaders(o.Rules...)}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if m.admits(w, r) {
				next.ServeHTTP(w, r)
			}
		})
	}
}

// admits charges a request. Where it returns false, the request is answered.
func (m *middleware) admits(w http.ResponseWriter, r *http.Request) bool {
	rules := m.o.Rules
	if m.o.RulesFor != nil {
		if rules = m.o.RulesFor(r); len(rules) == 0 {
			return true
		}
	}
	subject, ok := m.o.Key(r)
	if !ok || subject == "" {
		subject = noSubject
	}
	res, err := m.limiter.Take(r.Context(), subject, rules...)
	if err != nil {
		m.o.OnError(w, r, err)
		return false
	}
	headers := m.headers
	if m.o.RulesFor != nil {
		headers = m.chosen.Of(rules...)
	}
	headers.Set(w.Header(), res)
	switch {
	case res.Allowed:
		return true
	case m.o.OnDenied != nil:
		m.o.OnDenied(w, r, res)
	default:
		headers.refuse(w, res)
	}
	return false
}
