package session

import (
	"context"
	"errors"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

// Lookup returns the session of a token and renews nothing. It takes two round
// trips: the session, then its user's epoch.
//
// Errors: ErrNotFound for a token that is unknown, malformed, expired, revoked or
// rotated, also where the entry in Redis is damaged; ErrUnavailable. A malformed
// token is refused without asking Redis.
func (m *Manager) Lookup(ctx context.Context, token string) (Session, error) {
	if !wellFormed(token) {
		return Session{}, ErrNotFound
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	s, err := m.lookup(ctx, m.digest(token))
	if err != nil {
		return Session{}, readFailure("lookup", err)
	}
	return s, nil
}

func (m *Manager) lookup(ctx context.Context, id string) (Session, error) {
	s, err := m.read(ctx, lookupScript, id)
	if err != nil {
		return Session{}, err
	}
	ok, err := m.current(ctx, s.UserID, s.epoch)
	if err != nil {
		return Session{}, err
	}
	if !ok {
		return Session{}, ErrNotFound // its TTL removes it; no epoch comes back
	}
	return s, nil
}

// read runs a script that replies with a session's record.
func (m *Manager) read(ctx context.Context, script *redisx.Script, id string, args ...string) (Session, error) {
	reply, err := script.Exec(ctx, m.client, []string{m.sessionKey(id)}, args).ToArray()
	if err != nil {
		return Session{}, err
	}
	r, err := parseRecord(reply)
	if err != nil {
		return Session{}, err
	}
	return r.session(id)
}

// readFailure is failure for methods that look for a session: no reply, a damaged
// one and a session that ended in the middle are all the same to the caller.
func readFailure(op string, err error) error {
	if rueidis.IsRedisNil(err) || errors.Is(err, errDamaged) || errors.Is(err, ErrNotFound) {
		return ErrNotFound
	}
	return failure(op, err)
}
