package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

var (
	// ErrNotFound is what a loader returns (or wraps) for a key that does not exist,
	// and what reads return then, always as it stands here.
	ErrNotFound = errors.New("cache: not found")
	// ErrOverloaded is in the error of a read that needed a load while
	// Options.MaxLoads were running and none of them ended in time.
	ErrOverloaded = errors.New("too many loads at once")
	// ErrUnconfirmed is in the error of an Invalidate that Redis did not confirm.
	// It is being repeated; until Redis confirms it, this process reads the keys past
	// Redis, while other processes may still read the old value. Of more than 10,000
	// such keys the rest is not repeated; this process then reads past Redis
	// altogether until everything that may be old has expired.
	ErrUnconfirmed = errors.New("invalidation not confirmed by Redis")
	// ErrClosed is in the error of a read that needs the loader after Close.
	ErrClosed = errors.New("cache is closed")
)

// Loader asks the source of truth for one key. It returns [ErrNotFound], wrapped
// or not, for a key that does not exist. The context carries the values of a
// caller that asked for the load, but not its end: it ends after
// Options.LoadTimeout and at Close. A panic becomes an error of the read.
//
// The loader must read committed data that is not older than its call: from the
// primary, in a snapshot of its own.
//
// A value whose JSON is null (a nil pointer, map or slice) is returned to the
// caller, but not stored: null stands for ErrNotFound.
type Loader[K comparable, V any] func(ctx context.Context, key K) (V, error)

// Cache reads values of one key space through Redis. Make one with [New]. All
// methods are safe for concurrent use.
type Cache[K Key, V any] struct {
	load   Loader[K, V]
	o      Options
	prefix string // of all keys, with the colon
	name   func(K) string
	local  *local[V] // nil: there is none
	codec  codec[V]
	tier
	gather      gather[V]
	needTTL     bool // a read must know how old an entry is
	failing     holdoff
	unconfirmed unconfirmed
	count       counters
	slots       chan struct{} // one element for each load that runs

	ctx    context.Context // ends at Close, because of ErrClosed
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup // flights and the repetition of invalidations

	mu        sync.Mutex // guards the rest, and the flights' own state
	closed    bool
	flights   map[string]*flight[K, V]   // of Get: at most one for each key accepts callers
	refreshes map[string]*flight[K, V]   // of Refresh
	aside     map[*flight[K, V]]struct{} // those that nobody can join
	ahead     map[string]struct{}        // keys that are refreshed ahead

	leaseless bool // tests only: fill whatever the lease says, to show what it is good for
}

