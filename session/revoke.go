package session

import (
	"context"

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
func (m *Manager) Revoke(ctx context.Context, token string) error {
	if !wellFormed(token) {
		return nil
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	if err := m.revoke(ctx, m.digest(token)); err != nil {
		return failure("revoke", err)
	}
	return nil
}

// revoke follows the markers that rotations left. Each leads to a newer session, so
// it ends.
func (m *Manager) revoke(ctx context.Context, id string) error {
	for {
		next, err := revokeScript.Exec(ctx, m.client, []string{m.sessionKey(id)}, nil).ToString()
		if rueidis.IsRedisNil(err) {
			return nil
		}
		if err != nil {
			return err
		}
		id = next
	}
}
