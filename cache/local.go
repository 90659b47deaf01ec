package cache

import (
	"context"
	"hash/maphash"
	"strings"
	"sync/atomic"
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
	tagged  tagStripes
	tagKeys string // what the keys of tags begin with
}

type localValue[V any] struct {
	value  V
	raw    []byte
	absent bool // ErrNotFound was remembered
	tags   []tagSeen
}

func newLocal[V any](client rueidis.Client, prefix string, o Options, losses *atomic.Uint64, emit func(Event)) *local[V] {
	if o.LocalBytes <= 0 {
		return nil
	}
	l := &local[V]{store: nearcache.NewStore[localValue[V]](o.LocalBytes), ttl: o.TTL, tagKeys: tagKey(prefix, "")}
	l.tagged.seed = maphash.MakeSeed()
	ready := false // of OnState alone: what was not there yet cannot be lost
	l.tracker = nearcache.NewTracker(client, nearcache.TrackerOptions{
		// The second one is where leases are: their end wakes who waits for them.
		Prefixes:     []string{prefix, "{" + prefix},
		MaxStaleness: o.MaxStaleness,
		OnChange:     func(name string) { l.drop(name) },
		OnGap:        l.store.DropAll,
		OnState: func(err error) {
			kind := EventLocalReady
			if err != nil {
				kind = EventLocalLost
				if ready {
					losses.Add(1)
				}
			}
			ready = err == nil
			emit(Event{Kind: kind, Key: prefix, Err: err})
		},
	})
	return l
}

// get returns what is known about a key, or nil. now is in the tracker's clock.
func (l *local[V]) get(name []byte, now int64) *nearcache.Item[localValue[V]] {
	if !l.tracker.Fresh(now) {
		return nil
	}
	it := l.store.Get(name, now)
	if it != nil && !l.tagged.unchanged(it.Value.tags) {
		return nil
	}
	return it
}

// permit is what allows to keep the answer to a question that is sent after it was
// taken. The zero value allows nothing.
type permit struct {
	ticket nearcache.Ticket
	tags   []tagSeen
	at     int64
	good   bool
}

func (l *local[V]) permit(t target) permit {
	if l == nil {
		return permit{}
	}
	now := l.tracker.Now()
	if !l.tracker.Fresh(now) {
		return permit{}
	}
	return permit{ticket: l.store.Ticket(t.name), tags: l.tagged.see(t.tags), at: now, good: true}
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
	l.store.Put(p.ticket, name, localValue[V]{value: e.Value, raw: e.Raw, absent: absent, tags: p.tags},
		2*int64(len(e.Raw))+int64(len(p.tags))*tagSeenBytes, p.at+int64(ttl))
}

// drop forgets keys, or what has certain tags. Other keys that begin with a brace
// stand beside a value and mean nothing here.
func (l *local[V]) drop(names ...string) {
	if l == nil {
		return
	}
	for _, name := range names {
		switch {
		case name == "" || name[0] != '{':
			l.store.Drop(name)
		case strings.HasPrefix(name, l.tagKeys):
			l.tagged.change(name)
		}
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

// fromLocal is the whole of a read that needs no I/O. now is in the tracker's clock:
// a look at the clock costs as much as the rest.
func (c *Cache[K, V]) fromLocal(ctx context.Context, key K) (_ *nearcache.Item[localValue[V]], now int64) {
	if c.local == nil {
		return nil, 0
	}
	now = c.local.tracker.Now()
	var buf [128]byte
	it := c.local.get(c.appendName(buf[:0], key), now)
	if it == nil {
		return nil, 0
	}
	c.count.localHits.add()
	if c.o.Observer != nil {
		var err error
		if it.Value.absent {
			err = ErrNotFound
		}
		c.emit(Event{Kind: EventHit, Key: it.Name(), Source: SourceLocal, Err: err})
	}
	if c.o.RefreshAhead > 0 && !it.Value.absent {
		if left := time.Duration(it.Expires() - now); left < c.o.RefreshAhead {
			c.refreshAhead(ctx, key, c.target(key), left)
		}
	}
	return it, now
}

// localEntry makes what Lookup returns of an item.
func (c *Cache[K, V]) localEntry(it *nearcache.Item[localValue[V]], now int64) (Entry[V], error) {
	e := Entry[V]{
		Value: it.Value.value, Raw: it.Value.raw, Source: SourceLocal,
		TTL: time.Duration(max(0, it.Expires()-now)),
	}
	if it.Value.absent {
		return e, ErrNotFound
	}
	return e, nil
}
