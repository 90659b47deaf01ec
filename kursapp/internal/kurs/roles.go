package kurs

import (
	"context"
	"errors"
	"time"
)

// FieldRole is the JSON name of an account's role.
const FieldRole = "role"

// AccountView is what operators see of an account beside its user.
type AccountView struct {
	ID        int64
	Role      Role
	CreatedAt time.Time
	// HasPassword is false where nobody can log in with it.
	HasPassword bool
}

// Account returns what operators see of the account with this id.
//
// It fails with ErrNoToken or ErrForbidden (Actor.MayReadAccount), ErrUserNotFound and
// CodeUnavailable.
func (a *Accounts) Account(ctx context.Context, actor Actor, id int64) (AccountView, error) {
	if err := actor.MayReadAccount(); err != nil {
		return AccountView{}, err
	}
	account, err := a.store.Account(ctx, id)
	if err != nil {
		return AccountView{}, wrap("read an account", err)
	}
	return account.view(), nil
}

func (a Account) view() AccountView {
	return AccountView{ID: a.ID, Role: a.Role, CreatedAt: a.CreatedAt, HasPassword: a.PasswordHash != ""}
}

// ChangeRole gives an account a role, which ends all its sessions: the next login has
// it. The role that it has already changes nothing.
//
// It fails with ErrNoToken or ErrForbidden (Actor.MayChangeRole), CodeInvalid,
// ErrSessionInvalid (the actor's own role or password has changed since),
// ErrUserNotFound, ErrLastAdmin where no administrator would be left, and CodeUnavailable
// where the database cannot be asked. Redis being gone is no failure: nobody is let in
// then but from memory, for MaxStaleness at most, and once it is back the outbox ends
// the sessions.
func (a *Accounts) ChangeRole(ctx context.Context, actor Actor, id int64, role Role) (AccountView, error) {
	const op = "change a role"
	if err := actor.MayChangeRole(); err != nil {
		return AccountView{}, err
	}
	if !role.known() {
		return AccountView{}, invalid(FieldRole, RuleUnknown)
	}
	if err := a.still(ctx, actor); err != nil {
		return AccountView{}, wrap(op, err)
	}
	if err := a.store.ChangeRole(by(ctx, actor), id, role); err != nil {
		return AccountView{}, wrap(op, err)
	}
	account, err := a.store.Account(ctx, id)
	if err != nil {
		return AccountView{}, wrap(op, err)
	}
	// The outbox does this too, a moment later. Where the role was the same, so is the
	// version, and nothing ends.
	if err := a.sessions.Advance(context.WithoutCancel(ctx), id, account.CredentialsVersion); err != nil {
		a.log.WarnContext(ctx, "sessions of a user with a new role could not be ended at once; the outbox ends them",
			"user", id, "error", err)
	}
	return account.view(), nil
}

// still asks the database whether the actor's session is of the credentials that the
// account has now. Who was an administrator until a moment ago may be one in somebody's
// memory, and would make itself one again for good.
func (a *Accounts) still(ctx context.Context, actor Actor) error {
	if actor.Session == nil {
		return nil
	}
	account, err := a.store.Account(ctx, actor.UserID)
	switch {
	case errors.Is(err, ErrUserNotFound):
		return ErrSessionInvalid
	case err == nil && actor.Session.Data.CredentialsVersion != account.CredentialsVersion:
		return ErrSessionInvalid
	}
	return err
}
