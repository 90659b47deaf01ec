package httpapi

import (
	"context"
	"encoding/base64"
	"math"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

type registrationInput struct {
	Body struct {
		_        struct{} `json:"-" additionalProperties:"true"`
		Name     string   `json:"name" example:"Max" doc:"1 to 200 characters."`
		Email    string   `json:"email" example:"max@example.com" doc:"Unique without regard to case."`
		Password string   `json:"password" writeOnly:"true" example:"correct horse battery" doc:"8 to 128 characters."`
	} `nameHint:"Registration"`
}

type registrationOutput struct {
	Location string `header:"Location" doc:"Path of the new user."`
	Body     kurs.User
}

type userIDInput struct {
	ID int64 `path:"id" example:"1" doc:"Id of the user."`
}

type userChangeInput struct {
	ID   int64 `path:"id" example:"1" doc:"Id of the user."`
	Body struct {
		_     struct{} `json:"-" additionalProperties:"true"`
		Name  string   `json:"name" example:"Max" doc:"1 to 200 characters."`
		Email string   `json:"email" example:"max@example.com" doc:"Unique without regard to case."`
	} `nameHint:"UserChange"`
}

type userPageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Users on the page."`
	Cursor string `query:"cursor" doc:"next_cursor of the page before; without it the first page."`
}

type userPage struct {
	Users      []kurs.User `json:"users" nullable:"false" doc:"By id."`
	NextCursor string      `json:"next_cursor,omitempty" doc:"Cursor of the next page; absent on the last one."`
}

type userPageOutput struct {
	Body userPage
}

func (a *api) userRoutes() {
	a.userGetRoute()
	huma.Register(a.huma, huma.Operation{
		OperationID: "register", Method: http.MethodPost, Path: "/users",
		Summary:     "Register a user",
		Description: "Needs no session. A welcome mail follows.",
		Tags:        []string{tagUsers}, DefaultStatus: http.StatusCreated, MaxBodyBytes: -1,
		Errors: []int{http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, a.register)
	huma.Register(a.huma, a.userOperation(huma.Operation{
		OperationID: "list-users", Method: http.MethodGet, Path: "/users",
		Summary:     "List users, page by page",
		Description: "In production for administrators only.",
		Middlewares: huma.Middlewares{a.require(func(actor kurs.Actor, _ int64) error { return actor.MayList() })},
		Errors:      []int{http.StatusServiceUnavailable},
	}), a.listUsers)
	huma.Register(a.huma, a.userOperation(huma.Operation{
		OperationID: "update-user", Method: http.MethodPut, Path: "/users/{id}",
		Summary: "Change name and address of a user",
		Description: "Members of the body besides name and email are ignored, so that a user can be sent back as it was read. " +
			"In production a user's own new address takes effect once confirmed by mail; the answer shows the address in force.",
		Middlewares:  huma.Middlewares{a.require(kurs.Actor.MayChange)},
		MaxBodyBytes: -1,
		Errors:       []int{http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}), a.updateUser)
	huma.Register(a.huma, a.userOperation(huma.Operation{
		OperationID: "delete-user", Method: http.MethodDelete, Path: "/users/{id}",
		Summary:     "Delete a user",
		Description: "The user's sessions have ended before the answer is sent.",
		Middlewares: huma.Middlewares{a.require(kurs.Actor.MayDelete)},
		Errors:      []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}), a.deleteUser)
}

// userOperation completes an operation on users with what guards it in
// production.
func (a *api) userOperation(op huma.Operation) huma.Operation {
	op.Tags = []string{tagUsers}
	if a.mode != Demo {
		op.Security = anySession
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden)
	}
	return op
}

func (a *api) register(ctx context.Context, in *registrationInput) (*registrationOutput, error) {
	user, err := a.Accounts.Register(ctx, kurs.Registration{
		Name: in.Body.Name, Email: in.Body.Email, Password: in.Body.Password,
		ClientPrefix: exchangeOf(ctx).client(),
	})
	if err != nil {
		return nil, err
	}
	return &registrationOutput{Location: "/users/" + strconv.FormatInt(user.ID, 10), Body: user}, nil
}

func (a *api) listUsers(ctx context.Context, in *userPageInput) (*userPageOutput, error) {
	after, ok := decodeCursor(in.Cursor)
	if !ok {
		return nil, invalid("query.cursor", textParamInvalid)
	}
	// One more than asked for tells whether there is a next page.
	users, err := a.Users.List(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	page := userPage{Users: users}
	if len(users) > in.Limit {
		page.Users = users[:in.Limit]
		page.NextCursor = encodeCursor(page.Users[in.Limit-1].ID)
	}
	if page.Users == nil {
		page.Users = []kurs.User{}
	}
	return &userPageOutput{Body: page}, nil
}

func (a *api) updateUser(ctx context.Context, in *userChangeInput) (*userOutput, error) {
	user, err := a.Users.Update(ctx, actorOf(ctx), in.ID, in.Body.Name, in.Body.Email)
	if err != nil {
		return nil, err
	}
	return &userOutput{Body: user}, nil
}

func (a *api) deleteUser(ctx context.Context, in *userIDInput) (*messageOutput, error) {
	if err := a.Users.Delete(ctx, actorOf(ctx), in.ID); err != nil {
		return nil, err
	}
	return &messageOutput{messageBody{exchangeOf(ctx).text(textUserDeleted)}}, nil
}

// encodeCursor makes the cursor of the page after a user. It is encoded so
// that nobody calculates with it.
func encodeCursor(last int64) string {
	return base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, last, 10))
}

// decodeCursor is the inverse of encodeCursor. No cursor is the first page.
// Anything encodeCursor did not make is refused.
func decodeCursor(cursor string) (after int64, ok bool) {
	if cursor == "" {
		return 0, true
	}
	if len(cursor) > base64.RawURLEncoding.EncodedLen(len(strconv.Itoa(math.MaxInt64))) {
		return 0, false
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	after, err = strconv.ParseInt(string(text), 10, 64)
	return after, err == nil && after > 0 && encodeCursor(after) == cursor
}
