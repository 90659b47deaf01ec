package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func (a *api) dataRoutes() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "data", Method: http.MethodGet, Path: "/api/data",
		Summary: "Read data, ten times a minute",
		Description: "The 11th request of one client within 60 s is refused until the window ends. " +
			"`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10) say what is left; the latter is absent while nothing is counted.",
		Tags:   []string{tagData},
		Errors: []int{http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, a.data)
}

func (a *api) data(ctx context.Context, _ *struct{}) (*messageOutput, error) {
	x := exchangeOf(ctx)
	rule, result, err := a.Limits.Data(ctx, x.client())
	if err == nil && !result.Allowed {
		err = &kurs.Error{Code: kurs.CodeRateLimited, RetryAfter: result.RetryAfter, Limit: result.Rule}
	}
	if err == nil || kurs.CodeOf(err) == kurs.CodeRateLimited {
		a.dataHeaders.Of(rule).Set(x.w.Header(), result)
	}
	if err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{x.text(textData)}}, nil
}
