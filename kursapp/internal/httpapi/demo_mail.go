package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type demoMailInput struct {
	Body struct {
		_       struct{} `json:"-" additionalProperties:"true"`
		To      string   `json:"to,omitempty" example:"max@example.com"`
		Subject string   `json:"subject,omitempty" example:"Willkommen!"`
		Body    string   `json:"body,omitempty" example:"Hallo Max"`
		Broken  bool     `json:"broken,omitempty" doc:"A task that no worker can carry out, so that it dies; the other members do not count."`
	} `nameHint:"DemoMail"`
}

type taskIDBody struct {
	ID string `json:"id" doc:"Id of the task in email_queue."`
}

type taskIDOutput struct {
	Body taskIDBody
}

func (a *api) demoMailRoute() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "enqueue-demo-mail", Method: http.MethodPost, Path: "/demo/mails",
		Summary:     "Have a worker of the demo deliver a mail",
		Description: "It arrives in the demo's mailbox. The route does not exist in production.",
		Tags:        []string{tagDemo}, DefaultStatus: http.StatusAccepted, MaxBodyBytes: -1,
		Errors: []int{http.StatusServiceUnavailable},
	}, a.enqueueDemoMail)
}

func (a *api) enqueueDemoMail(ctx context.Context, in *demoMailInput) (*taskIDOutput, error) {
	var id string
	var err error
	if in.Body.Broken {
		id, err = a.Mailbox.EnqueueBroken(ctx)
	} else {
		id, err = a.Mailbox.Enqueue(ctx, in.Body.To, in.Body.Subject, in.Body.Body)
	}
	if err != nil {
		return nil, err
	}
	return &taskIDOutput{taskIDBody{id}}, nil
}
