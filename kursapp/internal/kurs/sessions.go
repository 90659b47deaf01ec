package kurs

import (
	"context"
	"errors"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/session"
)

// How long a session lives that its owner wanted to be remembered: RememberIdle
// without a request, and RememberAbsolute after the login in any case. Others end after
// half an hour, and a day.
const (
	RememberIdle     = 14 * 24 * time.Hour
	RememberAbsolute = 30 * 24 * time.Hour
)

// MaxSessions is how many sessions a user may have; a login ends the oldest beyond. A
// login that succeeds costs its user nothing, so there must be an end.
const MaxSessions = 100

// SessionData is what a session holds beside the user's id, under these names in
// Redis. All of it is as it was at the login.
type SessionData struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	// Role is what the account may do. A change of the role ends its sessions, so
	// this is the role that it has.
	Role Role `json:"role"`
	// CredentialsVersion is that of the account.
	CredentialsVersion int64  `json:"credentials_version"`
	UserAgent          string `json:"user_agent,omitempty"`
	// Address is the client's address as ratelimit.ClientPrefix returns it.
	Address string `json:"address,omitempty"`
}

// Sessions are the sessions of users, by their ids.
type Sessions = session.Manager[int64, SessionData]

// Session is one of them.
type Session = session.Session[int64, SessionData]

// NewSessions returns Sessions with the lifetimes of this service. Sessions must be
// closed before the client.
func NewSessions(client rueidis.Client, o session.Options) *Sessions {
	o.LongestTimeout, o.MaxPerUser = RememberAbsolute, MaxSessions
	return session.New[int64, SessionData](client, o)
}

// Logout ends the session of token. A token that is not or no longer known is
// no error. It fails with ErrNoToken for an empty one and with
// CodeUnavailable when Redis cannot be asked: then the session has not ended.
func (a *Accounts) Logout(ctx context.Context, token string) error {
	if token == "" {
		return ErrNoToken
	}
	var ended *Session
	if a.audit != nil {
		var err error
		if ended, err = a.sessions.Lookup(ctx, token); errors.Is(err, session.ErrUnavailable) {
			return wrap("logout", err) // Revoke would wait as long, for nothing
		}
	}
	if err := a.sessions.Revoke(ctx, token); err != nil {
		return wrap("logout", err)
	}
	if ended != nil {
		a.audit.note(by(ctx, Actor{UserID: ended.UserID}), AuditLoggedOut, ended.UserID)
	}
	return nil
}

// Authenticate returns the Actor to whom token belongs, and lets the session slide. A
// session that is in use is found in memory: neither Redis nor the database is asked.
// Whatever changes the account's password or role, or deletes it, ends its sessions.
//
// It fails with ErrNoToken for an empty token; ErrSessionInvalid when the
// session expired, was ended or never existed; and CodeUnavailable when Redis cannot
// be asked: nobody is let in then, and nobody is told to log in again.
func (a *Accounts) Authenticate(ctx context.Context, token string) (Actor, error) {
	const op = "authenticate"
	if token == "" {
		return Actor{}, ErrNoToken
	}
	s, err := a.sessions.Lookup(ctx, token)
	if err != nil {
		return Actor{}, sessionError(op, err)
	}
	actor, err := a.actor(s)
	if err != nil {
		return Actor{}, err
	}
	if err := a.sessions.Touch(ctx, s); err != nil {
		return Actor{}, sessionError(op, err)
	}
	return actor, nil
}

// Recognise is Authenticate for who watches: the session does not slide, and nothing is
// counted. A page that stays open must not keep its session alive by itself.
func (a *Accounts) Recognise(ctx context.Context, token string) (Actor, error) {
	if token == "" {
		return Actor{}, ErrNoToken
	}
	s, err := a.sessions.Peek(ctx, token)
	if err != nil {
		return Actor{}, sessionError("recognise", err)
	}
	return a.actor(s)
}

func (a *Accounts) actor(s *Session) (Actor, error) {
	if !s.Data.Role.known() {
		// Of a version that kept no role. Its owner logs in once more.
		return Actor{}, ErrSessionInvalid
	}
	return Actor{UserID: s.UserID, Role: s.Data.Role, Demo: a.demo, Session: s}, nil
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
func (a *Accounts) Profile(ctx context.Context, actor Actor) (cache.Entry[User], error) {
	return a.profile(ctx, actor, a.users.Get)
}

// ProfileFresh is Profile from the database.
func (a *Accounts) ProfileFresh(ctx context.Context, actor Actor) (cache.Entry[User], error) {
	return a.profile(ctx, actor, a.users.GetFresh)
}

func (a *Accounts) profile(ctx context.Context, actor Actor, get func(context.Context, int64) (cache.Entry[User], error)) (cache.Entry[User], error) {
	if !actor.loggedIn() {
		return cache.Entry[User]{}, ErrNoToken
	}
	e, err := get(ctx, actor.UserID)
	if errors.Is(err, ErrUserNotFound) {
		return cache.Entry[User]{}, ErrSessionInvalid
	}
	return e, err
}
