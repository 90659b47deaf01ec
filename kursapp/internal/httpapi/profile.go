package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

type profileBody struct {
	UserID string `json:"user_id" example:"1" doc:"Id of the user, as a string."`
	Name   string `json:"name" example:"Max"`
	Email  string `json:"email" example:"max@example.com"`
}

func (a *api) profileRoutes() {
	a.profileGetRoute()
	huma.Register(a.huma, huma.Operation{
		OperationID: "logout", Method: http.MethodPost, Path: "/logout",
		Summary:     "End a session",
		Description: "Succeeds for a token that is not, or no longer, known.",
		Tags:        []string{tagSessions}, Security: bearerSession,
		Errors: []int{http.StatusUnauthorized, http.StatusServiceUnavailable},
	}, a.logout)
}

// profileGetRoute registers what every page of a front end asks first. It is a plain
// handler for the same reason as that of GET /users/{id}.
func (a *api) profileGetRoute() {
	op := huma.Operation{
		OperationID: "profile", Method: http.MethodGet, Path: "/profile",
		Summary:     "Read the profile of the user who is logged in",
		Description: "The session and the user come from memory where both are in use. `Cache-Control: no-cache` and `If-None-Match` work as for a user.",
		Tags:        []string{tagSessions}, Security: anySession,
		Errors: []int{http.StatusUnauthorized, http.StatusInternalServerError, http.StatusServiceUnavailable},
	}
	op.Parameters = freshnessParams()
	schemas := a.huma.OpenAPI().Components.Schemas
	op.Responses = cachedResponses(schemas.Schema(reflect.TypeFor[profileBody](), true, "ProfileBody"))
	a.documentErrors(&op)
	a.huma.OpenAPI().AddOperation(&op)
	a.mux.HandleFunc("GET /profile", a.profile)
}

func (a *api) profile(w http.ResponseWriter, r *http.Request) {
	e, err := a.profileEntry(r)
	if err != nil {
		fail(w, r, err)
		return
	}
	headers := headersOf(&a.entries, &e)
	body := headers.profile.Load()
	if body == nil {
		made, err := json.Marshal(profileBody{
			UserID: strconv.FormatInt(e.Value.ID, 10), Name: e.Value.Name, Email: e.Value.Email,
		})
		if err != nil {
			fail(w, r, err)
			return
		}
		body = &made
		headers.profile.Store(body)
	}
	headers.write(w, r, *body)
}

func (a *api) profileEntry(r *http.Request) (e cache.Entry[kurs.User], err error) {
	actor, err := a.session(r)
	if err != nil {
		return e, err
	}
	if asksForFresh(r.Header) {
		e, err = a.Accounts.ProfileFresh(r.Context(), actor)
	} else {
		e, err = a.Accounts.Profile(r.Context(), actor)
	}
	if err == nil && len(e.Raw) == 0 {
		e.Raw, err = json.Marshal(e.Value) // for the ETag
	}
	return e, err
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
