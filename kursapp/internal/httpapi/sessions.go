package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

type devicesBody struct {
	Sessions []kurs.Device `json:"sessions" nullable:"false" doc:"The newest login first."`
}

type devicesOutput struct {
	Body devicesBody
}

type sessionIDInput struct {
	ID string `path:"id" doc:"Id of the session, from GET /sessions. It is not the token."`
}

// sessionRoutes registers what a person does about the devices it is logged in on.
func (a *api) sessionRoutes() {
	operation := func(id, method, path, summary, description string, errs ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: description,
			Tags: []string{tagSessions}, Security: anySession,
			Middlewares: huma.Middlewares{a.requireSession},
			Errors:      append(errs, http.StatusUnauthorized, http.StatusServiceUnavailable),
		}
	}
	huma.Register(a.huma, operation("list-sessions", http.MethodGet, "/sessions",
		"List the sessions of the user who is logged in",
		"Where and when they began, when they were last used (to the minute), and which one this is."), a.listSessions)
	huma.Register(a.huma, operation("end-session", http.MethodDelete, "/sessions/{id}",
		"End one session of the user who is logged in",
		"It may be the present one.", http.StatusNotFound), a.endSession)
	huma.Register(a.huma, operation("end-other-sessions", http.MethodDelete, "/sessions",
		"End all other sessions of the user who is logged in",
		"The present one stays."), a.endOtherSessions)
	byAdmin := operation("end-user-sessions", http.MethodDelete, "/users/{id}/sessions",
		"End all sessions of a user",
		"For administrators, in the demo too.", http.StatusForbidden, http.StatusNotFound)
	byAdmin.Middlewares = huma.Middlewares{a.requireSessionThat(kurs.Actor.MayEndSessions)}
	huma.Register(a.huma, byAdmin, a.endUserSessions)
}

func (a *api) listSessions(ctx context.Context, _ *struct{}) (*devicesOutput, error) {
	devices, err := a.Accounts.Devices(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	return &devicesOutput{devicesBody{devices}}, nil
}

func (a *api) endSession(ctx context.Context, in *sessionIDInput) (*messageOutput, error) {
	if err := a.Accounts.EndDevice(ctx, actorOf(ctx), in.ID); err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{exchangeOf(ctx).text(textSessionEnded)}}, nil
}

func (a *api) endOtherSessions(ctx context.Context, _ *struct{}) (*messageOutput, error) {
	if err := a.Accounts.EndOtherDevices(ctx, actorOf(ctx)); err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{exchangeOf(ctx).text(textOtherSessionsEnded)}}, nil
}

func (a *api) endUserSessions(ctx context.Context, in *userIDInput) (*messageOutput, error) {
	if err := a.Accounts.EndSessionsOf(ctx, actorOf(ctx), in.ID); err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{exchangeOf(ctx).text(textUserSessionsEnded)}}, nil
}
