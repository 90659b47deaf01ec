package cache

import (
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // Redis's Lua has no other digest; it names a value, nothing depends on its strength
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"runtime/debug"
	"time"
)

// While another process holds the lease, Redis is asked again after these times.
const (
	firstPoll = 5 * time.Millisecond
	lastPoll  = 50 * time.Millisecond
	// netPoll is the time where the end of the lease is heard of: a safety net.
	netPoll = 250 * time.Millisecond
)

// errAlone ends a flight that nobody waits for any more.
var errAlone = errors.New("nobody waits for it")

// fly does a flight's work. A panic, in whatever the user of the package wrote,
// becomes the error of those who wait.
func (c *Cache[K, V]) fly(f *flight[K, V]) (out outcome[V]) {
	defer func() {
		if p := recover(); p != nil {
			out = failed[V](f.name, &PanicError{Value: p, Stack: debug.Stack()})
		}
	}()
	if f.direct || !c.reachable(f.target) {
		return c.loadWithoutLease(f, ReasonUnavailable)
	}
	if f.forced {
		mark, err := c.mark(c.detached(f), f.tags)
		token := rand.Text()
		if err != nil || c.seize(c.detached(f), f.name, token, c.o.LeaseTTL) != nil {
			return c.loadWithoutLease(f, ReasonUnavailable)
		}
		return c.loadWithLease(f, token, mark)
	}
	return c.obtain(f)
}

// detached is a context for exchanges with Redis that belong to the flight, not to
// a caller: a lease must be given back although the cache is being closed.
func (c *Cache[K, V]) detached(f *flight[K, V]) context.Context {
	return context.WithoutCancel(f.values)
}

// obtain takes the lease and loads, or waits until another process has.
func (c *Cache[K, V]) obtain(f *flight[K, V]) outcome[V] {
	ask := claim{target: f.target, token: rand.Text(), ttl: c.o.LeaseTTL, least: c.o.StaleIfError}
	changed, stop := c.local.watch(f.name)
	defer stop()
	giveUp := time.Now().Add(c.o.LeaseTTL)
	for poll := firstPoll; ; poll = min(poll*3/2, lastPoll) {
		step := c.advance(f)
		l, err := c.tryLease(f, &ask)
		switch {
		case err != nil:
			return c.loadWithoutLease(f, ReasonUnavailable)
		case l.acquired:
			return c.loadWithLease(f, ask.token, ask.mark)
		case l.value.found:
			v, reason, err := c.judge(f.name, l.value)
			if reason == ReasonNone {
				return outcome[V]{entry: c.redisEntry(v, l.value, err), err: err, before: step}
			}
			ask.bad = digest(l.value.raw)
		}
		if time.Now().After(giveUp) {
			return c.loadWithoutLease(f, ReasonMiss)
		}
		wait := jitter(poll)
		if changed != nil {
			wait = netPoll
		}
		if err := c.pause(f, min(wait, l.busy+time.Millisecond), changed); err != nil {
			return failed[V](f.name, err)
		}
		if !c.reachable(f.target) {
			return c.loadWithoutLease(f, ReasonUnavailable)
		}
	}
}

// tryLease asks for the lease under the present generations of the key's tags, which
// it leaves in ask.
func (c *Cache[K, V]) tryLease(f *flight[K, V], ask *claim) (l lease, err error) {
	if ask.mark, err = c.mark(c.detached(f), f.tags); err != nil {
		return lease{}, err
	}
	return c.acquire(c.detached(f), *ask)
}

func digest(raw []byte) string {
	sum := sha1.Sum(raw) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// jitter returns d plus or minus a quarter, so that processes do not ask in step.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + mathrand.N(d/2+1) //nolint:gosec // spreads load, keeps no secret
}

// pause waits for d or a change, or returns an error where nobody waits for the flight any more
// or the cache is closed.
func (c *Cache[K, V]) pause(f *flight[K, V], d time.Duration, changed <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-changed:
		return nil
	case <-f.alone:
		return errAlone
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}

