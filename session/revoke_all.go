package session

import (
	"context"
	"fmt"
)

// RevokeAll ends all sessions of a user, in O(1), and those of logins that took
// their epoch before. When it has returned nil, no Lookup that starts later finds
// one of them. Logging in again works at once. The version stays. For a user without
// an epoch, who has no session that could be valid, nothing is written.
//
// Errors: ErrInvalid for an empty or overlong user id, ErrUnavailable; after the
// latter the sessions may or may not have ended, and the call should be repeated.
func (m *Manager[U, D]) RevokeAll(ctx context.Context, user U) error {
	text, err := m.users.text(user)
	if err != nil {
		return fmt.Errorf("session: revoke all: %w", err)
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	begun, err := m.change(ctx, renewScript, m.epochKey(text), newRandom(), m.epochLife()).AsInt64()
	if err != nil {
		return failure("revoke all", err)
	}
	if begun == 0 {
		return nil
	}
	m.emit(Event{Kind: EventRevoked, UserID: text, Reason: ReasonAll})
	return nil
}
