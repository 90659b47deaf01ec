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
//  2. Store the new one, and name it in the user's index. Nobody knows its token yet.
//  3. In one script, put a marker that names the new session in the old one's place.
//     Where the old one is gone, somebody revoked it: the new one is deleted.
//  4. What was changed between 1 and 3 is written again: data, and the mark by which
//     [Manager.RevokeOthers] keeps the session. Then the token is handed out.
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
func (m *Manager[U, D]) Rotate(ctx context.Context, token string) (string, *Session[U, D], error) {
	if !wellFormed(token) {
		return "", nil, ErrNotFound
	}
	if err := ctx.Err(); err != nil {
		return "", nil, failure("rotate", err)
	}
	ctx, cancel := m.bound(context.WithoutCancel(ctx))
	defer cancel()
	old, _, err := m.lookup(ctx, m.digest(token))
	if err != nil {
		return "", nil, readFailure("rotate", err)
	}
	oldID := m.digest(token)
	token = newToken()
	id := m.digest(token)
	r, err := m.replace(ctx, oldID, old, id)
	if err == nil {
		var s *Session[U, D]
		if s, err = m.session(id, r); err == nil {
			m.emit(Event{Kind: EventRotated, UserID: r.user, SessionID: id, Previous: oldID})
			return token, s, nil
		}
	}
	m.tidy(ctx, id)
	return "", nil, readFailure("rotate", err)
}

// replace is steps 2 to 4 of Rotate.
func (m *Manager[U, D]) replace(ctx context.Context, oldID string, old *record, id string) (*record, error) {
	r, err := m.create(ctx, id, draft{
		user: old.user, marks: old.marks, data: old.data, remembered: old.remembered,
		idle: time.Duration(old.idle) * time.Millisecond, created: old.created,
		lifetime: time.Duration(old.expires-old.created) * time.Millisecond,
	})
	if err != nil {
		return nil, err
	}
	last, err := m.read(ctx, claimScript, oldID, id, ms(markerLife))
	m.drop(m.sessionKey(oldID))
	if err != nil {
		return nil, err
	}
	m.strike(ctx, old.user, oldID)
	if !maps.Equal(last.data, r.data) {
		if err := m.update(ctx, id, last.data); err != nil {
			return nil, err
		}
		r.data = last.data
	}
	if last.marks != r.marks {
		if err := m.mark(ctx, id, last.marks); err != nil {
			return nil, err
		}
		r.marks = last.marks
	}
	return r, nil
}

// mark gives a session that exists the marks of another one.
func (m *Manager[U, D]) mark(ctx context.Context, id string, to marks) error {
	alive, err := m.change(ctx, markScript, m.sessionKey(id), string(to.epoch), string(to.kept)).AsInt64()
	if err == nil && alive == 0 {
		err = ErrNotFound
	}
	return err
}
