package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// queryLoginDeprecated is since when the login in the query is deprecated, in
// the form of RFC 9745: 2025-11-01T00:00:00Z.
const queryLoginDeprecated = "@1761955200"

type loginInput struct {
	Body struct {
		_        struct{} `json:"-" additionalProperties:"true"`
		Email    string   `json:"email" example:"max@example.com"`
		Password string   `json:"password" writeOnly:"true" example:"test123"`
		Remember bool     `json:"remember,omitempty" doc:"Whether the session is to outlive the browser: for 14 days without a request, and 30 days at most. Otherwise it is half an hour, and a day."`
	} `nameHint:"Login"`
}

type tokenBody struct {
	Token   string `json:"token" doc:"For Authorization: Bearer. At least 32 characters."`
	Message string `json:"message"`
}

type tokenOutput struct {
	Body tokenBody
}

func (a *api) loginRoutes() {
	op := huma.Operation{
		OperationID: "login", Method: http.MethodPost, Path: "/login",
		Summary:     "Log in and get a token",
		Description: "The answer to an unknown address and to a wrong password is the same.",
		Tags:        []string{tagSessions}, MaxBodyBytes: -1,
		Middlewares: huma.Middlewares{a.refuseQueryLogin},
		Errors:      []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}
	if a.mode == Demo {
		op.Middlewares = huma.Middlewares{a.acceptQueryLogin}
		op.Description += " The demo also accepts `?email=…&password=…` without a body. That form is deprecated: a URL ends up in logs."
	}
	huma.Register(a.huma, op, a.login)
}

func (a *api) login(ctx context.Context, in *loginInput) (*tokenOutput, error) {
	x := exchangeOf(ctx)
	result, err := a.Accounts.Login(ctx, x.credentials(in))
	if err != nil {
		return nil, err
	}
	return &tokenOutput{tokenBody{Token: result.Token, Message: x.text(textLoggedIn)}}, nil
}

// credentials is what a login is checked and limited by.
func (e *exchange) credentials(in *loginInput) kurs.Login {
	return kurs.Login{
		Email: in.Body.Email, Password: in.Body.Password, Remember: in.Body.Remember,
		ClientPrefix: e.client(), UserAgent: e.r.UserAgent(),
	}
}

// refuseQueryLogin is a huma middleware that refuses a login whose credentials
// stand in the query, before anything looks at them: a client that is let in
// that way once would go on writing passwords into logs.
func (a *api) refuseQueryLogin(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if hasQueryCredentials(r.URL.RawQuery) {
		fail(w, r, &failure{status: http.StatusBadRequest, text: textQueryLogin})
		return
	}
	next(ctx)
}

// acceptQueryLogin is the huma middleware that lets the demo take the course
// sheet's curl line, POST /login?email=…&password=….
func (a *api) acceptQueryLogin(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if !hasQueryCredentials(r.URL.RawQuery) {
		next(ctx)
		return
	}
	a.warnQueryLogin.Do(func() {
		a.log.Warn("login with the password in the URL: only the demo accepts that; send a JSON body instead")
	})
	w.Header().Set("Deprecation", queryLoginDeprecated)
	x := exchangeOf(ctx.Context())
	body, err := a.queryLogin(x)
	if err != nil {
		fail(w, r, err)
		return
	}
	w.Header()["Content-Type"] = contentJSON
	writeJSON(w, http.StatusOK, body)
}

func (a *api) queryLogin(x *exchange) (*tokenBody, error) {
	query := x.r.URL.Query()
	missing := &failure{status: http.StatusUnprocessableEntity, text: textInvalid}
	for _, name := range []string{kurs.FieldEmail, kurs.FieldPassword} {
		if query.Get(name) == "" {
			missing.details = append(missing.details, detail{location: "query." + name, text: textFieldMissing})
		}
	}
	if len(missing.details) > 0 {
		return nil, missing
	}
	var in loginInput
	in.Body.Email, in.Body.Password = query.Get(kurs.FieldEmail), query.Get(kurs.FieldPassword)
	result, err := a.Accounts.Login(x.r.Context(), x.credentials(&in))
	if err != nil {
		return nil, err
	}
	return &tokenBody{Token: result.Token, Message: x.text(textLoggedIn)}, nil
}

// hasQueryCredentials reports whether a query has a parameter named email or
// password in any case. It reads the query itself: url.ParseQuery drops what
// is malformed, and a password that is in the URL is in the URL whether or not
// it is encoded well.
func hasQueryCredentials(rawQuery string) bool {
	for pair := range strings.FieldsFuncSeq(rawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(name); err == nil {
			name = decoded
		}
		if strings.EqualFold(name, kurs.FieldEmail) || strings.EqualFold(name, kurs.FieldPassword) {
			return true
		}
	}
	return false
}
