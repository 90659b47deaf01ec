package kurs

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/speedlayer/speedlayer/ratelimit"
)

// PasswordResetLifetime is how long the token for a forgotten password works, from the
// moment its mail is made.
const PasswordResetLifetime = 30 * time.Minute

// maxResetToken bounds, in bytes, what ResetPassword takes for a token.
const maxResetToken = 256

// RequestPasswordReset has a mail with a one-time token sent to the address, where it
// belongs to an account. It does the same work where it does not: one look and one
// task, which then is about nobody. So neither its answer nor its time tells.
//
// It fails with CodeInvalid for what is no address, CodeRateLimited (by default 10 in
// ten minutes for each client, 5 in an hour for each address) and CodeUnavailable; then no mail
// will come, except where the commit got no answer.
func (a *Accounts) RequestPasswordReset(ctx context.Context, email, clientPrefix string) error {
	const op = "request password reset"
	email, err := ValidateEmail(email)
	if err != nil {
		return err
	}
	policy := a.policies.Current()
	result, err := a.limiter.TakeEach(ctx,
		ratelimit.Charge{Subject: clientPrefix, Rules: []ratelimit.Rule{policy.rule(limitResetAddress)}},
		ratelimit.Charge{Subject: ratelimit.HashSubject(email), Rules: []ratelimit.Rule{policy.rule(limitResetAccount)}},
	)
	if err := refusal(result, err); err != nil {
		return wrap(op, err)
	}
	account, err := a.store.AccountByEmail(ctx, email)
	if err != nil && !errors.Is(err, ErrUserNotFound) {
		return wrap(op, err)
	}
	if err := a.store.Enqueue(ctx, a.passwordReset(account.ID)); err != nil {
		return wrap(op, err)
	}
	a.audit.note(ctx, AuditResetRequested, account.ID)
	return nil
}

// BeginPasswordReset makes a one-time token for a user who forgot the password, and
// returns it with the user to mail it to; it replaces an earlier one. The handler of
// the mail calls it, so that the token exists only in that mail: the task carries none,
// and the database keeps its SHA-256 digest.
//
// It fails with ErrUserNotFound and CodeUnavailable.
func (a *Accounts) BeginPasswordReset(ctx context.Context, userID int64) (u User, token string, err error) {
	const op = "begin password reset"
	// Before the address is read: where that changes in between, the token is void.
	token = rand.Text() // 130 bits
	reset := PasswordReset{UserID: userID, ExpiresAt: a.now().Add(PasswordResetLifetime)}
	if err := a.store.SetPasswordReset(ctx, reset, tokenDigest(token)); err != nil {
		return User{}, "", wrap(op, err)
	}
	if u, err = a.store.User(ctx, userID); err != nil {
		return User{}, "", wrap(op, err)
	}
	return u, token, nil
}

// NewPassword is what a person enters who forgot the old one.
type NewPassword struct {
	Token, Password string
	// ClientPrefix is the client's address as ratelimit.ClientPrefix returns it.
	ClientPrefix string
}

// ResetPassword gives the user whom token was mailed to another password and ends all
// its sessions; a mail tells the user. A token works once, and not after the password
// or the address was changed another way.
//
// It fails with CodeInvalid for a password that is none (the token still works then),
// CodeRateLimited (20 in ten minutes for each client by default), ErrResetFailed
// whatever is wrong with the token, and CodeUnavailable.
func (a *Accounts) ResetPassword(ctx context.Context, n NewPassword) error {
	const op = "reset password"
	if _, err := ValidatePassword(n.Password); err != nil {
		return err
	}
	if err := take(ctx, a.limiter, n.ClientPrefix, a.policies.rule(limitResetToken)); err != nil {
		return wrap(op, err)
	}
	if n.Token == "" || len(n.Token) > maxResetToken {
		return ErrResetFailed
	}
	digest := tokenDigest(n.Token)
	// Before the hash, which is expensive. What counts is the second look.
	u, err := a.store.PasswordReset(ctx, digest, a.now())
	if err != nil {
		return wrap(op, err)
	}
	next, err := a.hasher.Hash(ctx, n.Password)
	if err != nil {
		return wrap(op, err)
	}
	_, err = a.store.ResetPassword(byCode(ctx), digest, a.now(), next, a.passwordChanged(u.Name, u.Email))
	if errors.Is(err, ErrOutcomeUnknown) {
		_, err = a.hasHash(ctx, u.ID, next, err)
	}
	if err != nil {
		return wrap(op, err)
	}
	a.endAll(ctx, u.ID)
	return nil
}
