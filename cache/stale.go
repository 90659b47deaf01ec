package cache

import "time"

// remnant is an entry whose TTL is over, as a read found it in Redis. An
// invalidation deletes it there like any other, so a read that begins later does not
// find it: what may be old is bounded by TTL and StaleIfError, not by what changed.
type remnant[V any] struct {
	entry Entry[V]
	err   error // ErrNotFound, for an absence
}

// serveStale answers with what is left where the loader failed, now or, where cause
// is nil, a moment ago.
func (c *Cache[K, V]) serveStale(m need[K, V], cause error, began time.Time) (Entry[V], error) {
	c.count.stale.Add(1)
	c.emit(Event{Kind: EventStale, Key: m.name, Source: SourceRedis, Reason: ReasonStale, Err: cause})
	e := m.stale.entry
	e.Reason = ReasonStale
	e.CacheTime = time.Since(began)
	return e, m.stale.err
}
