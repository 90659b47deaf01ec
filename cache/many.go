package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// GetMany returns the values of many keys: those in memory at once, those in Redis with
// one round trip (in a cluster, one per node), the others as Get would, several at a time. Keys that do
// not exist are absent from the map. Where some keys fail, the map holds the others
// and the error joins one error for each, as Get returns it. The map is never nil.
func (c *Cache[K, V]) GetMany(ctx context.Context, keys []K) (map[K]V, error) {
	began := time.Now()
	values := make(map[K]V, len(keys))
	if len(keys) == 0 {
		return values, nil
	}
	if err := ctx.Err(); err != nil {
		return values, fmt.Errorf("cache: get %d keys: %w", len(keys), err)
	}
	wanted := c.readMany(ctx, keys, values, began)
	if err := ended(ctx); err != nil && len(wanted) > 0 {
		return values, fmt.Errorf("cache: get %d of %d keys: %w", len(wanted), len(keys), err)
	}
	return values, c.loadMany(ctx, wanted, values, began)
}

// Warm sees to it that keys are in Redis, each loaded only where it is not there yet,
// for instance before traffic arrives. Where some keys fail, the error joins one
// error for each; a key that does not exist is no error.
func (c *Cache[K, V]) Warm(ctx context.Context, keys ...K) error {
	_, err := c.GetMany(ctx, keys)
	return err
}

// want is a key that needs the loader.
type want[K Key] struct {
	key    K
	name   string
	reason Reason
	permit permit
}

// readMany puts what is in memory or in Redis into values and returns the rest, each key once.
func (c *Cache[K, V]) readMany(ctx context.Context, keys []K, values map[K]V, began time.Time) []want[K] {
	var ask, wanted []want[K]
	seen := make(map[K]struct{}, len(keys))
	for _, key := range keys {
		if _, again := seen[key]; again {
			continue
		}
		seen[key] = struct{}{}
		if it := c.fromLocal(key); it != nil {
			if !it.Value.absent {
				values[key] = it.Value.value
			}
			continue
		}
		w := want[K]{key: key, name: c.name(key)}
		w.permit = c.local.permit(w.name) // first: see lookup
		if c.reachable(w.name) {
			ask = append(ask, w)
		} else {
			w.reason = ReasonUnavailable
			c.emit(Event{Kind: EventMiss, Key: w.name, Reason: w.reason})
			wanted = append(wanted, w)
		}
	}
	if len(ask) == 0 {
		return wanted
	}
	names := make([]string, len(ask))
	for i, w := range ask {
		names[i] = w.name
	}
	for i, s := range c.read(ctx, names...) {
		w := ask[i]
		e, reason, err := c.judge(w.name, s)
		if w.reason = reason; reason != ReasonNone {
			c.emit(Event{Kind: EventMiss, Key: w.name, Reason: reason, Duration: time.Since(began), Err: err})
			wanted = append(wanted, w)
			continue
		}
		c.local.put(w.permit, w.name, e, err != nil)
		c.count.hits.Add(1)
		c.emit(Event{Kind: EventHit, Key: w.name, Source: SourceRedis, Duration: time.Since(began), Err: err})
		if err == nil {
			values[w.key] = e.Value
		}
	}
	return wanted
}

// loadMany gets the wanted keys from flights, as many at a time as may load.
func (c *Cache[K, V]) loadMany(ctx context.Context, wanted []want[K], values map[K]V, began time.Time) error {
	var (
		next atomic.Int64
		wg   sync.WaitGroup
		mu   sync.Mutex // guards values and errs
		errs []error
	)
	for range min(len(wanted), c.o.MaxLoads) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(wanted)); i = next.Add(1) - 1 {
				w := wanted[i]
				e, err := c.miss(ctx, w.key, w.name, w.reason, began)
				mu.Lock()
				if err == nil {
					values[w.key] = e.Value
				} else if !errors.Is(err, ErrNotFound) {
					errs = append(errs, err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
