package cache

import (
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/nearcache"
)

// local is the tier in this process's memory: decoded values, with their bytes,
// that were read from Redis and have not changed there since. A nil *local is a
// tier that never has anything.
type local[V any] struct {
	store   *nearcache.Store[localValue[V]]
	tracker *nearcache.Tracker
	ttl     time.Duration // for entries whose life in Redis is not known
}

type localValue[V any] struct {
	value  V
	raw    []byte
	absent bool // ErrNotFound was remembered
}

func newLocal[V any](client rueidis.Client, prefix string, o Options, emit func(Event)) *local[V] {
	if o.LocalBytes <= 0 {
		return nil
	}
	l := &local[V]{store: nearcache.NewStore[localValue[V]](o.LocalBytes), ttl: o.TTL}
	l.tracker = nearcache.NewTracker(client, nearcache.TrackerOptions{
		// The second one is where leases are: their end wakes who waits for them.
		Prefixes:     []string{prefix, "{" + prefix},
		MaxStaleness: o.MaxStaleness,
		OnChange: func(name string) {
			if !strings.HasPrefix(name, "{") {
				l.store.Drop(name)
			}
		},
		OnGap: l.store.DropAll,
		OnState: func(err error) {
			kind := EventLocalReady
			if err != nil {
				kind = EventLocalLost
			}
			emit(Event{Kind: kind, Err: err})
		},
	})
	return l
}

// get returns what is known about a key, or nil.
func (l *local[V]) get(name []byte) *nearcache.Item[localValue[V]] {
	now := l.tracker.Now()
	if !l.tracker.Fresh(now) {
		return nil
	}
	return l.store.Get(name, now)
}

// permit is what allows to keep the answer to a question that is sent after it was
// taken. The zero value allows nothing.
type permit struct {
	ticket nearcache.Ticket
	at     int64
	good   bool
}

func (l *local[V]) permit(name string) permit {
	if l == nil {
		return permit{}
	}
	now := l.tracker.Now()
	if !l.tracker.Fresh(now) {
		return permit{}
	}
	return permit{ticket: l.store.Ticket(name), at: now, good: true}
}

// put keeps what Redis said, for no longer than Redis does.
func (l *local[V]) put(p permit, name string, e Entry[V], absent bool) {
	if !p.good {
		return
	}
	ttl := e.TTL
	if ttl <= 0 {
		ttl = l.ttl
	}
	// The decoded value takes about as much as its bytes.
	l.store.Put(p.ticket, name, localValue[V]{value: e.Value, raw: e.Raw, absent: absent},
		2*int64(len(e.Raw)), p.at+int64(ttl))
}

func (l *local[V]) drop(names ...string) {
	if l == nil {
		return
	}
	for _, name := range names {
		l.store.Drop(name)
	}
}

func (l *local[V]) dropAll() {
	if l != nil {
		l.store.DropAll()
	}
}

// watch returns a channel that is sent to when a lease ends, nil where nobody would
// hear of it.
func (l *local[V]) watch(name string) (changed <-chan struct{}, stop func()) {
	if l == nil || !l.tracker.Fresh(l.tracker.Now()) {
		return nil, func() {}
	}
	return l.tracker.Watch(leaseKey(name))
}

func (l *local[V]) close() {
	if l != nil {
		l.tracker.Close()
	}
}

// fromLocal is the whole of a read that needs no I/O.
func (c *Cache[K, V]) fromLocal(key K) *nearcache.Item[localValue[V]] {
	if c.local == nil {
		return nil
	}
	var buf [128]byte
	it := c.local.get(c.appendName(buf[:0], key))
	if it == nil {
		return nil
	}
	c.count.localHits.add()
	if c.o.Observer != nil {
		var err error
		if it.Value.absent {
			err = ErrNotFound
		}
		c.emit(Event{Kind: EventHit, Key: it.Name(), Source: SourceLocal, Err: err})
	}
	return it
}

// localEntry makes what Lookup returns of an item.
func (c *Cache[K, V]) localEntry(it *nearcache.Item[localValue[V]], began time.Time) (Entry[V], error) {
	e := Entry[V]{
		Value: it.Value.value, Raw: it.Value.raw, Source: SourceLocal,
		TTL: time.Duration(max(0, it.Expires()-c.local.tracker.Now())), CacheTime: time.Since(began),
	}
	if it.Value.absent {
		return e, ErrNotFound
	}
	return e, nil
}