// loadWithoutLease asks the loader and stores nothing. The result belongs to those
// who came before the load began.
func (c *Cache[K, V]) loadWithoutLease(f *flight[K, V], reason Reason) outcome[V] {
	l := c.askLoader(f)
	if l.failed() {
		return failed[V](f.name, l.err)
	}
	e, err := c.entry(l)
	e.Reason = reason
	if err != nil && !errors.Is(err, ErrNotFound) {
		return failed[V](f.name, err)
	}
	return outcome[V]{entry: e, err: err, before: l.step}
}

// loadWithLease asks the loader and offers the result to Redis. mark is the
// generations of the key's tags from before.
func (c *Cache[K, V]) loadWithLease(f *flight[K, V], token, mark string) (out outcome[V]) {
	settled := false // by the fill: nothing to give back
	defer func() {
		if !settled && c.breaker.Allow() {
			c.release(c.detached(f), f.name, token) // others need not wait for its end
		}
	}()
	l := c.askLoader(f)
	if l.failed() {
		return failed[V](f.name, l.err)
	}
	e, err := c.entry(l)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return failed[V](f.name, err)
	}
	out = outcome[V]{entry: e, err: err, before: l.step}

	settled = c.store(f, token, mark, &out)
	return out
}

// store offers what was loaded to Redis and, where it was accepted, lets everybody
// have it who came before the offer. It reports whether the lease is settled.
func (c *Cache[K, V]) store(f *flight[K, V], token, mark string, out *outcome[V]) (settled bool) {
	raw, ttl := storable(out.entry.Raw, out.err, c.o)
	step, ok := c.beginFill(f)
	if !ok {
		c.refused(f.name)
		return false
	}
	accepted, err := c.offer(f, token, mark, raw, ttl)
	if err != nil {
		c.emit(Event{Kind: EventFillRefused, Key: f.name, Err: err})
		return false
	}
	if !accepted {
		c.refused(f.name)
		if f.forced {
			// What lies in Redis, now or soon, may be older than what this caller
			// is about to see. The next read loads again.
			c.remove(c.detached(f), []string{f.name})
		}
		return true
	}
	// A refresh promises a load that began after the call.
	if !f.forced && c.unchanged(f, mark) {
		out.before = step
	}
	if ttl > 0 {
		out.entry.TTL = ttl - c.o.StaleIfError
		c.count.fills.Add(1)
		c.emit(Event{Kind: EventFill, Key: f.name})
	}
	return true
}

// unchanged reports whether the generations of the key's tags are still those of
// mark: see tags.go.
func (c *Cache[K, V]) unchanged(f *flight[K, V], mark string) bool {
	now, err := c.mark(c.detached(f), f.tags)
	return err == nil && now == mark
}

func (c *Cache[K, V]) refused(name string) {
	c.count.fillsRefused.Add(1)
	c.emit(Event{Kind: EventFillRefused, Key: name})
}

// offer is fill, unless a test has switched the leases off.
func (c *Cache[K, V]) offer(f *flight[K, V], token, mark string, raw []byte, ttl time.Duration) (bool, error) {
	if c.leaseless && ttl > 0 {
		return true, c.client.Do(c.detached(f), c.client.B().Set().Key(f.name).Value(string(raw)).
			PxMilliseconds(wholeMillis(ttl)).Build()).Error()
	}
	return c.fill(c.detached(f), f.target, token, mark, raw, ttl)
}

// storable returns what goes to Redis for a loaded value and for how long; zero if
// nothing does.
func storable(raw []byte, err error, o Options) ([]byte, time.Duration) {
	switch {
	case err != nil && o.NegativeTTL > 0:
		return []byte(null), o.NegativeTTL + o.StaleIfError
	case err != nil || string(raw) == null:
		return nil, 0
	}
	return raw, o.TTL + o.StaleIfError - mathrand.N(o.TTLJitter+1) //nolint:gosec // spreads load, keeps no secret
}

// entry encodes what was loaded. The error is ErrNotFound or that of the encoding.
func (c *Cache[K, V]) entry(l loaded[V]) (Entry[V], error) {
	e := Entry[V]{Source: SourceLoader, LoadTime: l.took}
	if l.err != nil {
		return e, ErrNotFound
	}
	raw, err := json.Marshal(l.value)
	if err != nil {
		return e, fmt.Errorf("encode: %w", err)
	}
	e.Value, e.Raw = l.value, raw
	return e, nil
}
