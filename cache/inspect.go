package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/rueidis"
)

// Inspection is what lies under a key: see [Cache.Inspect].
type Inspection struct {
	// Key is the key in Redis, as [Cache.Key] returns it.
	Key string
	// Local is what this process's memory has.
	Local LocalInspection
	// Redis is what Redis has.
	Redis RedisInspection
}

// LocalInspection is what the memory of this process has under a key.
type LocalInspection struct {
	Enabled bool          // there is a local tier: Options.LocalBytes
	Ready   bool          // it may be used now
	Present bool          // a read would be answered from it
	Absent  bool          // and the answer would be ErrNotFound
	TTL     time.Duration // how long it could still be
}

// RedisInspection is what Redis has under a key, whatever put it there.
type RedisInspection struct {
	// Present is true where there is anything under the key.
	Present bool
	// Raw is the very bytes. Nil where nothing is present, or no string.
	Raw []byte
	// TTL is the rest of the key's life in Redis, Options.StaleIfError included. Zero
	// where nothing is present, or where the key has no end.
	TTL time.Duration
	// Absent is true where what is present says that there is no such thing
	// (Options.NegativeTTL).
	Absent bool
	// Reason says why a read of Redis would ask the loader: ReasonMiss where nothing is
	// present, or what is has been invalidated by a tag; ReasonUnavailable where an
	// invalidation of the key is not confirmed yet; ReasonNone where it would not.
	Reason Reason
	// Loading is true while somebody, in any process, holds the lease of the key:
	// usually because a load is under way, at the longest until the lease ends.
	Loading bool
	// LeaseTTL is the rest of the lease's life; zero where there is none.
	LeaseTTL time.Duration
}

// Inspect looks at what lies under a key, for people who want to see it. It is no
// read: it counts nothing, emits no event, neither opens nor closes the breaker,
// never loads, stores or waits for somebody who does, and changes nothing of what
// memory keeps longest. Redis itself cannot tell it from a read: it counts it among
// its key-space hits, and as a use where it evicts by use.
//
// The parts are looked at one after another, in one round trip as far as Redis is
// concerned; what changes meanwhile may show in one and not in another. Raw belongs to
// the caller.
//
// It fails where Redis does not answer within Options.RedisTimeout, or ctx ends
// first. The error is what Redis said, wrapped; Key and Local are set all the same.
func (c *Cache[K, V]) Inspect(ctx context.Context, key K) (Inspection, error) {
	to := c.target(key)
	in := Inspection{Key: to.name, Local: c.local.inspect(to.name)}
	var err error
	if in.Redis, err = c.inspectRedis(ctx, to); err != nil {
		return in, fmt.Errorf("cache: inspect %s: %w", to.name, err)
	}
	return in, nil
}

// inspect is get without a trace.
func (l *local[V]) inspect(name string) (in LocalInspection) {
	if l == nil {
		return in
	}
	now := l.tracker.Now()
	in.Enabled, in.Ready = true, l.tracker.Fresh(now)
	if !in.Ready {
		return in
	}
	it := l.store.Peek(name, now)
	if it == nil || !l.tagged.unchanged(it.Value.tags) {
		return in
	}
	in.Present, in.Absent, in.TTL = true, it.Value.absent, time.Duration(it.Expires()-now)
	return in
}

// inspectRedis asks past the breaker, which it tells nothing: an open one only says
// what reads have seen.
func (c *Cache[K, V]) inspectRedis(ctx context.Context, to target) (RedisInspection, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	cmds := rueidis.Commands{
		c.client.B().Get().Key(to.name).Build(),
		c.client.B().Pttl().Key(to.name).Build(),
		c.client.B().Pttl().Key(leaseKey(to.name)).Build(),
	}
	if len(to.tags) > 0 {
		cmds = append(cmds, c.client.B().Get().Key(markKey(to.name)).Build(), c.client.B().Mget().Key(to.tags...).Build())
	}
	replies := c.client.DoMulti(ctx, cmds...)
	s := parseValue(replies[0])
	life, lifeErr := replies[1].AsInt64()
	lease, leaseErr := replies[2].AsInt64()
	current, markErr := true, error(nil)
	if len(to.tags) > 0 {
		current, markErr = sameMark(replies[3], replies[4])
	}
	if err := cmp.Or(s.err, lifeErr, leaseErr, markErr); err != nil {
		return RedisInspection{}, err
	}
	in := RedisInspection{Reason: ReasonMiss}
	if lease != noKey {
		in.Loading, in.LeaseTTL = true, lifeOf(lease)
	}
	// Where one of the two found nothing, the key ended between them, or came.
	if s.found && life != noKey {
		in.Present, in.Raw, in.TTL = true, s.raw, lifeOf(life)
		in.Reason, in.Absent = c.worth(to, s.raw, in.TTL, current)
	}
	return in, nil
}

// noKey is what PTTL says of a key that is not there.
const noKey = -2

// sameMark reports whether a value's generations are the present ones of its tags.
func sameMark(mark, generations rueidis.RedisResult) (bool, error) {
	had, err := mark.ToString()
	if err != nil {
		if rueidis.IsRedisNil(err) || isWrongType(err) {
			return false, nil // as in parseMarked
		}
		return false, err
	}
	has, err := generations.AsStrSlice()
	return had == joinGenerations(has), err
}

// worth says what a read would make of a value, as reachable and judge do.
func (c *Cache[K, V]) worth(to target, raw []byte, ttl time.Duration, current bool) (_ Reason, absent bool) {
	_, err := c.codec.decode(raw)
	absent = errors.Is(err, ErrNotFound)
	switch {
	case c.unconfirmed.has(to):
		return ReasonUnavailable, absent
	case !current:
		return ReasonMiss, absent
	case errors.Is(err, errUndecodable):
		return ReasonUndecodable, absent
	case ttl > 0 && ttl <= c.o.StaleIfError:
		return ReasonStale, absent
	}
	return ReasonNone, absent
}
