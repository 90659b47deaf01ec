package cache

import (
	"context"
	"fmt"
)

// InvalidateAll removes every entry of the cache, and promises for all keys what
// Invalidate promises for one. It is for changes that do not say which keys they
// concern: a table that was emptied or loaded again.
//
// It looks at every key in Redis twice, at those of other programs too: with SCAN, a
// thousand at a time, so that Redis serves others meanwhile. A million keys take some
// seconds. For what happens often, use tags.
//
// It does not stop when ctx does; each exchange is bounded by Options.RedisTimeout.
// The error wraps ErrUnconfirmed: then it is repeated until Redis has confirmed it,
// and this process reads all keys past Redis until then. While slots of a Cluster
// move from node to node it cannot be confirmed.
func (c *Cache[K, V]) InvalidateAll(ctx context.Context) error {
	// As in invalidate: before, so that later reads join nothing older; after, so
	// that nothing is kept that was read from Redis before.
	c.outdateAll()
	before := c.unconfirmed.mark()
	n, err := c.removeAll(context.WithoutCancel(ctx), c.prefix)
	c.local.dropAll()
	if c.settleAll(n, err, before) {
		return nil
	}
	c.unconfirmed.addAll()
	c.outdateAll()
	c.local.dropAll()
	c.count.unconfirmed.Add(1)
	c.emit(Event{Kind: EventUnconfirmed, Key: c.prefix + "*", Err: err})
	c.startRepeating()
	return fmt.Errorf("cache: invalidate %s*: %w: %w", c.prefix, ErrUnconfirmed, err)
}

// settleAll takes a confirmed InvalidateAll off the record.
func (c *Cache[K, V]) settleAll(removed int, err error, before uint64) bool {
	if err != nil {
		return false
	}
	c.unconfirmed.confirmAll(before)
	c.count.invalidated.Add(uint64(removed)) //nolint:gosec // a count
	c.emit(Event{Kind: EventInvalidated, Key: c.prefix + "*"})
	return true
}

// outdateAll is outdate for the flights of all keys.
func (c *Cache[K, V]) outdateAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, list := range []map[string]*flight[K, V]{c.flights, c.refreshes} {
		for _, f := range list {
			f.stale = true
		}
		clear(list)
	}
	for f := range c.aside {
		f.stale = true
	}
}
