package cache

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// Observer is told what happens in a cache, as it happens and in the goroutine
// that does it: it must be quick, must not block, must not call the cache and must
// be safe for concurrent use.
type Observer interface {
	CacheEvent(e Event)
}

// Event is one thing that happened. Which fields are set depends on Kind.
type Event struct {
	Kind     EventKind
	Key      string        // the key in Redis, as cache:user:42, or that of a tag; of events of the whole cache its prefix, as cache:user:
	Source   Source        // EventHit, EventStale: the tier
	Reason   Reason        // EventMiss: why it counts as one
	Duration time.Duration // EventHit, EventMiss: of the read; EventLoad: of the load
	Err      error         // EventHit: ErrNotFound for a remembered absence; else what went wrong (EventStale: nil where the loader was not asked again)
}

// EventKind is the kind of an [Event].
type EventKind uint8

// The kinds of events.
const (
	EventHit           EventKind = iota + 1 // a read was answered without a load
	EventMiss                               // a read was not: it asks the loader, or waits for whoever does
	EventLoad                               // the loader returned; its result is not stored yet
	EventFill                               // a loaded value was stored
	EventFillRefused                        // it was not: an invalidation, or another load, came before
	EventInvalidated                        // Redis confirmed an invalidation
	EventUnconfirmed                        // Redis did not; it will be repeated
	EventBreakerOpened                      // Redis cannot be asked; reads go to the loader
	EventBreakerClosed                      // Redis answers again
	EventLocalReady                         // the local tier may be used
	EventLocalLost                          // it may not: its connection is lost, or MaxStaleness passed without an answer
	EventStale                              // the loader failed and an entry beyond its TTL was returned: see Options.StaleIfError
)

// String returns the kind in words, as "fill refused".
func (k EventKind) String() string {
	names := [...]string{
		"unknown", "hit", "miss", "load", "fill", "fill refused",
		"invalidated", "unconfirmed", "breaker opened", "breaker closed",
		"local ready", "local lost", "stale",
	}
	if int(k) >= len(names) {
		k = 0
	}
	return names[k]
}

// Stats counts what happened since the cache was made.
type Stats struct {
	LocalHits uint64 // reads that were answered from memory, remembered absences included
	Hits      uint64 // reads that were answered from Redis at once, remembered absences included
	Misses    uint64 // all other reads
	Collapsed uint64 // of the misses, those answered by a load that somebody else had asked for
	Stale     uint64 // of the misses, those answered with an entry beyond its TTL

	Loads      uint64 // calls of the loader
	LoadErrors uint64 // of these, those that failed; ErrNotFound is no failure
	Ahead      uint64 // of the loads, those ahead of the entry's end
	Overloaded uint64 // loads that were given up because MaxLoads were running

	Fills        uint64 // values stored
	FillsRefused uint64 // values that were not, because an invalidation or another load came before
	Undecodable  uint64 // entries found in Redis that are no valid values

	Invalidated uint64 // keys and tags whose invalidation Redis confirmed
	Unconfirmed uint64 // those whose invalidation failed at first

	Loading     int  // loads running now
	Pending     int  // keys and tags whose invalidation is being repeated now
	BreakerOpen bool // Redis cannot be asked now

	LocalReady     bool   // the local tier may be used now
	LocalEntries   int    // in the local tier
	LocalBytes     int64  // that these account for
	LocalEvictions uint64 // entries that had to make room for others
	LocalLosses    uint64 // times when everything in it was dropped, because its connection was lost or MaxStaleness passed without an answer
}

// counters is Stats while it is being counted.
type counters struct {
	localHits                      spread
	hits, misses, collapsed, stale atomic.Uint64
	loads, loadErrors, overloaded  atomic.Uint64
	ahead, localLosses             atomic.Uint64
	fills, fillsRefused, undecoded atomic.Uint64
	invalidated, unconfirmed       atomic.Uint64
}

// spread is a counter that all cores may add to at the same time: a single one
// would cost a local hit more than everything else. A goroutine keeps to one of them,
// by where its stack is: a random choice would bounce between cores all the same.
type spread [16]struct {
	n atomic.Uint64
	_ [56]byte // a cache line each
}

func (s *spread) add() {
	var here byte
	at := uint64(uintptr(unsafe.Pointer(&here))) >> 11 //nolint:gosec // only a number is made of it
	s[at*0x9E3779B97F4A7C15>>60].n.Add(1)
}

func (s *spread) load() (n uint64) {
	for i := range s {
		n += s[i].n.Load()
	}
	return n
}

// Stats returns the present counts. They are read one by one, not at one instant.
func (c *Cache[K, V]) Stats() Stats {
	s := Stats{
		LocalHits:    c.count.localHits.load(),
		Hits:         c.count.hits.Load(),
		Misses:       c.count.misses.Load(),
		Collapsed:    c.count.collapsed.Load(),
		Stale:        c.count.stale.Load(),
		Loads:        c.count.loads.Load(),
		LoadErrors:   c.count.loadErrors.Load(),
		Ahead:        c.count.ahead.Load(),
		Overloaded:   c.count.overloaded.Load(),
		Fills:        c.count.fills.Load(),
		FillsRefused: c.count.fillsRefused.Load(),
		Undecodable:  c.count.undecoded.Load(),
		Invalidated:  c.count.invalidated.Load(),
		Unconfirmed:  c.count.unconfirmed.Load(),
		Loading:      len(c.slots),
		Pending:      c.unconfirmed.pending(),
		BreakerOpen:  c.breaker.Open(),
	}
	if l := c.local; l != nil {
		s.LocalReady = l.tracker.Fresh(l.tracker.Now())
		s.LocalEntries, s.LocalBytes = l.store.Usage()
		s.LocalEvictions = l.store.Evictions()
		s.LocalLosses = c.count.localLosses.Load()
	}
	return s
}

func (c *Cache[K, V]) emit(e Event) {
	if c.o.Observer != nil {
		c.o.Observer.CacheEvent(e)
	}
}
