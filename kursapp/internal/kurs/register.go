package kurs

import (
	"context"
	"errors"
	"time"
)

// settleTimeout bounds what follows a registration that failed late: finding
// out whether it was committed, and taking the welcome mail back.
const settleTimeout = 2 * time.Second

// Registration is what a person enters to get an account.
type Registration struct {
	Name, Email, Password string
	// ClientPrefix is the client's address as ratelimit.ClientPrefix returns
	// it.
	ClientPrefix string
}

// Register creates an account with RoleUser and has the welcome mail sent:
// both or neither.
//
// It fails with CodeInvalid, CodeRateLimited (20 a minute for each client,
// charged before the password is hashed), ErrEmailTaken, and CodeUnavailable
// when the database, Redis or a turn at hashing cannot be had; then no
// account was created, except where the database was lost in the middle of the
// commit and could not be asked afterwards either: then the account may exist,
// and the mail is sent in any case.
func (a *Accounts) Register(ctx context.Context, r Registration) (User, error) {
	const op = "register"
	n, err := validateRegistration(r)
	if err != nil {
		return User{}, err
	}
	if _, err := take(ctx, a.limiter, r.ClientPrefix, registerRule()); err != nil {
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

// create stores the account and enqueues its mail before the commit. Where
// something fails once the mail may be in the queue, it is taken back.
func (a *Accounts) create(ctx context.Context, n NewAccount) (User, error) {
	const op = "create account"
	var greeted User
	var enqueueFailed bool
	u, err := a.store.CreateUser(ctx, n, func(ctx context.Context, u User) error {
		greeted = u
		if err := a.welcome.Enqueue(ctx, u); err != nil {
			enqueueFailed = true
			return unavailable("enqueue welcome mail", 0, err)
		}
		return nil
	})
	if err == nil {
		// That there is no such user may be remembered, and pages lack it.
		a.users.invalidate(ctx, u.ID)
		return u, nil
	}
	if greeted.ID == 0 { // it failed before the mail
		return User{}, wrap(op, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if !enqueueFailed {
		switch committed, askErr := a.committed(ctx, n); {
		case askErr != nil:
			// The account may exist, and a mail too many does less harm than a
			// person who is never greeted.
			a.log.WarnContext(ctx, "unknown whether an account was created; its welcome mail stays", "error", askErr)
			a.users.invalidate(ctx, greeted.ID)
			return User{}, wrap(op, err)
		case committed:
			a.users.invalidate(ctx, greeted.ID)
			return greeted, nil
		}
	}
	if withdrawErr := a.welcome.Withdraw(ctx, greeted); withdrawErr != nil {
		a.log.WarnContext(ctx, "the welcome mail of an account that was not created may be sent", "error", withdrawErr)
	}
	return User{}, wrap(op, err)
}

// committed reports whether a commit that returned an error took place all
// the same, as it may when the connection broke while the answer was on its
// way. The random salt in the hash tells this registration from any other. It
// fails where the store cannot be asked: then nothing is known.
func (a *Accounts) committed(ctx context.Context, n NewAccount) (bool, error) {
	account, err := a.store.AccountByEmail(ctx, n.Email)
	if errors.Is(err, ErrUserNotFound) {
		return false, nil
	}
	return err == nil && account.PasswordHash == n.PasswordHash, err
}
