package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/session"
)

// bearer reads the token of an Authorization header: one header line, the
// scheme in any case, one token after it. What the token looks like is not
// judged here; an odd one is merely unknown. (session.HTTP is stricter.)
func bearer(h http.Header) (token string, ok bool) {
	values := h["Authorization"]
	if len(values) != 1 {
		return "", false
	}
	const usual = "Bearer "
	token, found := strings.CutPrefix(values[0], usual)
	if !found {
		value := strings.TrimLeft(values[0], " \t")
		if len(value) < len(usual) || !strings.EqualFold(value[:len(usual)], usual) {
			return "", false
		}
		token = value[len(usual):]
	}
	token = strings.TrimRight(strings.TrimLeft(token, " "), " \t")
	if token == "" || strings.ContainsAny(token, " \t,") {
		return "", false
	}
	return token, true
}

// token returns the token that a request authenticates with: that of the
// Authorization header, and where there is no such header that of the
// dashboard's cookie. A header that is malformed is not made good by a cookie.
func (a *api) token(r *http.Request) (string, error) {
	if len(r.Header["Authorization"]) > 0 {
		token, ok := bearer(r.Header)
		if !ok {
			return "", kurs.ErrNoToken
		}
		return token, nil
	}
	token, err := a.tokens.Token(r)
	if errors.Is(err, session.ErrCrossOrigin) {
		return "", &failure{status: http.StatusForbidden, text: textCrossOrigin}
	}
	if err != nil {
		return "", kurs.ErrNoToken
	}
	return token, nil
}

// session returns the user who is logged in. It fails with ErrNoToken,
// ErrSessionInvalid or CodeUnavailable.
func (a *api) session(r *http.Request) (kurs.Actor, error) {
	token, err := a.token(r)
	if err != nil {
		return kurs.Actor{}, err
	}
	return a.Accounts.Authenticate(r.Context(), token)
}

// userActor returns who asks on a users route. In the demo that is nobody in
// particular, and needs no Redis.
func (a *api) userActor(r *http.Request) (kurs.Actor, error) {
	if a.mode == Demo {
		return kurs.Actor{Anonymous: true, Demo: true}, nil
	}
	return a.session(r)
}

// permission is one of the rules of kurs.Actor.
type permission func(actor kurs.Actor, id int64) error

// allowed is the order of checks on the users routes: who asks, then the id in
// the path, then whether that one may. What else is wrong with the request is
// looked at afterwards, so that nobody learns anything about users that are
// none of their business.
func (a *api) allowed(r *http.Request, may permission) (actor kurs.Actor, id int64, err error) {
	actor, err = a.userActor(r)
	if err != nil {
		return kurs.Actor{}, 0, err
	}
	if text := r.PathValue("id"); text != "" {
		id, err = strconv.ParseInt(text, 10, 64)
		if err != nil {
			return kurs.Actor{}, 0, invalid("path.id", textParamInteger)
		}
	}
	return actor, id, may(actor, id)
}

// require is the huma middleware that runs allowed before huma looks at the
// request, and hands the actor to the handler.
func (a *api) require(may permission) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		actor, _, err := a.allowed(r, may)
		if err != nil {
			fail(w, r, err)
			return
		}
		exchangeOf(ctx.Context()).actor = actor
		next(ctx)
	}
}

// requireSession is the huma middleware of the routes that need a session in
// both modes.
func (a *api) requireSession(ctx huma.Context, next func(huma.Context)) {
	a.requireSessionThat(func(kurs.Actor) error { return nil })(ctx, next)
}

// requireSessionThat is requireSession for those who may.
func (a *api) requireSessionThat(may func(kurs.Actor) error) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		actor, err := a.session(r)
		if err == nil {
			err = may(actor)
		}
		if err != nil {
			fail(w, r, err)
			return
		}
		exchangeOf(ctx.Context()).actor = actor
		next(ctx)
	}
}

// again looks once more who asks. A client that sends its body slowly was let in before
// it; what has ended since must not change anything.
func (a *api) again(ctx context.Context, may permission) (kurs.Actor, error) {
	actor, _, err := a.allowed(exchangeOf(ctx).r, may)
	return actor, err
}

// actorOf returns the actor that a middleware found.
func actorOf(ctx context.Context) kurs.Actor { return exchangeOf(ctx).actor }
