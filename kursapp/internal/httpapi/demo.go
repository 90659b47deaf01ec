package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Mail is a mail that the demo delivered into its own mailbox.
type Mail struct {
	To         string    `json:"to"`
	Subject    string    `json:"subject"`
	Body       string    `json:"body"`
	ReceivedAt time.Time `json:"received_at"`
}

// Mailbox holds the mails of the demo.
type Mailbox interface {
	// Mails returns what has been delivered, the newest first. The caller may
	// keep the slice. The error is a *kurs.Error.
	Mails(ctx context.Context) ([]Mail, error)
	// Enqueue has a mail delivered, and returns the id of its task. The error is a
	// *kurs.Error.
	Enqueue(ctx context.Context, to, subject, body string) (id string, err error)
	// EnqueueBroken adds a task that no worker can carry out.
	EnqueueBroken(ctx context.Context) (id string, err error)
}

type mailsBody struct {
	Mails []Mail `json:"mails" nullable:"false" doc:"The newest first."`
}

type mailsOutput struct {
	Body mailsBody
}

func (a *api) demoRoutes() {
	a.demoMailRoute()
	huma.Register(a.huma, huma.Operation{
		OperationID: "demo-mails", Method: http.MethodGet, Path: "/demo/mails",
		Summary:     "Read the mails of the demo",
		Description: "The demo sends no mail; it keeps them here. The route does not exist in production.",
		Tags:        []string{tagDemo},
	}, func(ctx context.Context, _ *struct{}) (*mailsOutput, error) {
		mails, err := a.Mailbox.Mails(ctx)
		if err != nil {
			return nil, err
		}
		if mails == nil {
			mails = []Mail{}
		}
		return &mailsOutput{mailsBody{mails}}, nil
	})
}
