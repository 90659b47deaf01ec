package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

type passwordChangeInput struct {
	Body struct {
		_   struct{} `json:"-" additionalProperties:"true"`
		Old string   `json:"old_password" writeOnly:"true" example:"correct horse battery"`
		New string   `json:"new_password" writeOnly:"true" example:"another horse battery" doc:"8 to 128 characters, and none of the most common passwords."`
	} `nameHint:"PasswordChange"`
}

type passwordChangeBody struct {
	Token   string `json:"token,omitempty" doc:"Takes the place of the token of the request. Absent where the request came with the cookie: then the cookie has it."`
	Message string `json:"message"`
}

type passwordChangeOutput struct {
	// SetCookie is written past huma: see session.HTTP.
	SetCookie string `header:"Set-Cookie" doc:"The new session, where the request came with the cookie."`
	Body      passwordChangeBody
}

type resetRequestInput struct {
	Body struct {
		_     struct{} `json:"-" additionalProperties:"true"`
		Email string   `json:"email" example:"max@example.com"`
	} `nameHint:"PasswordResetRequest"`
}

type resetInput struct {
	Body struct {
		_        struct{} `json:"-" additionalProperties:"true"`
		Token    string   `json:"token" writeOnly:"true" doc:"The code from the mail."`
		Password string   `json:"password" writeOnly:"true" example:"another horse battery" doc:"8 to 128 characters, and none of the most common passwords."`
	} `nameHint:"PasswordReset"`
}

// passwordRoutes registers the change of a password, and what a person does who forgot
// it. Codes stand in bodies: mail scanners follow links, and URLs end up in logs. The
// page that the mail links to (code_page.go) puts them there.
func (a *api) passwordRoutes() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "change-password", Method: http.MethodPut, Path: "/profile/password",
		Summary: "Change the password of the user who is logged in",
		Description: "Ends all sessions of the user and begins a new one, whose token takes the place of the one the request came with. " +
			"Wrong old passwords count as failed logins. A mail tells the user.",
		Tags: []string{tagSessions}, Security: anySession, MaxBodyBytes: -1,
		Middlewares: huma.Middlewares{a.requireSession},
		Errors:      []int{http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, a.changePassword)
	huma.Register(a.huma, huma.Operation{
		OperationID: "request-password-reset", Method: http.MethodPost, Path: "/password-resets",
		Summary:     "Ask for a code to replace a forgotten password",
		Description: "The code comes by mail, works once and for 30 minutes. The answer is the same whether the address has an account or not.",
		Tags:        []string{tagSessions}, DefaultStatus: http.StatusAccepted, MaxBodyBytes: -1,
		Errors: []int{http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, a.requestReset)
	huma.Register(a.huma, huma.Operation{
		OperationID: "reset-password", Method: http.MethodPost, Path: "/password-resets/confirmations",
		Summary:     "Replace a forgotten password",
		Description: "Needs no session: the code shows that its owner reads the user's mails. All sessions of the user end. A mail tells the user.",
		Tags:        []string{tagSessions}, MaxBodyBytes: -1,
		Errors: []int{http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, a.resetPassword)
}

func (a *api) changePassword(ctx context.Context, in *passwordChangeInput) (*passwordChangeOutput, error) {
	x := exchangeOf(ctx)
	actor, err := a.session(x.r) // again: see api.again
	if err != nil {
		return nil, err
	}
	result, err := a.Accounts.ChangePassword(ctx, actor, kurs.PasswordChange{
		Old: in.Body.Old, New: in.Body.New, ClientPrefix: x.client(), UserAgent: x.r.UserAgent(),
	})
	if err != nil {
		return nil, err
	}
	out := &passwordChangeOutput{Body: passwordChangeBody{Message: x.text(textPasswordChanged)}}
	if len(x.r.Header["Authorization"]) > 0 {
		out.Body.Token = result.Token
	} else {
		a.tokens.SetCookie(x.w, result.Token, result.Session) // never to be seen by scripts
	}
	return out, nil
}

func (a *api) requestReset(ctx context.Context, in *resetRequestInput) (*messageOutput, error) {
	x := exchangeOf(ctx)
	if err := a.Accounts.RequestPasswordReset(ctx, in.Body.Email, x.client()); err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{x.text(textResetRequested)}}, nil
}

func (a *api) resetPassword(ctx context.Context, in *resetInput) (*messageOutput, error) {
	x := exchangeOf(ctx)
	n := kurs.NewPassword{Token: in.Body.Token, Password: in.Body.Password, ClientPrefix: x.client()}
	if err := a.Accounts.ResetPassword(ctx, n); err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{x.text(textPasswordReset)}}, nil
}
