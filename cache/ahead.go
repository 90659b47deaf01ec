package cache

import (
	"context"
	"crypto/rand"
	"errors"
	"runtime/debug"
	"time"
)

// refreshAhead has an entry loaded again that has little left of its TTL, unless
// this process is at it already. Nobody waits for it: readers go on to find the
// entry until the fill replaces it. Across processes the lease decides who loads. A
// remembered absence is not for this: it may live for less than RefreshAhead, and would
// be loaded all the time.
func (c *Cache[K, V]) refreshAhead(ctx context.Context, key K, t target, left time.Duration) {
	if left <= 0 || left >= c.o.RefreshAhead {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, running := c.ahead[t.name]; running || c.closed {
		return
	}
	f := &flight[K, V]{key: key, target: t, values: ctx, joined: []int{0}}
	c.ahead[t.name] = struct{}{}
	c.aside[f] = struct{}{} // where an invalidation finds it
	c.wg.Go(func() {
		if !c.flyAhead(f) {
			// Somebody else is at it, or the loader failed: not again at once.
			_ = c.pause(f, min(holdoffTime, c.o.RefreshAhead/4), nil)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.ahead, t.name)
		delete(c.aside, f)
	})
}

// flyAhead reports whether it loaded.
func (c *Cache[K, V]) flyAhead(f *flight[K, V]) (loaded bool) {
	defer func() {
		if p := recover(); p != nil {
			err := &PanicError{Value: p, Stack: debug.Stack()}
			c.emit(Event{Kind: EventLoad, Key: f.name, Err: err})
		}
	}()
	if !c.reachable(f.target) {
		return false
	}
	mark, err := c.mark(c.detached(f), f.tags)
	if err != nil {
		return false
	}
	token := rand.Text()
	l, err := c.acquire(c.detached(f), claim{
		target: f.target, token: token, ttl: c.o.LeaseTTL,
		least: c.o.StaleIfError + c.o.RefreshAhead, mark: mark,
	})
	if err != nil || !l.acquired {
		return false
	}
	c.count.ahead.Add(1)
	out := c.loadWithLease(f, token, mark)
	return out.err == nil || errors.Is(out.err, ErrNotFound)
}
