package kurs

import (
	"context"
	"errors"
	"strconv"

	"github.com/speedlayer/speedlayer/session"
)

// The fields of a session's data, as redis-cli shows them.
const (
	dataName      = "name"
	dataEmail     = "email"
	dataUserAgent = "user_agent"
)

func sessionData(u User) map[string]string {
	return map[string]string{dataName: u.Name, dataEmail: u.Email}
}

// sessionUser is how the sessions name a user.
func sessionUser(id int64) string { return strconv.FormatInt(id, 10) }

// Logout ends the session of token. A token that is not or no longer known is
// no error. It fails with ErrNoToken for an empty one and with
// CodeUnavailable when Redis cannot be asked: then the session has not ended.
func (a *Accounts) Logout(ctx context.Context, token string) error {
	if token == "" {
		return ErrNoToken
	}
	var ended session.Session
	if a.audit != nil {
		ended, _ = a.sessions.Lookup(ctx, token) // where it fails, there is nobody to name
	}
	if err := a.sessions.Revoke(ctx, token); err != nil {
		return wrap("logout", err)
	}
	if id, err := strconv.ParseInt(ended.UserID, 10, 64); err == nil {
		a.audit.note(by(ctx, Actor{UserID: id}), AuditLoggedOut, id)
	}
	return nil
}

// Authenticate returns the Actor to whom token belongs, with the role that
// the account has now, and lets the session slide.
//
// It fails with ErrNoToken for an empty token; ErrSessionInvalid when the
// session expired, was ended or never existed, or its account exists no more;
// and CodeUnavailable when Redis or the database cannot be asked: nobody is
// let in then, and nobody is told to log in again.
func (a *Accounts) Authenticate(ctx context.Context, token string) (Actor, error) {
	const op = "authenticate"
	if token == "" {
		return Actor{}, ErrNoToken
	}
	s, err := a.sessions.Lookup(ctx, token)
	if err != nil {
		return Actor{}, sessionError(op, err)
	}
	id, err := strconv.ParseInt(s.UserID, 10, 64)
	if err != nil {
		return Actor{}, wrap(op, err)
	}
	account, err := a.store.Account(ctx, id)
	if errors.Is(err, ErrUserNotFound) {
		return Actor{}, ErrSessionInvalid
	}
	if err != nil {
		return Actor{}, wrap(op, err)
	}
	if err := a.sessions.Touch(ctx, s); err != nil {
		return Actor{}, sessionError(op, err)
	}
	return Actor{UserID: id, Role: account.Role, Demo: a.demo, Session: s, user: account.User}, nil
}

// sessionError tells a session that is gone from a Redis that is gone.
func sessionError(op string, err error) error {
	if errors.Is(err, session.ErrNotFound) {
		return ErrSessionInvalid
	}
	return wrap(op, err)
}

// Profile returns the user who is logged in, as it is now: after a change the
// new name and address. It fails with ErrNoToken where nobody is logged in,
// ErrSessionInvalid where the user exists no more, and CodeUnavailable.
func (a *Accounts) Profile(ctx context.Context, actor Actor) (User, error) {
	if !actor.loggedIn() {
		return User{}, ErrNoToken
	}
	if actor.user.ID == actor.UserID { // Authenticate has just read it
		return actor.user, nil
	}
	e, err := a.users.Get(ctx, actor.UserID)
	if errors.Is(err, ErrUserNotFound) {
		return User{}, ErrSessionInvalid
	}
	if err != nil {
		return User{}, err
	}
	return e.Value, nil
}
