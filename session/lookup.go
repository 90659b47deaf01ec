package session

import (
	"context"
	"errors"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

// Lookup returns the session of a token and renews nothing. A session that was looked
// up before is found in memory: see Options.LocalBytes. Otherwise it takes two round
// trips: the session, then its user's epoch.
//
// Errors: ErrNotFound for a token that is unknown, malformed, expired, revoked or
// rotated, also where the entry in Redis is damaged; ErrUnavailable. A malformed
// token is refused without asking Redis.
func (m *Manager[U, D]) Lookup(ctx context.Context, token string) (*Session[U, D], error) {
	if !wellFormed(token) {
		return nil, ErrNotFound
	}
	if s := m.fromLocal(token); s != nil {
		m.localHits.Add(1)
		return s, nil
	}
	m.redisLookups.Add(1)
	s, err := m.fromRedis(ctx, m.digest(token))
	if err != nil {
		return nil, readFailure("lookup", err)
	}
	return s, nil
}

// Peek is Lookup for who watches what happens, and must not change it by watching: it
// counts in no Stats. It fails as Lookup does.
func (m *Manager[U, D]) Peek(ctx context.Context, token string) (*Session[U, D], error) {
	if !wellFormed(token) {
		return nil, ErrNotFound
	}
	if s := m.fromLocal(token); s != nil {
		return s, nil
	}
	s, err := m.fromRedis(ctx, m.digest(token))
	if err != nil {
		return nil, readFailure("peek", err)
	}
	return s, nil
}

func (m *Manager[U, D]) fromRedis(ctx context.Context, id string) (*Session[U, D], error) {
	ctx, cancel := m.bound(ctx)
	defer cancel()
	r, e, err := m.lookup(ctx, id)
	if err != nil {
		return nil, err
	}
	s, err := m.session(id, r)
	if err != nil {
		return nil, err
	}
	m.keep(s, r, e)
	return s, nil
}

// lookup returns the record of a session that is valid, from Redis. A session that
// belongs to another epoch has ended, unless [Manager.RevokeOthers] has begun the next
// epoch for it between the two looks. Then the second look at the session shows other
// marks. Marks are random and never come back: the same ones twice mean that there
// were no others when the epoch was read.
func (m *Manager[U, D]) lookup(ctx context.Context, id string) (*record, epoch, error) {
	r, err := m.read(ctx, lookupScript, id)
	for err == nil {
		var now epoch
		if now, err = m.epochOf(ctx, r.user); err != nil {
			break
		}
		if r.marks.have(now.value) {
			return r, now, nil
		}
		before := r.marks
		if r, err = m.read(ctx, lookupScript, id); err != nil {
			break
		}
		if r.marks.have(now.value) {
			return r, now, nil
		}
		if r.marks == before {
			err = ErrNotFound // its TTL removes it; no epoch comes back
		}
	}
	return nil, epoch{}, err
}

// read runs a script that replies with a session's record.
func (m *Manager[U, D]) read(ctx context.Context, script *redisx.Script, id string, args ...string) (*record, error) {
	key := m.sessionKey(id)
	asked := m.asking(key)
	reply, err := script.Exec(ctx, m.client, []string{key}, args).ToArray()
	if err != nil {
		return nil, err
	}
	r, err := parseRecord(reply)
	if err != nil {
		return nil, err
	}
	r.asked = asked
	return r, nil
}

// readFailure is failure for methods that look for a session: no reply, a damaged
// one and a session that ended in the middle are all the same to the caller.
func readFailure(op string, err error) error {
	if rueidis.IsRedisNil(err) || errors.Is(err, errDamaged) || errors.Is(err, ErrNotFound) {
		return ErrNotFound
	}
	return failure(op, err)
}
