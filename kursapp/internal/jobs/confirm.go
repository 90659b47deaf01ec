package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/queue"
)

// The kinds of tasks in AccountMailQueue.
const (
	kindConfirmEmail  = "confirm_email"
	kindResetPassword = "reset_password"
)

// unavailableDelay is how long a task waits while the database cannot be asked.
const unavailableDelay = 5 * time.Second

// accountMail is the payload of a task in AccountMailQueue.
type accountMail struct {
	Kind     string `json:"kind"`
	UserID   int64  `json:"user_id"`
	NewEmail string `json:"new_email,omitempty"`
	// Version is the kurs.Account.CredentialsVersion at the request.
	Version int64 `json:"version,omitempty"`
}

// Confirmations puts the request to confirm a new address into
// [AccountMailQueue]. It is a kurs.EmailConfirmer.
type Confirmations struct{ queue *queue.Queue }

var _ kurs.EmailConfirmer = (*Confirmations)(nil)

// NewConfirmations returns a Confirmations for the queue, which is
// AccountMailQueue.
func NewConfirmations(q *queue.Queue) *Confirmations { return &Confirmations{queue: q} }

// RequestConfirmation returns nil once Redis has the task, which carries no token.
// After an error Redis may have it all the same.
func (c *Confirmations) RequestConfirmation(ctx context.Context, userID int64, newEmail string, version int64) error {
	return c.queue.Enqueue(ctx, accountMail{kindConfirmEmail, userID, newEmail, version})
}

// Accounts is what the handler of account mails needs of the domain; kurs.Accounts is
// one. Its errors are *kurs.Error.
type Accounts interface {
	// BeginEmailChange remembers the digest of a new one-time token, valid for 24
	// hours, and returns the token. It replaces an earlier one of the user.
	// kurs.ErrConfirmationFailed says that the request is void by now.
	BeginEmailChange(ctx context.Context, userID int64, newEmail string, version int64) (token string, err error)
	// BeginPasswordReset does the same for a token that is valid for 30 minutes, and
	// returns the user to mail it to.
	BeginPasswordReset(ctx context.Context, userID int64) (u kurs.User, token string, err error)
}

// AccountMailHandler returns the handler of [AccountMailQueue]. publicURL is where
// people reach the service, as "https://kurs.example.com".
//
// A token is made while its mail is made: nothing but the mail ever holds it.
// When the task runs again, a new token replaces that of the mail before.
func AccountMailHandler(sender Sender, accounts Accounts, publicURL string) queue.Handler {
	return accountMails{sender, accounts, publicURL}.handle
}

type accountMails struct {
	sender    Sender
	accounts  Accounts
	publicURL string
}

func (h accountMails) handle(ctx context.Context, t queue.Task) error {
	var task accountMail
	if err := json.Unmarshal(t.Payload, &task); err != nil {
		return queue.Permanent(errors.New(`jobs: the task is no object {"kind","user_id","new_email","version"}`))
	}
	switch task.Kind {
	case kindConfirmEmail:
		return h.confirmEmail(ctx, t, task)
	case kindResetPassword:
		return h.resetPassword(ctx, t, task.UserID)
	default:
		return queue.Permanent(errors.New("jobs: the kind of the task is unknown"))
	}
}

// confirmEmail sends the mail that asks to confirm a new address.
func (h accountMails) confirmEmail(ctx context.Context, t queue.Task, task accountMail) error {
	const op = "confirm address"
	// Before the token: an earlier one must not be replaced in vain.
	m := Mail{To: task.NewEmail, Subject: confirmSubject, ID: messageID(AccountMailQueue, t)}
	if err := m.Validate(); err != nil {
		return queue.Permanent(fmt.Errorf("jobs: %s: %w", op, err))
	}
	token, err := h.accounts.BeginEmailChange(ctx, task.UserID, task.NewEmail, task.Version)
	if err != nil {
		return beginFailed(op, err)
	}
	m.Body = confirmBody(h.publicURL, token)
	return h.sender.Send(ctx, m)
}

// beginFailed decides what becomes of a task whose token could not be made.
func beginFailed(op string, err error) error {
	switch kurs.CodeOf(err) {
	case kurs.CodeUserNotFound, kurs.CodeConfirmationFailed:
		return nil // deleted meanwhile, or void; nobody waits for the mail
	case kurs.CodeUnavailable:
		return queue.Postpone(unavailableDelay) // no fault of the task
	case kurs.CodeInvalid:
		return queue.Permanent(fmt.Errorf("jobs: %s: %w", op, err))
	default:
		return fmt.Errorf("jobs: %s: %w", op, err)
	}
}
