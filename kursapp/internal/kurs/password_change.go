package kurs

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"
)

// endTimeout bounds what follows the change of a password: ending the sessions.
const endTimeout = 5 * time.Second

// PasswordChange is what a person enters to get another password.
type PasswordChange struct {
	Old, New string
	// ClientPrefix is the client's address as ratelimit.ClientPrefix returns it.
	ClientPrefix string
	// UserAgent is as in Login.
	UserAgent string
}

// ChangePassword gives the user who is logged in another password, ends all its
// sessions and begins a new one. A mail tells the user.
//
// It fails with ErrNoToken where nobody is logged in; CodeInvalid for a new password
// that is none, or an old one that is wrong (FieldOldPassword, RuleWrong); with
// CodeRateLimited as Login does, whose limits it shares: a stolen session is no way
// to more guesses; ErrSessionInvalid where the user is gone, or the password was
// changed once more meanwhile; and CodeUnavailable. Redis is asked before anything is
// changed. Should it go away in the middle, the password is changed all the same, and
// the user has to log in.
func (a *Accounts) ChangePassword(ctx context.Context, actor Actor, c PasswordChange) (LoginResult, error) {
	const op = "change password"
	if err := actor.MayChangePassword(); err != nil {
		return LoginResult{}, err
	}
	ctx = WithOrigin(ctx, Origin{Actor: actor.UserID, ClientAddress: c.ClientPrefix, UserAgent: c.UserAgent})
	if err := validateAs(FieldNewPassword, c.New); err != nil {
		return LoginResult{}, err
	}
	account, err := a.ownAccount(ctx, actor)
	if err != nil {
		return LoginResult{}, wrap(op, err)
	}
	charge, err := a.chargeLogin(ctx, Login{Email: account.Email, ClientPrefix: c.ClientPrefix})
	if err != nil {
		if CodeOf(err) == CodeRateLimited {
			a.audit.note(ctx, AuditLoginLimited, account.ID)
		}
		return LoginResult{}, wrap(op, err)
	}
	next, err := a.replacePassword(ctx, account, c)
	if err != nil {
		if CodeOf(err) == CodeInvalid {
			a.audit.note(ctx, AuditLoginFailed, account.ID)
		} else {
			a.refund(ctx, charge) // the password was right, or was not looked at
		}
		return LoginResult{}, wrap(op, err)
	}
	a.refund(ctx, charge)
	// From here on it is done, whatever becomes of the caller.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	remember := actor.Session != nil && actor.Session.Remembered
	result, err := a.beginAnew(ctx, account.ID, next, newDevice(c.UserAgent, c.ClientPrefix), remember)
	if err != nil {
		return LoginResult{}, wrap(op, err)
	}
	return result, nil
}

// ownAccount returns the account of who is logged in.
func (a *Accounts) ownAccount(ctx context.Context, actor Actor) (Account, error) {
	account, err := a.store.Account(ctx, actor.UserID)
	if errors.Is(err, ErrUserNotFound) {
		return Account{}, ErrSessionInvalid
	}
	return account, err
}

// replacePassword proves the old password and stores the new one; it returns its hash.
// A login may store a better hash of the old one meanwhile: then it looks again, once.
func (a *Accounts) replacePassword(ctx context.Context, account Account, c PasswordChange) (next string, err error) {
	wrong := invalid(FieldOldPassword, RuleWrong)
	if c.Old == "" || utf8.RuneCountInString(c.Old) > MaxPasswordLength {
		return "", wrong // no account has it
	}
	// Nobody gets a new password and no session.
	if _, err := a.sessions.Epoch(ctx, account.ID); err != nil {
		return "", err
	}
	for range 2 {
		ok, _, err := a.verify(ctx, account, c.Old)
		if err != nil {
			return "", err
		}
		if !ok {
			return "", wrong
		}
		if next == "" {
			if next, err = a.hasher.Hash(ctx, c.New); err != nil {
				return "", err
			}
		}
		changed, err := a.store.ChangePassword(ctx, account.ID, account.PasswordHash, next, a.passwordChanged(account.Name, account.Email))
		if errors.Is(err, ErrOutcomeUnknown) {
			changed, err = a.hasHash(ctx, account.ID, next, err)
		}
		if err != nil || changed {
			return next, err
		}
		if account, err = a.ownAccount(ctx, Actor{UserID: account.ID}); err != nil {
			return "", err
		}
	}
	return "", wrong
}

// hasHash looks whether a commit without an answer, which is err, took place: the
// random salt tells one hash from any other.
func (a *Accounts) hasHash(ctx context.Context, id int64, hash string, err error) (bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	account, found := a.store.Account(ctx, id)
	if found != nil || account.PasswordHash != hash {
		return false, err
	}
	return true, nil
}

// beginAnew ends all sessions of a user who has just got the password with this hash,
// and begins one. A password that was changed once more ends this session too.
func (a *Accounts) beginAnew(ctx context.Context, id int64, hash string, d device, remember bool) (LoginResult, error) {
	proof, err := a.prove(ctx, id, func(account Account) (ok, needsRehash bool, err error) {
		return account.PasswordHash == hash, false, nil
	})
	if errors.Is(err, ErrBadCredentials) {
		return LoginResult{}, ErrSessionInvalid
	}
	if err != nil {
		return LoginResult{}, err
	}
	return a.begin(ctx, proof, d, remember)
}

// endAll ends all sessions of a user whose password is another one by now. Where Redis
// is away, the outbox ends them later.
func (a *Accounts) endAll(ctx context.Context, id int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if err := a.endSessions(ctx, []int64{id})[0]; err != nil {
		a.log.WarnContext(ctx, "sessions of a user with a new password could not be ended at once", "user", id, "error", err)
	}
}
