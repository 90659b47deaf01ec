package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type confirmationInput struct {
	Body struct {
		_     struct{} `json:"-" additionalProperties:"true"`
		Token string   `json:"token" doc:"The code from the mail to the new address."`
	} `nameHint:"EmailConfirmation"`
}

// confirmRoutes registers the confirmation of a new address. It is a POST with
// the code in the body, for the reason that passwordRoutes has.
func (a *api) confirmRoutes() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "confirm-email", Method: http.MethodPost, Path: "/email-confirmations",
		Summary:     "Put a new e-mail address into force",
		Description: "Needs no session: the code shows that its owner reads the mails to that address. It works once.",
		Tags:        []string{tagUsers}, MaxBodyBytes: -1,
		Errors: []int{http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *confirmationInput) (*userOutput, error) {
		user, err := a.Accounts.ConfirmEmail(ctx, in.Body.Token)
		if err != nil {
			return nil, err
		}
		return &userOutput{Body: user}, nil
	})
}
