package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// operation completes an operation with what guards it: in the demo what is open there
// needs no session.
func (a *api) operation(op huma.Operation, may func(kurs.Actor) error) huma.Operation {
	op.Middlewares = append(op.Middlewares, a.requireThat(may))
	op.Errors = append(op.Errors, http.StatusServiceUnavailable)
	if a.mode != Demo {
		op.Security = anySession
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden)
	}
	return op
}

// requireThat is require for routes about no user.
func (a *api) requireThat(may func(kurs.Actor) error) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		actor, err := a.userActor(r)
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

// operatorAgain looks once more who asks, as again does.
func (a *api) operatorAgain(ctx context.Context) (kurs.Actor, error) {
	actor, err := a.userActor(exchangeOf(ctx).r)
	if err == nil {
		err = actor.MayOperate()
	}
	return actor, err
}
