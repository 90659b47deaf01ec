package session

import (
	"context"
	"maps"
	"time"
)

// markerLife is how long after a rotation the old token still revokes the session.
// It bounds how late a logout may come that was sent with the old token.
const markerLife = time.Minute

// Rotate replaces a session's token, as one does when its rights change. User, data,
// login time and absolute end stay; the old token is worth nothing any more, except
// that for a minute [Manager.Revoke] of it ends the new session: a logout that races
// a rotation always wins. Of several rotations of one token at most one succeeds.
//
// The order makes that so. The old and the new session lie in different Cluster
// slots, so no script can change both:
//
//  1. Read the old session and its epoch.
//  2. Store the new one. Nobody knows its token yet.
//  3. In one script, put a marker that names the new session in the old one's place.
//     Where the old one is gone, somebody revoked it: the new one is deleted.
//  4. Data that was updated between 1 and 3 is written again. Then the token is
//     handed out.
//
// A Revoke before 3 makes 3 fail; a later one finds the marker and deletes the new
// session. A crash before 3 leaves the old session in force, a crash after it logs
// the user out; the new session that is left over has a token that nobody knows, and
// a TTL. The other order, claiming the old session first, was rejected because it
// loses the session in every crash and needs a marker as well.
//
// Rotate runs to its end, also when ctx is cancelled meanwhile: RedisTimeout at most,
// and as long again to delete the new session where it failed.
//
// Errors: ErrNotFound; ErrUnavailable: the old token may or may not be worth
// anything.
func (m *Manager) Rotate(ctx context.Context, token string) (string, Session, error) {
	if !wellFormed(token) {
		return "", Session{}, ErrNotFound
	}
	if err := ctx.Err(); err != nil {
		return "", Session{}, failure("rotate", err)
	}
	ctx, cancel := m.bound(context.WithoutCancel(ctx))
	defer cancel()
	oldID := m.digest(token)
	old, err := m.lookup(ctx, oldID)
	if err != nil {
		return "", Session{}, readFailure("rotate", err)
	}
	token = newToken()
	s, err := m.replace(ctx, old, m.digest(token))
	if err != nil {
		m.tidy(ctx, m.digest(token))
		return "", Session{}, readFailure("rotate", err)
	}
	return token, s, nil
}

// tidy deletes what a rotation that failed may have stored. Nobody knows that token,
// so no error matters. The rotation may have failed because its time was over: this
// has its own.
func (m *Manager) tidy(ctx context.Context, id string) {
	ctx, cancel := m.bound(context.WithoutCancel(ctx))
	defer cancel()
	_ = m.revoke(ctx, id)
}

// replace is steps 2 to 4 of Rotate.
func (m *Manager) replace(ctx context.Context, old Session, id string) (Session, error) {
	s, err := m.create(ctx, id, draft{
		userID: old.UserID, epoch: old.epoch, data: old.Data, idle: old.idle,
		created: old.CreatedAt.UnixMilli(), lifetime: old.ExpiresAt.Sub(old.CreatedAt),
	})
	if err != nil {
		return Session{}, err
	}
	last, err := m.read(ctx, claimScript, old.ID, id, ms(markerLife))
	if err != nil {
		return Session{}, err
	}
	if !maps.Equal(last.Data, s.Data) {
		if err := m.update(ctx, id, last.Data); err != nil {
			return Session{}, err
		}
		s.Data = last.Data
	}
	return s, nil
}
