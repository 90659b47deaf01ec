package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

type limitRule struct {
	Name         string `json:"name" example:"data"`
	Limit        int64  `json:"limit" example:"10"`
	WindowMS     int64  `json:"window_ms" example:"60000"`
	Algorithm    string `json:"algorithm" enum:"fixed,sliding,gcra"`
	Burst        int64  `json:"burst" doc:"How many at once; 0 but for gcra."`
	Subject      string `json:"subject" enum:"address,account,user" doc:"What it counts by: a client's address, an e-mail address, or a user's id."`
	Guards       string `json:"guards" example:"GET /api/data" doc:"What is charged."`
	WithoutRedis string `json:"without_redis" enum:"open,closed,local" doc:"What it does while Redis is gone: let everything pass, nothing, or count in the process."`
	Off          bool   `json:"off" doc:"It is not charged."`
}

type limitsBody struct {
	Degraded bool        `json:"degraded" doc:"Limits are decided without Redis at the moment."`
	You      string      `json:"you" example:"127.0.0.1" doc:"The asker's address, as limits by address count it."`
	Rules    []limitRule `json:"rules" nullable:"false"`
}

type limitsOutput struct {
	Body limitsBody
}

type limitInput struct {
	Body struct {
		_       struct{} `json:"-" additionalProperties:"true"`
		Rule    string   `json:"rule" example:"data" doc:"Name of the rule."`
		Subject string   `json:"subject,omitempty" doc:"Whom it is about, as the rule counts: an address, an e-mail address, or a user's id. Without it, the asker's address."`
	} `nameHint:"LimitOf"`
}

type limitStateBody struct {
	Rule         string `json:"rule"`
	Subject      string `json:"subject" doc:"As it stands in the key: e-mail addresses are hashed."`
	Limit        int64  `json:"limit"`
	Remaining    int64  `json:"remaining" doc:"What would still be admitted now."`
	ResetMS      int64  `json:"reset_ms" doc:"Until nothing counts any more; 0 where nothing does."`
	RetryAfterMS int64  `json:"retry_after_ms" doc:"Until a request would be admitted; 0 where that is now."`
	Key          string `json:"key" example:"rate:data:{127.0.0.1}" doc:"Where Redis counts."`
	TTLMS        int64  `json:"ttl_ms" doc:"How long the key will be there; 0 where it is not, -1 where it has no end."`
}

type limitStateOutput struct {
	Body limitStateBody
}

// limitRoutes registers what operators see of the rate limits and do about them.
func (a *api) limitRoutes() {
	huma.Register(a.huma, a.operation(huma.Operation{
		OperationID: "list-limits", Method: http.MethodGet, Path: "/limits",
		Summary: "List the rate limits in force",
		Tags:    []string{tagData},
	}, kurs.Actor.MayOperate), a.listLimits)
	huma.Register(a.huma, a.operation(huma.Operation{
		OperationID: "limit-state", Method: http.MethodPost, Path: "/limits/state",
		Summary:     "See what somebody has left under a limit",
		Description: "It charges nothing. Whom it is about stands in the body, so that no e-mail address gets into a URL. While Redis is gone, 503.",
		Tags:        []string{tagData}, MaxBodyBytes: -1,
	}, kurs.Actor.MayOperate), a.limitState)
	huma.Register(a.huma, a.operation(huma.Operation{
		OperationID: "reset-limit", Method: http.MethodPost, Path: "/limits/reset",
		Summary: "Forget what somebody was charged under a limit",
		Tags:    []string{tagData}, MaxBodyBytes: -1,
	}, kurs.Actor.MayOperate), a.resetLimit)
}

func (a *api) listLimits(ctx context.Context, _ *struct{}) (*limitsOutput, error) {
	limits := a.Limits.Current()
	body := limitsBody{
		// The limiter notices with the first charge, which may be long in coming.
		Degraded: a.Limits.Degraded() || !a.RedisHealthy(),
		You:      exchangeOf(ctx).client(),
		Rules:    make([]limitRule, len(limits)),
	}
	for i, l := range limits {
		body.Rules[i] = limitRule{
			Name: l.Rule.Name, Limit: l.Rule.Limit, WindowMS: l.Rule.Window.Milliseconds(),
			Algorithm: l.Rule.Algorithm.String(), Burst: l.Rule.Burst, Subject: l.Subject.String(),
			Guards: l.Guards, WithoutRedis: l.Rule.WithoutRedis.String(), Off: l.Off,
		}
	}
	return &limitsOutput{body}, nil
}

func (a *api) limitState(ctx context.Context, in *limitInput) (*limitStateOutput, error) {
	subject, err := a.limitSubject(ctx, in)
	if err != nil {
		return nil, err
	}
	s, err := a.Limits.State(ctx, actorOf(ctx), in.Body.Rule, subject)
	if err != nil {
		return nil, err
	}
	body := limitStateBody{
		Rule: s.Rule, Subject: s.Subject, Limit: s.Limit, Remaining: s.Remaining,
		ResetMS: s.ResetAfter.Milliseconds(), RetryAfterMS: s.RetryAfter.Milliseconds(),
		Key: s.Key.Name, TTLMS: s.Key.TTL.Milliseconds(),
	}
	if s.Key.TTL < 0 {
		body.TTLMS = -1
	}
	return &limitStateOutput{body}, nil
}

func (a *api) resetLimit(ctx context.Context, in *limitInput) (*messageOutput, error) {
	actor, err := a.operatorAgain(ctx)
	if err != nil {
		return nil, err
	}
	subject, err := a.limitSubject(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := a.Limits.Reset(ctx, actor, in.Body.Rule, subject); err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{exchangeOf(ctx).text(textLimitReset)}}, nil
}

// limitSubject is whom a request is about. Only an address can be the asker's own.
func (a *api) limitSubject(ctx context.Context, in *limitInput) (string, error) {
	if in.Body.Subject != "" {
		return in.Body.Subject, nil
	}
	for _, l := range a.Limits.Current() {
		if l.Rule.Name == in.Body.Rule && l.Subject != kurs.SubjectAddress {
			return "", invalid("body.subject", textFieldMissing)
		}
	}
	return exchangeOf(ctx).client(), nil
}
