package kurs

import (
	"context"
	"errors"
	"strconv"
)

// errNoConfirmer means that the service was built without a way to have
// addresses confirmed.
var errNoConfirmer = errors.New("no mails can be sent to confirm an address")

// Update gives a user a name and an address and returns the user as it is in
// force afterwards. After it returned, no read sees the older user.
//
// In production a user's own new address waits for confirmation by mail: the
// name counts at once, the answer shows the old address. An administrator's
// change, on itself too, and everyone's in the demo counts at once. When the new
// address is in force, a mail tells the old one.
//
// It fails with ErrNoToken or ErrForbidden (Actor.MayChange), CodeInvalid,
// ErrUserNotFound, ErrSessionInvalid (the password or the role has changed since), ErrEmailTaken, CodeRateLimited (too many new addresses) and
// CodeUnavailable; then nothing is changed. Redis being gone is no failure,
// except where a mail has to be sent: it goes through the queue.
func (u *Users) Update(ctx context.Context, actor Actor, id int64, name, email string) (User, error) {
	if err := actor.MayChange(id); err != nil {
		return User{}, err
	}
	ctx = by(ctx, actor)
	name, err := ValidateName(name)
	if err != nil {
		return User{}, err
	}
	email, err = ValidateEmail(email)
	if err != nil {
		return User{}, err
	}
	if actor.ChangesEmailAtOnce() {
		return u.write(ctx, id, func() (User, error) {
			return u.store.UpdateUser(ctx, id, name, email, u.tellOldAddress()...)
		})
	}
	current, err := u.store.Account(ctx, id)
	if err != nil {
		return User{}, wrap("update user", err)
	}
	// A session that has ended since the request was let in must not leave a code behind
	// with which its thief takes the account over.
	if actor.Session != nil && actor.Session.Data.CredentialsVersion != current.CredentialsVersion {
		return User{}, ErrSessionInvalid
	}
	// Another spelling of the same address is another address here: it goes
	// the same way, which is safe whatever the mail server makes of case.
	if email != current.Email {
		if err := u.requestEmail(ctx, current, email); err != nil {
			return User{}, err
		}
	}
	return u.write(ctx, id, func() (User, error) { return u.store.RenameUser(ctx, id, name) })
}

// requestEmail has the owner of a new address asked to confirm it. It comes
// before the name is changed, so that a failure leaves everything as it was;
// the mail of a request whose name could not be stored does no harm.
func (u *Users) requestEmail(ctx context.Context, account Account, email string) error {
	const op = "request change of address"
	if u.confirm == nil || u.limiter == nil {
		return unavailable(op, 0, errNoConfirmer)
	}
	// Before the look whether the address is taken: otherwise a user could
	// ask for any number of addresses whether they have an account.
	if err := take(ctx, u.limiter, strconv.FormatInt(account.ID, 10), u.policies.rule(limitEmailChange)); err != nil {
		return wrap(op, err)
	}
	owner, err := u.store.AccountByEmail(ctx, email)
	switch {
	case err == nil && owner.ID != account.ID:
		return ErrEmailTaken
	case err != nil && !errors.Is(err, ErrUserNotFound):
		return wrap(op, err)
	}
	if err := u.confirm.RequestConfirmation(ctx, account.ID, email, account.CredentialsVersion); err != nil {
		return unavailable(op, 0, err)
	}
	return nil
}

// write changes a user's row and makes the cache forget the user. An error
// that leaves open whether the database has committed counts as a change too.
func (u *Users) write(ctx context.Context, id int64, change func() (User, error)) (User, error) {
	changed, err := change()
	if !unchanged(err) {
		u.invalidate(ctx, id)
	}
	if err != nil {
		return User{}, wrap("update user", err)
	}
	return changed, nil
}

// unchanged reports whether err says for certain that nothing was written.
func unchanged(err error) bool {
	switch CodeOf(err) {
	case CodeUserNotFound, CodeEmailTaken, CodeInvalid, CodeLastAdmin:
		return true
	default:
		return false
	}
}

// Delete removes a user. When it returns, the cache has forgotten the user
// and the user's sessions have ended.
//
// It fails with ErrNoToken or ErrForbidden (Actor.MayDelete), ErrUserNotFound,
// ErrLastAdmin where no administrator would be left, but in the demo, whose users are
// anybody's, and CodeUnavailable when the database cannot be asked. Redis being gone is
// no failure: nobody is let in then but from memory, for MaxStaleness at most, and once
// it is back the outbox ends the sessions. Ids are never used again.
func (u *Users) Delete(ctx context.Context, actor Actor, id int64) error {
	if err := actor.MayDelete(id); err != nil {
		return err
	}
	ctx = by(ctx, actor)
	remove := u.store.RemoveUser
	if actor.Demo {
		remove = u.store.DeleteUser
	}
	err := remove(ctx, id)
	if !unchanged(err) {
		u.invalidate(ctx, id)
	}
	if err != nil {
		return wrap("delete user", err)
	}
	if err := u.sessions.RevokeAll(context.WithoutCancel(ctx), id); err != nil {
		u.log.WarnContext(ctx, "sessions of a deleted user could not be ended at once; the outbox ends them",
			"user", id, "error", err)
	}
	return nil
}
