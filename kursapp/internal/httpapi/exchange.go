package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// exchange is the request and the answer behind a typed huma handler, for what
// its input and output structs should not have to carry.
type exchange struct {
	w       http.ResponseWriter
	r       *http.Request
	proxies ratelimit.Proxies
	actor   kurs.Actor
}

type exchangeKey struct{}

// rememberExchange is a huma middleware; exchangeOf finds in a handler what it
// put into the context.
func (a *api) rememberExchange(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	x := &exchange{w: w, r: r, proxies: a.proxies}
	ctx = huma.WithValue(ctx, exchangeKey{}, x)
	if r.Method != http.MethodGet { // whatever else changes something, which the audit log takes down
		ctx = huma.WithContext(ctx, kurs.WithOrigin(ctx.Context(), kurs.Origin{ClientAddress: x.client(), UserAgent: r.UserAgent()}))
	}
	next(ctx)
}

// exchangeOf panics where rememberExchange did not run. It runs for every huma
// operation.
func exchangeOf(ctx context.Context) *exchange {
	return ctx.Value(exchangeKey{}).(*exchange)
}

// text returns a text in the client's language and marks the answer as
// depending on it.
func (e *exchange) text(k key) string {
	l := languageOf(e.r.Header.Get("Accept-Language"))
	markLanguage(e.w.Header(), l)
	return k.in(l)
}

// markLanguage says in which language an answer is and what it depends on.
func markLanguage(h http.Header, l lang) {
	h.Set("Content-Language", l.String())
	h.Add("Vary", "Accept-Language")
}

// client names the client for the rate limits, the list of sessions and the audit
// log: its address, or its /64 for IPv6. What it says about itself counts only where
// a trusted proxy says it (ratelimit.Proxies). An address that cannot be parsed (a
// Unix socket has none) shares one name, so that it is limited all the same.
func (e *exchange) client() string { return clientOf(e.r, e.proxies) }

// clientOf is exchange.client outside of huma's handlers.
func clientOf(r *http.Request, p ratelimit.Proxies) string {
	prefix, ok := p.ClientPrefix(r)
	if !ok {
		return "unknown"
	}
	return prefix
}

// messageBody is the body of an answer that only says what happened.
type messageBody struct {
	Message string `json:"message"`
}

// messageOutput answers with a messageBody.
type messageOutput struct {
	Body messageBody
}

// userOutput answers with a user.
type userOutput struct {
	Body kurs.User
}
