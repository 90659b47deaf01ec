package kurs

import (
	"context"
	"errors"
	"time"
)

// settleTimeout bounds what follows a commit without an answer: finding out whether
// it took place.
const settleTimeout = 2 * time.Second

// Registration is what a person enters to get an account.
type Registration struct {
	Name, Email, Password string
	// ClientPrefix is the client's address as ratelimit.ClientPrefix returns
	// it.
	ClientPrefix string
}

// Register creates an account with RoleUser and commits the task of the welcome mail
// with it: both or neither. The mail goes out once Redis is there.
//
// It fails with CodeInvalid, CodeRateLimited (20 a minute for each client by
// default, charged before the password is hashed), ErrEmailTaken, and CodeUnavailable
// when the database, the limiter's Redis or a turn at hashing cannot be had; then
// nothing was created, except where the database was lost in the middle of the commit
// and could not be asked afterwards either: then there may be the account, with its
// mail.
func (a *Accounts) Register(ctx context.Context, r Registration) (User, error) {
	const op = "register"
	n, err := validateRegistration(r)
	if err != nil {
		return User{}, err
	}
	if err := take(ctx, a.limiter, r.ClientPrefix, a.policies.rule(limitRegister)); err != nil {
		return User{}, wrap(op, err)
	}
	// The store refuses a taken address itself; asking first saves the hash.
	_, err = a.store.AccountByEmail(ctx, n.Email)
	switch {
	case err == nil:
		return User{}, ErrEmailTaken
	case !errors.Is(err, ErrUserNotFound):
		return User{}, wrap(op, err)
	}
	o, _ := OriginOf(ctx)
	o.ClientAddress = r.ClientPrefix
	ctx = WithOrigin(ctx, o)
	// Outside of the transaction: it waits and computes for long.
	if n.PasswordHash, err = a.hasher.Hash(ctx, r.Password); err != nil {
		return User{}, wrap(op, err)
	}
	return a.create(ctx, n)
}

func validateRegistration(r Registration) (NewAccount, error) {
	name, err := ValidateName(r.Name)
	if err != nil {
		return NewAccount{}, err
	}
	email, err := ValidateEmail(r.Email)
	if err != nil {
		return NewAccount{}, err
	}
	if _, err := ValidatePassword(r.Password); err != nil {
		return NewAccount{}, err
	}
	return NewAccount{Name: name, Email: email, Role: RoleUser}, nil
}

// create stores the account with the task of its mail.
func (a *Accounts) create(ctx context.Context, n NewAccount) (User, error) {
	u, err := a.store.CreateUser(ctx, n, a.welcome(n.Name, n.Email))
	if errors.Is(err, ErrOutcomeUnknown) {
		var found bool
		if u, found = a.committed(ctx, n); found {
			err = nil
		}
	}
	if err != nil {
		return User{}, wrap("create account", err)
	}
	// That there is no such user may be remembered, and pages lack it. The outbox
	// says so too; this is so that the person sees it at once.
	a.users.invalidate(ctx, u.ID)
	return u, nil
}

// committed looks whether a commit without an answer took place all the same. The
// random salt in the hash tells this registration from any other.
func (a *Accounts) committed(ctx context.Context, n NewAccount) (User, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	account, err := a.store.AccountByEmail(ctx, n.Email)
	if err != nil && !errors.Is(err, ErrUserNotFound) {
		a.log.WarnContext(ctx, "unknown whether an account was created", "error", err)
	}
	return account.User, err == nil && account.PasswordHash == n.PasswordHash
}
