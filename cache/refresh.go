package cache

import (
	"context"
	"fmt"
	"time"
)

// Refresh reads past Redis: it returns what a load says that began after the call,
// and stores that, so that a Get which begins after Refresh returned sees the same
// or something newer. It takes the lease away from a load under way, whose result
// may be older. Concurrent calls for one key share loads, as far as the promise
// allows. Without Redis it only asks the loader. Errors are those of Get.
func (c *Cache[K, V]) Refresh(ctx context.Context, key K) (Entry[V], error) {
	began := time.Now()
	to := c.target(key)
	if err := ctx.Err(); err != nil {
		return Entry[V]{}, fmt.Errorf("cache: refresh %s: %w", to.name, err)
	}
	out, shared, err := c.await(ctx, c.refreshes, &flight[K, V]{key: key, target: to, values: ctx, forced: true})
	if err != nil {
		return Entry[V]{}, fmt.Errorf("cache: refresh %s: %w", to.name, err)
	}
	c.local.drop(to.name) // the push that the fill causes may still be on its way
	out.entry.Reason = ReasonBypass
	return c.answer(out, shared, ReasonBypass, began)
}
