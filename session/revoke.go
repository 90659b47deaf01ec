package session

import (
	"context"
	"fmt"

	"github.com/redis/rueidis"
)

// Revoke ends the session of a token. Revoking what is unknown, malformed or ended
// long ago is no error. Where the token was rotated within the last minute, the
// session that replaced it ends.
//
// When it has returned nil, no Lookup that starts later finds the session.
//
// Errors: ErrUnavailable: the session may or may not have ended, and the call should
// be repeated.
func (m *Manager[U, D]) Revoke(ctx context.Context, token string) error {
	if !wellFormed(token) {
		return nil
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	if _, err := m.revoke(ctx, m.digest(token), "", ReasonLogout); err != nil {
		return failure("revoke", err)
	}
	return nil
}

// RevokeID ends one of a user's sessions, by the id that [Manager.List] shows. Where
// the session was rotated within the last minute, the one that replaced it ends.
//
// Errors: ErrNotFound where the user has no such session, also where somebody else
// has; ErrInvalid for an empty or overlong user id; ErrUnavailable: the session may or
// may not have ended.
func (m *Manager[U, D]) RevokeID(ctx context.Context, user U, id string) error {
	text, err := m.users.text(user)
	if err != nil {
		return fmt.Errorf("session: revoke by id: %w", err)
	}
	if !isID(id) {
		return ErrNotFound
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	ended, err := m.revoke(ctx, id, text, ReasonID)
	if err != nil {
		return failure("revoke by id", err)
	}
	if !ended {
		return ErrNotFound
	}
	return nil
}

// revoke follows the markers that rotations left. Each leads to a newer session, so
// it ends. With a user, a session of somebody else stays. Without a reason it is
// nobody's business.
func (m *Manager[U, D]) revoke(ctx context.Context, id, user string, why Reason) (ended bool, err error) {
	for {
		reply, err := m.change(ctx, revokeScript, m.sessionKey(id), user).AsStrSlice()
		if rueidis.IsRedisNil(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if len(reply) == 1 {
			m.strike(ctx, reply[0], id)
			if why != "" {
				m.emit(Event{Kind: EventRevoked, UserID: reply[0], SessionID: id, Reason: why})
			}
			return true, nil
		}
		id = reply[1]
	}
}
