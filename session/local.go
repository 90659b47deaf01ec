package session

import (
	"context"
	"reflect"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/nearcache"
	"github.com/speedlayer/speedlayer/internal/redisx"
)

// local is the tier in this process's memory: sessions and epochs that were read from
// Redis and have not changed there since. It only ever says that a session is valid:
// what it does not know, and what it would refuse, is asked of Redis. So a token that
// does not exist takes no room. A nil *local is a tier that never has anything.
type local[U, D any] struct {
	store   *nearcache.Store[known[U, D]]
	tracker *nearcache.Tracker
	size    int64 // of a Session
}

// known is a session under its key, or an epoch under its own.
type known[U, D any] struct {
	session *Session[U, D]
	epoch   Epoch
}

func newLocal[U, D any](client rueidis.Client, o Options) *local[U, D] {
	if o.LocalBytes < 0 {
		return nil
	}
	l := &local[U, D]{
		store: nearcache.NewStore[known[U, D]](o.LocalBytes),
		size:  int64(reflect.TypeFor[Session[U, D]]().Size()), //nolint:gosec // the size of a type
	}
	l.tracker = nearcache.NewTracker(client, nearcache.TrackerOptions{
		Prefixes:     []string{o.Prefix},
		MaxStaleness: o.MaxStaleness,
		OnChange:     l.store.Drop,
		OnGap:        l.store.DropAll,
	})
	return l
}

// asked is the moment before a question was sent to Redis, and what allows to keep
// the answer.
type asked struct {
	at     int64 // in the manager's clock
	ticket nearcache.Ticket
	fresh  bool
}

// asking is called before the question for a key is sent.
func (m *Manager[U, D]) asking(key string) asked {
	a := asked{at: m.now()}
	if l := m.local; l != nil && l.tracker.Fresh(a.at) {
		a.ticket, a.fresh = l.store.Ticket(key), true
	}
	return a
}

// keep stores a session that is valid and its user's epoch, each for no longer than
// Redis keeps it. A TTL was counted from a time that was cut to a millisecond: it may
// be one too long.
func (m *Manager[U, D]) keep(s *Session[U, D], r *record, e epoch) {
	l := m.local
	if l == nil {
		return
	}
	if r.asked.fresh {
		cost := l.size + int64(len(s.epochKey)+2*len(r.user))
		for name, value := range r.data {
			cost += 2 * int64(len(name)+len(value)) // decoded it takes about twice as much
		}
		l.store.Put(r.asked.ticket, m.sessionKey(s.ID), known[U, D]{session: s}, cost,
			r.asked.at+(r.ttl-1)*int64(time.Millisecond))
	}
	if e.asked.fresh && e.ttl > 0 {
		l.store.Put(e.asked.ticket, string(s.epochKey), known[U, D]{epoch: e.value}, int64(len(e.value)),
			e.asked.at+(e.ttl-1)*int64(time.Millisecond))
	}
}

// fromLocal returns the session of a token that is well formed, where memory knows
// that it is valid, or nil. It is the whole of a hot Lookup.
func (m *Manager[U, D]) fromLocal(token string) *Session[U, D] {
	l := m.local
	if l == nil {
		return nil
	}
	now := l.tracker.Now()
	if !l.tracker.Fresh(now) {
		return nil
	}
	var buf [128]byte
	it := l.store.Get(m.appendSessionKey(buf[:0], token), now)
	if it == nil {
		return nil
	}
	s := it.Value.session
	e := l.store.Get(s.epochKey, now)
	if e == nil || !s.marks.have(e.Value.epoch) {
		return nil
	}
	return s
}

// change runs a script that may change a key.
func (m *Manager[U, D]) change(ctx context.Context, script *redisx.Script, key string, args ...string) rueidis.RedisResult {
	defer m.drop(key)
	return script.Exec(ctx, m.client, []string{key}, args)
}

// drop forgets what was changed by this process, also where it is not known whether
// it was: the push may come later than the answer.
func (m *Manager[U, D]) drop(keys ...string) {
	if m.local == nil {
		return
	}
	for _, key := range keys {
		m.local.store.Drop(key)
	}
}
