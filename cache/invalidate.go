package cache

import (
	"context"
	"fmt"
	"time"
)

// The repetition of an invalidation waits as long between two attempts, and takes
// as many keys with one exchange.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = time.Second
	retryBatch = 500
)

// Invalidate removes keys from the cache. Call it after the change was committed.
// Once it returned nil, no read that starts later, in any process, returns a value
// that was loaded before the call; what other processes keep in memory follows
// within Options.MaxStaleness, usually at once.
//
// The change has happened, so Invalidate does not stop when ctx does; it is bounded
// by Options.RedisTimeout. The error is an *UnconfirmedError: see ErrUnconfirmed. After Close they are not repeated.
func (c *Cache[K, V]) Invalidate(ctx context.Context, keys ...K) error {
	if len(keys) == 0 {
		return nil
	}
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = c.name(key)
	}
	return c.invalidate(ctx, names)
}

// UnconfirmedError is the error of Invalidate and InvalidateTags. It wraps
// ErrUnconfirmed and what Redis said.
type UnconfirmedError struct {
	// Keys are those in Redis, see [Cache.Key], that were not confirmed, or the keys of
	// tags; all others were.
	Keys  []string
	asked int
	cause error
}

// Error says how many keys it is about, and names one.
func (e *UnconfirmedError) Error() string {
	return fmt.Sprintf("cache: invalidate %d of %d (%s …): %v: %v", len(e.Keys), e.asked, e.Keys[0], ErrUnconfirmed, e.cause)
}

// Unwrap returns ErrUnconfirmed and what Redis said.
func (e *UnconfirmedError) Unwrap() []error { return []error{ErrUnconfirmed, e.cause} }

// invalidate removes entries, or the generations of tags.
func (c *Cache[K, V]) invalidate(ctx context.Context, names []string) error {
	// Before the command is sent: what a flight brings from here on must not be
	// joined by reads that begin after this call.
	c.outdate(names)
	before := c.unconfirmed.mark()
	failures := c.remove(context.WithoutCancel(ctx), names)
	// Here too before the return, and after the command was carried out: what was
	// read from Redis before it must not be kept.
	c.local.drop(names...)
	failed, cause := c.settle(names, failures, before)
	if len(failed) == 0 {
		return nil
	}
	// Flights that began meanwhile have asked Redis as if it could be trusted. The
	// keys are on record before their flights are stopped, so that flights that
	// begin in between know.
	c.unconfirmed.add(failed, max(c.o.TTL, c.o.NegativeTTL)+c.o.StaleIfError+c.o.LeaseTTL)
	c.outdate(failed)
	c.local.dropAll() // all keys may count as unconfirmed now, and Redis is in trouble anyway
	c.count.unconfirmed.Add(uint64(len(failed)))
	for _, name := range failed {
		c.emit(Event{Kind: EventUnconfirmed, Key: name, Err: cause})
	}
	c.startRepeating()
	return &UnconfirmedError{Keys: failed, asked: len(names), cause: cause}
}

// settle takes confirmed keys off the record and returns the others with one of
// their errors.
func (c *Cache[K, V]) settle(names []string, failures []error, before uint64) (failed []string, cause error) {
	for i, err := range failures {
		if err != nil {
			failed, cause = append(failed, names[i]), err
			continue
		}
		c.unconfirmed.confirm(names[i], before)
		c.count.invalidated.Add(1)
		c.emit(Event{Kind: EventInvalidated, Key: names[i]})
	}
	return failed, cause
}

// startRepeating sees to it that unconfirmed invalidations are repeated.
func (c *Cache[K, V]) startRepeating() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed && c.unconfirmed.takeOver() {
		c.wg.Go(c.repeat)
	}
}

// repeat asks Redis again until it has confirmed every invalidation, or Close.
func (c *Cache[K, V]) repeat() {
	wait := firstRetry
	for {
		timer := time.NewTimer(jitter(wait))
		select {
		case <-timer.C:
		case <-c.ctx.Done():
			timer.Stop()
			return
		}
		before := c.unconfirmed.mark()
		names, all := c.unconfirmed.some(retryBatch)
		if len(names) == 0 && !all { // and somebody else takes over from now on
			return
		}
		wait = min(2*wait, lastRetry)
		if all {
			n, err := c.removeAll(c.ctx, c.prefix)
			c.settleAll(n, err, before)
		}
		if failed, _ := c.settle(names, c.remove(c.ctx, names), before); len(failed) < len(names) {
			wait = firstRetry / 10 // Redis is back: go on with the rest
		}
	}
}
