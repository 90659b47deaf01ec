package app

import (
	"context"
	"strings"

	"github.com/speedlayer/speedlayer/kursapp/internal/httpapi"
	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/queue"
)

// mailbox shows the demo's mails to the HTTP side, and has some delivered.
type mailbox struct {
	*jobs.Mailbox
	queue *queue.Queue
}

var _ httpapi.Mailbox = mailbox{}

func (m mailbox) Mails(ctx context.Context) ([]httpapi.Mail, error) {
	delivered, err := m.List(ctx)
	if err != nil {
		return nil, &kurs.Error{Code: kurs.CodeUnavailable, Err: err}
	}
	mails := make([]httpapi.Mail, len(delivered))
	for i, d := range delivered {
		mails[i] = httpapi.Mail{To: d.To, Subject: d.Subject, Body: d.Body, ReceivedAt: d.DeliveredAt}
	}
	return mails, nil
}

// Enqueue refuses what no worker could deliver, and names the part that is wrong.
func (m mailbox) Enqueue(ctx context.Context, to, subject, body string) (string, error) {
	mail := jobs.Mail{To: to, Subject: subject, Body: body}
	for _, part := range []struct {
		field string
		of    jobs.Mail
		empty bool
	}{
		{"to", jobs.Mail{To: to, Subject: "-"}, to == ""},
		{"subject", jobs.Mail{To: "max@example.com", Subject: subject}, strings.TrimSpace(subject) == ""},
		{"body", mail, false},
	} {
		switch err := part.of.Validate(); {
		case part.empty:
			return "", &kurs.Error{Code: kurs.CodeInvalid, Field: part.field, Rule: kurs.RuleRequired}
		case err != nil:
			return "", &kurs.Error{Code: kurs.CodeInvalid, Field: part.field, Rule: kurs.RuleUnknown, Err: err}
		}
	}
	return m.add(ctx, mail)
}

// EnqueueBroken adds a mail to nobody, which its handler gives up at once.
func (m mailbox) EnqueueBroken(ctx context.Context) (string, error) {
	return m.add(ctx, jobs.Mail{Subject: "Diese E-Mail hat keinen Empfänger", Body: "Deshalb kann sie niemand zustellen."})
}

func (m mailbox) add(ctx context.Context, mail jobs.Mail) (string, error) {
	added, err := m.queue.Add(ctx, queue.NewTask{Payload: mail})
	if err != nil {
		return "", &kurs.Error{Code: kurs.CodeUnavailable, Err: err}
	}
	return added[0].ID, nil
}
