package kurs

import (
	"context"
	"errors"
	"time"

	"github.com/speedlayer/speedlayer/session"
)

// Device is a session as its owner sees it. Its JSON form is the contract of
// GET /sessions.
type Device struct {
	// ID names the session. It lets nobody in.
	ID string `json:"id"`
	// UserAgent is what the browser called itself at the login, and Address where
	// that came from (of IPv6 the network); both may be empty.
	UserAgent string    `json:"user_agent"`
	Address   string    `json:"address"`
	CreatedAt time.Time `json:"created_at"`
	// LastSeenAt is right to the minute.
	LastSeenAt time.Time `json:"last_seen_at"`
	// ExpiresAt is when the session ends unless it is used.
	ExpiresAt time.Time `json:"expires_at"`
	// Remembered tells that it outlives the browser.
	Remembered bool `json:"remembered"`
	// Current marks the session of who asks.
	Current bool `json:"current"`
}

// Devices returns the sessions of who is logged in, the newest login first.
//
// It fails with ErrNoToken where nobody is, and CodeUnavailable.
func (a *Accounts) Devices(ctx context.Context, actor Actor) ([]Device, error) {
	if !actor.loggedIn() || actor.Session == nil {
		return nil, ErrNoToken
	}
	list, err := a.sessions.List(ctx, actor.UserID)
	if err != nil {
		return nil, wrap("list sessions", err)
	}
	devices := make([]Device, len(list))
	for i, s := range list {
		devices[i] = Device{
			ID: s.ID, UserAgent: s.Data.UserAgent, Address: s.Data.Address,
			CreatedAt: s.CreatedAt.UTC(), LastSeenAt: s.LastSeenAt.UTC(), ExpiresAt: s.IdleExpiresAt.UTC(),
			Remembered: s.Remembered, Current: s.ID == actor.Session.ID,
		}
	}
	return devices, nil
}

// EndDevice ends one session of who is logged in, by Device.ID; it may be the present
// one.
//
// It fails with ErrNoToken where nobody is logged in, ErrSessionNotFound where that
// user has no such session, and CodeUnavailable: then it may or may not have ended.
func (a *Accounts) EndDevice(ctx context.Context, actor Actor, id string) error {
	if !actor.loggedIn() {
		return ErrNoToken
	}
	err := a.sessions.RevokeID(ctx, actor.UserID, id)
	if errors.Is(err, session.ErrNotFound) {
		return ErrSessionNotFound
	}
	if err != nil {
		return wrap("end a session", err)
	}
	a.audit.note(by(ctx, actor), AuditSessionRevoked, actor.UserID)
	return nil
}

// EndOtherDevices ends all sessions of who is logged in but the present one.
//
// It fails with ErrNoToken where nobody is logged in, ErrSessionInvalid where the
// present session has ended, and CodeUnavailable: then they may or may not have ended.
func (a *Accounts) EndOtherDevices(ctx context.Context, actor Actor) error {
	if !actor.loggedIn() || actor.Session == nil {
		return ErrNoToken
	}
	if err := a.sessions.RevokeOthers(ctx, actor.Session); err != nil {
		return sessionError("end other sessions", err)
	}
	a.audit.note(by(ctx, actor), AuditSessionsRevoked, actor.UserID)
	return nil
}

// EndSessionsOf ends all sessions of the user with this id, for administrators. Their own
// are no exception, the present one neither.
//
// It fails with ErrNoToken or ErrForbidden (Actor.MayEndSessions), ErrUserNotFound, and
// CodeUnavailable: then they may or may not have ended.
func (a *Accounts) EndSessionsOf(ctx context.Context, actor Actor, id int64) error {
	const op = "end all sessions of a user"
	if err := actor.MayEndSessions(); err != nil {
		return err
	}
	if _, err := a.store.User(ctx, id); err != nil {
		return wrap(op, err)
	}
	if err := a.sessions.RevokeAll(ctx, id); err != nil {
		return wrap(op, err)
	}
	a.audit.note(by(ctx, actor), AuditSessionsRevoked, id)
	return nil
}
