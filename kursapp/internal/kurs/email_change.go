package kurs

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"time"
)

// EmailChangeLifetime is how long a new address waits for its confirmation.
const EmailChangeLifetime = 24 * time.Hour

// maxConfirmationToken bounds, in bytes, what ConfirmEmail takes for a token.
const maxConfirmationToken = 256

// BeginEmailChange remembers that a user wants a new address and returns the
// one-time token that ConfirmEmail takes; it replaces an earlier one of the
// user. The handler of the confirmation mail calls it, so that the token
// exists only in that mail: the task in Redis carries none, and the database
// keeps its SHA-256 digest. version is the Account.CredentialsVersion at the request.
//
// It fails with CodeInvalid for what is no address, ErrUserNotFound,
// ErrConfirmationFailed where the password or the role was changed since the request,
// and CodeUnavailable.
func (a *Accounts) BeginEmailChange(ctx context.Context, userID int64, newEmail string, version int64) (token string, err error) {
	const op = "begin change of address"
	newEmail, err = ValidateEmail(newEmail)
	if err != nil {
		return "", err
	}
	token = rand.Text() // 130 bits
	change := EmailChange{UserID: userID, NewEmail: newEmail, ExpiresAt: a.now().Add(EmailChangeLifetime)}
	if err := a.store.SetEmailChange(ctx, change, tokenDigest(token)); err != nil {
		return "", wrap(op, err)
	}
	// Afterwards: where the version changes in between, the token is void.
	account, err := a.store.Account(ctx, userID)
	if err == nil && account.CredentialsVersion != version {
		err = ErrConfirmationFailed
	}
	if err != nil {
		return "", wrap(op, err)
	}
	return token, nil
}

// ConfirmEmail puts the address that was waiting under token into force and
// returns the user with it. A token works once. A mail tells the old address.
//
// It fails with ErrConfirmationFailed when the token is unknown, used, expired, or
// void because the address or the password was changed another way, ErrEmailTaken when
// somebody else got the address meanwhile, CodeRateLimited (20 in ten minutes by
// default for each client that OriginOf(ctx) names) and CodeUnavailable.
func (a *Accounts) ConfirmEmail(ctx context.Context, token string) (User, error) {
	const op = "confirm address"
	if token == "" || len(token) > maxConfirmationToken {
		return User{}, ErrConfirmationFailed
	}
	if o, known := OriginOf(ctx); known && o.ClientAddress != "" {
		if err := take(ctx, a.limiter, o.ClientAddress, a.policies.rule(limitConfirmToken)); err != nil {
			return User{}, wrap(op, err)
		}
	}
	u, err := a.store.ConfirmEmailChange(byCode(ctx), tokenDigest(token), a.now(), a.users.tellOldAddress()...)
	if err != nil {
		return User{}, wrap(op, err)
	}
	a.users.invalidate(ctx, u.ID)
	return u, nil
}

func tokenDigest(token string) []byte {
	digest := sha256.Sum256([]byte(token))
	return digest[:]
}
