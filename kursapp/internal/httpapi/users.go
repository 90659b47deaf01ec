package httpapi

import (
	"context"
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
		Password string   `json:"password" writeOnly:"true" example:"correct horse battery" doc:"8 to 128 characters, and none of the most common passwords."`
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

func (a *api) userRoutes() {
	a.userGetRoute()
	a.userListRoute()
	huma.Register(a.huma, huma.Operation{
		OperationID: "register", Method: http.MethodPost, Path: "/users",
		Summary:     "Register a user",
		Description: "Needs no session. A welcome mail follows.",
		Tags:        []string{tagUsers}, DefaultStatus: http.StatusCreated, MaxBodyBytes: -1,
		Errors: []int{http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, a.register)
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
		Description: "The user's sessions have ended before the answer is sent. In production, 409 where no administrator would be left.",
		Middlewares: huma.Middlewares{a.require(kurs.Actor.MayDelete)},
		Errors:      []int{http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
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

func (a *api) updateUser(ctx context.Context, in *userChangeInput) (*userOutput, error) {
	actor, err := a.again(ctx, kurs.Actor.MayChange)
	if err != nil {
		return nil, err
	}
	user, err := a.Users.Update(ctx, actor, in.ID, in.Body.Name, in.Body.Email)
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
