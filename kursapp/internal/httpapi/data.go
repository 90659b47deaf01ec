package httpapi

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/ratelimit"
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
		a.dataHeaders.of(rule).Set(x.w.Header(), result)
	}
	if err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{x.text(textData)}}, nil
}

// ruleHeaders are the headers about one rule, which seldom changes.
type ruleHeaders struct {
	known atomic.Pointer[headersOfRule]
}

type headersOfRule struct {
	rule    ratelimit.Rule
	headers *ratelimit.Headers
}

func (h *ruleHeaders) of(rule ratelimit.Rule) *ratelimit.Headers {
	if known := h.known.Load(); known != nil && known.rule == rule {
		return known.headers
	}
	made := &headersOfRule{rule, ratelimit.NewHeaders(rule)}
	h.known.Store(made)
	return made.headers
}
