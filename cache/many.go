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

// readMany puts what is in memory or in Redis into values and returns the rest, each key once.
func (c *Cache[K, V]) readMany(ctx context.Context, keys []K, values map[K]V, began time.Time) (wanted []need[K, V]) {
	ask, wanted := c.sortMany(ctx, keys, values)
	if len(ask) == 0 {
		return wanted
	}
	questions := make([]question, len(ask))
	for i, a := range ask {
		questions[i] = question{a.target, c.needTTL}
	}
	for i, s := range c.read(ctx, questions...) {
		m := ask[i].need
		v, reason, err := c.judge(m.name, s)
		e := c.redisEntry(v, s, err)
		e.CacheTime = time.Since(began)
		if reason != ReasonNone {
			c.missed(&m, e, reason, err, e.CacheTime)
			wanted = append(wanted, m)
			continue
		}
		c.local.put(ask[i].permit, m.name, e, err != nil)
		c.hit(ctx, m, e, err)
		if err == nil {
			values[m.key] = v
		}
	}
	return wanted
}

// askable is a key that Redis may be asked for.
type askable[K Key, V any] struct {
	need[K, V]
	permit permit
}

// sortMany puts what is in memory into values and divides the others into those that
// Redis may be asked for and those that it may not.
func (c *Cache[K, V]) sortMany(ctx context.Context, keys []K, values map[K]V) (ask []askable[K, V], wanted []need[K, V]) {
	seen := make(map[K]struct{}, len(keys))
	for _, key := range keys {
		if _, again := seen[key]; again {
			continue
		}
		seen[key] = struct{}{}
		if it, _ := c.fromLocal(ctx, key); it != nil {
			if !it.Value.absent {
				values[key] = it.Value.value
			}
			continue
		}
		m := need[K, V]{key: key, target: c.target(key), reason: ReasonUnavailable}
		p := c.local.permit(m.target) // first: see lookup
		if c.reachable(m.target) {
			ask = append(ask, askable[K, V]{m, p})
			continue
		}
		c.emit(Event{Kind: EventMiss, Key: m.name, Reason: m.reason})
		wanted = append(wanted, m)
	}
	return ask, wanted
}

// loadMany gets the wanted keys from flights, as many at a time as may load.
func (c *Cache[K, V]) loadMany(ctx context.Context, wanted []need[K, V], values map[K]V, began time.Time) error {
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
				e, err := c.miss(ctx, w, began)
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