// New returns a cache of what load says, under keys that begin with prefix and a
// colon: with the prefix "cache:user", key 42 is cache:user:42. Each cache needs a
// prefix of its own. The client stays the caller's, and must outlive the cache.
//
// Where V is a struct (or a pointer to one), an entry in Redis must have every
// member that encoding/json always writes, thus all but those with omitempty or
// omitzero; unknown members are ignored. Two versions of a program whose types
// differ by a field can therefore run side by side: the newer one loads again
// what the older one wrote. Only the members of V itself count, not those of
// values inside it.
func New[K Key, V any](client rueidis.Client, prefix string, load Loader[K, V], o Options) *Cache[K, V] {
	o = o.withDefaults()
	prefix = redisx.Escape(prefix) + ":"
	c := &Cache[K, V]{
		load:   load,
		o:      o,
		prefix: prefix,
		name:   namer[K](prefix),
		codec:  newCodec[V](o),
		tier: tier{
			client: client, timeout: o.RedisTimeout, tagged: o.Tags != nil,
			tagLife: max(o.TTL, o.NegativeTTL) + o.StaleIfError + o.LeaseTTL,
		},
		needTTL:     o.LocalBytes > 0 || o.RefreshAhead > 0 || o.StaleIfError > 0,
		unconfirmed: unconfirmed{limit: maxUnconfirmed},
		slots:       make(chan struct{}, o.MaxLoads),
		flights:     map[string]*flight[K, V]{},
		refreshes:   map[string]*flight[K, V]{},
		aside:       map[*flight[K, V]]struct{}{},
		ahead:       map[string]struct{}{},
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.breaker = redisx.NewBreaker(
		func(ctx context.Context) error { return client.Do(ctx, client.B().Ping().Build()).Error() },
		redisx.BreakerOptions{Timeout: o.RedisTimeout, OnChange: func(open bool, err error) {
			kind := EventBreakerClosed
			if open {
				kind = EventBreakerOpened
			}
			c.emit(Event{Kind: kind, Key: prefix, Err: err})
		}})
	c.local = newLocal[V](client, prefix, o, &c.count.localLosses, c.emit)
	return c
}

// Get returns the value of key: from memory (see Options.LocalBytes) whatever the
// context says, else from Redis, else from the loader. Errors are ErrNotFound; the
// context's, if it ends first; ErrOverloaded; ErrClosed; or what the loader
// returned, wrapped.
//
// Callers that waited for the same load share its value: what it points to must not
// be changed.
//
// An error other than ErrNotFound is shared by all who wait for that load, also by
// those whose call began after the load did: it says nothing about the value that
// could be out of date, and a database in trouble is not asked once more for each
// of them.
func (c *Cache[K, V]) Get(ctx context.Context, key K) (V, error) {
	if it, _ := c.fromLocal(ctx, key); it != nil {
		if it.Value.absent {
			return it.Value.value, ErrNotFound
		}
		return it.Value.value, nil
	}
	e, err := c.lookup(ctx, key, c.needTTL)
	return e.Value, err
}

// Lookup is Get with everything that is known about the answer. Beside
// ErrNotFound, the entry's other fields are set too.
func (c *Cache[K, V]) Lookup(ctx context.Context, key K) (Entry[V], error) {
	if it, now := c.fromLocal(ctx, key); it != nil {
		return c.localEntry(it, now)
	}
	return c.lookup(ctx, key, true)
}

// lookup asks Redis, for the remaining life too if ttl says so, then the loader.
func (c *Cache[K, V]) lookup(ctx context.Context, key K, ttl bool) (Entry[V], error) {
	began := time.Now()
	m := need[K, V]{key: key, target: c.target(key), reason: ReasonUnavailable}
	if err := ctx.Err(); err != nil {
		return Entry[V]{}, fmt.Errorf("cache: get %s: %w", m.name, err)
	}
	// Before the look at what is unconfirmed: an Invalidate that fails puts its keys
	// on that record and then outdates permits.
	p := c.local.permit(m.target)
	if !c.reachable(m.target) {
		c.emit(Event{Kind: EventMiss, Key: m.name, Reason: m.reason})
		return c.miss(ctx, m, began)
	}
	e, reason, err := c.ask(ctx, question{m.target, ttl})
	if reason == ReasonNone {
		c.local.put(p, m.name, e, err != nil)
		e.CacheTime = time.Since(began)
		c.hit(ctx, m, e, err)
		return e, err
	}
	if gone := ended(ctx); gone != nil {
		return Entry[V]{}, fmt.Errorf("cache: get %s: %w", m.name, gone)
	}
	c.missed(&m, e, reason, err, time.Since(began))
	return c.miss(ctx, m, began)
}

// hit counts what Redis answered and looks whether it should be refreshed ahead.
func (c *Cache[K, V]) hit(ctx context.Context, m need[K, V], e Entry[V], err error) {
	c.count.hits.Add(1)
	c.emit(Event{Kind: EventHit, Key: m.name, Source: SourceRedis, Duration: e.CacheTime, Err: err})
	if c.o.RefreshAhead > 0 && err == nil {
		c.refreshAhead(ctx, m.key, m.target, e.TTL)
	}
}

// need is a key that needs the loader.
type need[K Key, V any] struct {
	key K
	target
	reason Reason
	stale  *remnant[V] // what there is beyond its TTL
}

// missed notes why Redis did not do.
func (c *Cache[K, V]) missed(m *need[K, V], e Entry[V], reason Reason, err error, took time.Duration) {
	m.reason = reason
	if reason == ReasonStale {
		m.stale = &remnant[V]{entry: e, err: err}
		err = nil
	}
	c.emit(Event{Kind: EventMiss, Key: m.name, Reason: reason, Duration: took, Err: err})
}

// reachable reports whether Redis may be asked for a key.
func (c *Cache[K, V]) reachable(t target) bool {
	return c.breaker.Allow() && !c.unconfirmed.has(t)
}

// judge turns what Redis said into a value (with ErrNotFound for a remembered
// absence), or into the reason why the loader must be asked and what was wrong.
func (c *Cache[K, V]) judge(name string, s stored) (v V, _ Reason, _ error) {
	if s.err != nil {
		return v, ReasonUnavailable, s.err
	}
	if !s.found {
		return v, ReasonMiss, nil
	}
	v, err := c.codec.decode(s.raw)
	if errors.Is(err, errUndecodable) {
		c.count.undecoded.Add(1)
		return v, ReasonUndecodable, fmt.Errorf("%s: %w", name, err)
	}
	if s.ttl > 0 && s.ttl <= c.o.StaleIfError {
		return v, ReasonStale, err
	}
	return v, ReasonNone, err
}

// redisEntry is what an answer of Redis looks like.
func (c *Cache[K, V]) redisEntry(v V, s stored, err error) Entry[V] {
	if err != nil {
		s.raw = nil
	}
	return Entry[V]{Value: v, Raw: s.raw, Source: SourceRedis, TTL: max(0, s.ttl-c.o.StaleIfError)}
}

// miss gets the value from a flight.
func (c *Cache[K, V]) miss(ctx context.Context, m need[K, V], began time.Time) (Entry[V], error) {
	c.count.misses.Add(1)
	if m.stale != nil && c.failing.active(m.name) {
		return c.serveStale(m, nil, began)
	}
	out, shared, err := c.await(ctx, c.flights, &flight[K, V]{
		key: m.key, target: m.target, values: ctx, direct: m.reason == ReasonUnavailable,
	})
	if err != nil {
		return Entry[V]{}, fmt.Errorf("cache: get %s: %w", m.name, err)
	}
	e, err := c.answer(out, shared, m.reason, began)
	if m.stale != nil && err != nil && !errors.Is(err, ErrNotFound) {
		return c.serveStale(m, err, began)
	}
	return e, err
}

// answer fits the outcome of a flight to the caller who waited for it.
func (c *Cache[K, V]) answer(out outcome[V], shared bool, reason Reason, began time.Time) (Entry[V], error) {
	e := out.entry
	e.Collapsed = shared
	if shared {
		c.count.collapsed.Add(1)
	}
	if e.Source != SourceRedis && e.Reason == ReasonNone {
		e.Reason = reason
	}
	e.CacheTime = max(0, time.Since(began)-e.LoadTime)
	return e, out.err
}

// Close ends running loads and the repetition of invalidations and waits for
// them, though not for a loader that ignores its context. Reads that need the
// loader then return ErrClosed. Closing again does nothing.
func (c *Cache[K, V]) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel(ErrClosed)
	c.breaker.Close()
	c.local.close()
	c.wg.Wait()
}
