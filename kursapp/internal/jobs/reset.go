package jobs

import (
	"context"
	"fmt"

	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/queue"
)

// PasswordResetTask is the task of the mail for a forgotten password, for
// [AccountMailQueue]. It carries no token; that of the user 0, whom nobody is, does
// nothing.
func PasswordResetTask(userID int64) outbox.Task {
	return outbox.Task{Queue: AccountMailQueue, Payload: accountMail{Kind: kindResetPassword, UserID: userID}, Durable: true}
}

// PasswordChangedTask is the task of the mail that tells a user of a new password, for
// [MailQueue]. It is committed with that password.
func PasswordChangedTask(name, email string) outbox.Task {
	return outbox.Task{
		Queue:   MailQueue,
		Payload: Mail{To: email, Subject: changedSubject, Body: passwordChangedBody(name)},
		Durable: true,
	}
}

// EmailChangedTask is the task of the mail that tells a user's old address of a new
// one, for [MailQueue]. It is committed with the new address, and does not name it: the
// old mailbox may have another reader by now.
func EmailChangedTask(name, oldEmail string) outbox.Task {
	return outbox.Task{
		Queue:   MailQueue,
		Payload: Mail{To: oldEmail, Subject: emailChangedSubject, Body: emailChangedBody(name)},
		Durable: true,
	}
}

// resetPassword sends the mail for a forgotten password.
func (h accountMails) resetPassword(ctx context.Context, t queue.Task, userID int64) error {
	if userID == 0 {
		return nil // somebody asked for an address that has no account
	}
	u, token, err := h.accounts.BeginPasswordReset(ctx, userID)
	if err != nil {
		return beginFailed("reset password", err)
	}
	m := Mail{
		To: u.Email, Subject: resetSubject, Body: resetBody(u.Name, h.publicURL, token), ID: messageID(AccountMailQueue, t),
	}
	if err := m.Validate(); err != nil { // an address that was entered by hand
		return queue.Permanent(fmt.Errorf("jobs: reset password: %w", err))
	}
	return h.sender.Send(ctx, m)
}
