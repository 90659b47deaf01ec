package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

type profileBody struct {
	UserID string `json:"user_id" example:"1" doc:"Id of the user, as a string."`
	Name   string `json:"name" example:"Max"`
	Email  string `json:"email" example:"max@example.com"`
}

type profileOutput struct {
	Body profileBody
}

func (a *api) profileRoutes() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "profile", Method: http.MethodGet, Path: "/profile",
		Summary: "Read the profile of the user who is logged in",
		Tags:    []string{tagSessions}, Security: anySession,
		Middlewares: huma.Middlewares{a.requireSession},
		Errors:      []int{http.StatusUnauthorized, http.StatusServiceUnavailable},
	}, a.profile)
	huma.Register(a.huma, huma.Operation{
		OperationID: "logout", Method: http.MethodPost, Path: "/logout",
		Summary:     "End a session",
		Description: "Succeeds for a token that is not, or no longer, known.",
		Tags:        []string{tagSessions}, Security: bearerSession,
		Errors: []int{http.StatusUnauthorized, http.StatusServiceUnavailable},
	}, a.logout)
}

func (a *api) profile(ctx context.Context, _ *struct{}) (*profileOutput, error) {
	user, err := a.Accounts.Profile(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	return &profileOutput{profileBody{
		UserID: strconv.FormatInt(user.ID, 10), Name: user.Name, Email: user.Email,
	}}, nil
}

// logout looks at the header alone: the dashboard's cookie has /web/logout.
func (a *api) logout(ctx context.Context, _ *struct{}) (*messageOutput, error) {
	x := exchangeOf(ctx)
	token, ok := bearer(x.r.Header)
	if !ok {
		return nil, &failure{status: http.StatusUnauthorized, text: textNoLogoutToken}
	}
	if err := a.Accounts.Logout(ctx, token); err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{x.text(textLoggedOut)}}, nil
}
