package session

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/rueidis"
)

// Epoch is the time between two RevokeAll of a user, as an opaque value that no
// other epoch has.
type Epoch string

// epochSlack is how much longer than a session an epoch lives at least: the time
// that may pass between Epoch and Create without the session ending too early.
const epochSlack = time.Hour

// Epoch returns the user's present epoch, for [Manager.Create]. A login must take it
// before it looks at the password: a RevokeAll that follows a password change then
// also ends the session of a login that was checked against the old password and
// is not stored yet.
//
// Errors: ErrInvalid for an empty or overlong user id, ErrUnavailable.
func (m *Manager) Epoch(ctx context.Context, userID string) (Epoch, error) {
	if err := checkUserID(userID); err != nil {
		return "", fmt.Errorf("session: epoch: %w", err)
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	epoch, err := epochScript.Exec(ctx, m.client, []string{m.epochKey(userID)},
		[]string{string(newEpoch()), ms(m.o.AbsoluteTimeout + epochSlack)}).ToString()
	if err != nil {
		return "", failure("epoch", err)
	}
	return Epoch(epoch), nil
}

// RevokeAll ends all sessions of a user, in O(1), and those of logins that took
// their epoch before. When it has returned nil, no Lookup that starts later finds
// one of them. Logging in again works at once.
//
// Errors: ErrInvalid for an empty or overlong user id, ErrUnavailable; after the
// latter the sessions may or may not have ended, and the call should be repeated.
func (m *Manager) RevokeAll(ctx context.Context, userID string) error {
	if err := checkUserID(userID); err != nil {
		return fmt.Errorf("session: revoke all: %w", err)
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	cmd := m.client.B().Set().Key(m.epochKey(userID)).Value(string(newEpoch())).
		Px(m.o.AbsoluteTimeout + epochSlack).Build()
	if err := m.client.Do(ctx, cmd).Error(); err != nil {
		return failure("revoke all", err)
	}
	return nil
}

// current reports whether e is the user's epoch now. A missing epoch means that its
// sessions are over: it was lost, and with it the knowledge of what was revoked.
func (m *Manager) current(ctx context.Context, userID string, e Epoch) (bool, error) {
	now, err := epochReadScript.Exec(ctx, m.client, []string{m.epochKey(userID)}, nil).ToString()
	if rueidis.IsRedisNil(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return e != "" && Epoch(now) == e, nil
}
