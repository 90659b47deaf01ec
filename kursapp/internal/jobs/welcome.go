package jobs

import (
	"context"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/queue"
)

// Welcome puts the mail that greets a new user into [MailQueue]. It is a
// kurs.WelcomeMailer.
type Welcome struct{ queue *queue.Queue }

var _ kurs.WelcomeMailer = (*Welcome)(nil)

// NewWelcome returns a Welcome for the queue, which is MailQueue.
func NewWelcome(q *queue.Queue) *Welcome { return &Welcome{queue: q} }

// Enqueue returns nil once Redis has the task. After an error it may have it all
// the same.
func (w *Welcome) Enqueue(ctx context.Context, u kurs.User) error {
	return w.queue.Enqueue(ctx, welcomeMail(u))
}

// Withdraw takes the task back if no worker has claimed it yet, and is nil also
// when there is none.
func (w *Welcome) Withdraw(ctx context.Context, u kurs.User) error {
	_, err := w.queue.Remove(ctx, welcomeMail(u))
	return err
}

// welcomeMail depends on the user alone: Withdraw finds the task by its bytes.
func welcomeMail(u kurs.User) Mail {
	return Mail{To: u.Email, Subject: welcomeSubject, Body: welcomeBody(u.Name)}
}
