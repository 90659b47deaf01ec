package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// The names of the dashboard's cookie. Browsers keep __Host- cookies only with
// Secure, Path=/ and no Domain, so that no other host and no plain-HTTP page
// can plant one. The demo is plain HTTP and does without.
const (
	productionCookie = "__Host-kursapp_session"
	demoCookie       = "kursapp_session"
)

func (a *api) cookieName() string {
	if a.mode == Demo {
		return demoCookie
	}
	return productionCookie
}

// setCookie makes the Set-Cookie header of the dashboard's cookie. The cookie
// has no lifetime of its own: the browser forgets it when it is closed, the
// session ends on the server. Without a token the header removes the cookie.
func (a *api) setCookie(token string) string {
	c := http.Cookie{ //nolint:gosec // G124: Secure is off in the demo alone, which has no TLS and answers on loopback only
		Name: a.cookieName(), Value: token, Path: "/",
		Secure: a.mode != Demo, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c.String()
}

type webOutput struct {
	SetCookie string `header:"Set-Cookie" doc:"The session, out of reach of scripts."`
	Body      messageBody
}

func (a *api) webRoutes() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "web-login", Method: http.MethodPost, Path: "/web/login",
		Summary:     "Log in from a browser",
		Description: "As /login, with the token in an HttpOnly cookie instead of the answer. The cookie stands in for the Authorization header, except at /logout.",
		Tags:        []string{tagBrowser}, MaxBodyBytes: -1,
		Middlewares: huma.Middlewares{a.refuseQueryLogin},
		Errors: []int{
			http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden,
			http.StatusTooManyRequests, http.StatusServiceUnavailable,
		},
	}, a.webLogin)
	huma.Register(a.huma, huma.Operation{
		OperationID: "web-logout", Method: http.MethodPost, Path: "/web/logout",
		Summary:     "Log out from a browser",
		Description: "Ends the session of the cookie and clears it. Succeeds without a session.",
		Tags:        []string{tagBrowser},
		Errors:      []int{http.StatusForbidden, http.StatusServiceUnavailable},
	}, a.webLogout)
}

func (a *api) webLogin(ctx context.Context, in *loginInput) (*webOutput, error) {
	x := exchangeOf(ctx)
	result, err := a.Accounts.Login(ctx, x.credentials(in.Body.Email, in.Body.Password))
	if err != nil {
		return nil, err
	}
	return &webOutput{
		SetCookie: a.setCookie(result.Token),
		Body:      messageBody{x.text(textLoggedIn)},
	}, nil
}

// webLogout keeps the cookie where the session could not be ended: whoever
// reads "logged out" must be logged out.
func (a *api) webLogout(ctx context.Context, _ *struct{}) (*webOutput, error) {
	x := exchangeOf(ctx)
	for _, c := range x.r.CookiesNamed(a.cookieName()) {
		if c.Value == "" {
			continue
		}
		if err := a.Accounts.Logout(ctx, c.Value); err != nil {
			return nil, err
		}
	}
	return &webOutput{SetCookie: a.setCookie(""), Body: messageBody{x.text(textLoggedOut)}}, nil
}
