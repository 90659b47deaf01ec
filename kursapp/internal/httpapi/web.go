package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/session"
)

// The names of the dashboard's cookie. Browsers keep __Host- cookies only with
// Secure, Path=/ and no Domain, so that no other host and no plain-HTTP page
// can plant one. The demo is plain HTTP and does without.
const (
	productionCookie = "__Host-kursapp_session"
	demoCookie       = "kursapp_session"
)

// cookieOptions says how the dashboard's cookie is set and read. Pages of other origins
// may not use it, even where KURSAPP_CORS_ORIGINS lists them: they have Bearer tokens.
func cookieOptions(m Mode) session.HTTPOptions {
	if m == Demo {
		return session.HTTPOptions{Cookie: demoCookie, Insecure: true}
	}
	return session.HTTPOptions{Cookie: productionCookie}
}

type webOutput struct {
	// SetCookie is written past huma: see session.HTTP.
	SetCookie string `header:"Set-Cookie" doc:"The session, out of reach of scripts."`
	Body      messageBody
}

func (a *api) webRoutes() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "web-login", Method: http.MethodPost, Path: "/web/login",
		Summary: "Log in from a browser",
		Description: "As /login, with the token in an HttpOnly cookie instead of the answer. The cookie stands in for the Authorization header, except at /logout. " +
			"The session of a cookie that the request carries ends.",
		Tags: []string{tagBrowser}, MaxBodyBytes: -1,
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
	result, err := a.Accounts.Login(ctx, x.credentials(in))
	if err != nil {
		return nil, err
	}
	// What the browser had before it forgets now, so nobody could end it any more.
	if err := a.endCookies(ctx); err != nil {
		a.log.Warn("the session that a login takes the place of could not be ended", "error", err)
	}
	a.tokens.SetCookie(x.w, result.Token, result.Session)
	return &webOutput{Body: messageBody{x.text(textLoggedIn)}}, nil
}

// webLogout keeps the cookie where the session could not be ended: whoever
// reads "logged out" must be logged out.
func (a *api) webLogout(ctx context.Context, _ *struct{}) (*webOutput, error) {
	x := exchangeOf(ctx)
	if err := a.endCookies(ctx); err != nil {
		return nil, err
	}
	a.tokens.ClearCookie(x.w)
	return &webOutput{Body: messageBody{x.text(textLoggedOut)}}, nil
}

// maxCookies is how many cookies of one request are worth a question to Redis. A browser
// has one, or a few where an older version left some.
const maxCookies = 4

// endCookies ends the sessions of the dashboard's cookies that a request carries.
func (a *api) endCookies(ctx context.Context) error {
	cookies := exchangeOf(ctx).r.CookiesNamed(cookieOptions(a.mode).Cookie)
	for _, c := range cookies[:min(len(cookies), maxCookies)] {
		if c.Value == "" {
			continue
		}
		if err := a.Accounts.Logout(ctx, c.Value); err != nil {
			return err
		}
	}
	return nil
}
