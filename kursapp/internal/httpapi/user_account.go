package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

type accountBody struct {
	ID          int64     `json:"id" example:"1"`
	Role        string    `json:"role" enum:"admin,user"`
	CreatedAt   time.Time `json:"created_at"`
	HasPassword bool      `json:"has_password" doc:"false where nobody can log in with it."`
}

type accountOutput struct {
	Body accountBody
}

type roleInput struct {
	ID   int64 `path:"id" example:"1" doc:"Id of the user."`
	Body struct {
		_    struct{} `json:"-" additionalProperties:"true"`
		Role string   `json:"role" enum:"admin,user" example:"admin"`
	} `nameHint:"RoleChange"`
}

// accountRoutes registers what administrators see of accounts and do about them.
func (a *api) accountRoutes() {
	read := a.userOperation(huma.Operation{
		OperationID: "get-account", Method: http.MethodGet, Path: "/users/{id}/account",
		Summary:     "Read the role of a user, and since when it has been there",
		Description: "In production for administrators.",
		Middlewares: huma.Middlewares{a.require(func(actor kurs.Actor, _ int64) error { return actor.MayReadAccount() })},
		Errors:      []int{http.StatusNotFound, http.StatusServiceUnavailable},
	})
	huma.Register(a.huma, read, a.getAccount)
	huma.Register(a.huma, huma.Operation{
		OperationID: "change-role", Method: http.MethodPut, Path: "/users/{id}/role",
		Summary: "Make a user an administrator, or none",
		Description: "For administrators, in the demo too. All sessions of the user end, and the next login has the new role. " +
			"409 where no administrator would be left.",
		Tags: []string{tagUsers}, Security: anySession, MaxBodyBytes: -1,
		Middlewares: huma.Middlewares{a.requireSessionThat(kurs.Actor.MayChangeRole)},
		Errors: []int{
			http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable,
		},
	}, a.changeRole)
}

func (a *api) getAccount(ctx context.Context, in *userIDInput) (*accountOutput, error) {
	account, err := a.Accounts.Account(ctx, actorOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return newAccountOutput(account), nil
}

func (a *api) changeRole(ctx context.Context, in *roleInput) (*accountOutput, error) {
	// Once more, as in again: it may have ended before the body was there.
	actor, err := a.session(exchangeOf(ctx).r)
	if err != nil {
		return nil, err
	}
	account, err := a.Accounts.ChangeRole(ctx, actor, in.ID, kurs.Role(in.Body.Role))
	if err != nil {
		return nil, err
	}
	return newAccountOutput(account), nil
}

func newAccountOutput(v kurs.AccountView) *accountOutput {
	return &accountOutput{accountBody{ID: v.ID, Role: string(v.Role), CreatedAt: v.CreatedAt, HasPassword: v.HasPassword}}
}
