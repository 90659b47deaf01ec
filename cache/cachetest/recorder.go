package cachetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
)

const (
	remembered = 10_000 // events that a Recorder keeps
	printed    = 50     // of these, the ones in the message of a failed Wait
)

// Recorder is a [cache.Observer] that remembers what happened. It keeps the newest
// 10,000 events, about 1 MB, and forgets older ones; counts go on counting all. The
// zero value is ready for use. All methods are safe for concurrent use, and one
// Recorder may observe several caches.
type Recorder struct {
	mu      sync.Mutex
	ring    []cache.Event // full at remembered; then oldest is where it begins
	oldest  int
	counts  map[cache.EventKind]int
	waiters []*waiter
}

// waiter is a Wait under way.
type waiter struct {
	kind cache.EventKind
	key  string
	got  chan cache.Event // has room for the one event
}

// CacheEvent remembers an event; a cache calls it.
func (r *Recorder) CacheEvent(e cache.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ring) < remembered {
		r.ring = append(r.ring, e)
	} else {
		r.ring[r.oldest] = e
		r.oldest = (r.oldest + 1) % remembered
	}
	if r.counts == nil {
		r.counts = map[cache.EventKind]int{}
	}
	r.counts[e.Kind]++
	r.waiters = slices.DeleteFunc(r.waiters, func(w *waiter) bool {
		if w.kind != e.Kind || w.key != e.Key {
			return false
		}
		w.got <- e
		return true
	})
}

// Events returns the newest 10,000 events since the last Reset, oldest first.
func (r *Recorder) Events() []cache.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events()
}

func (r *Recorder) events() []cache.Event {
	return slices.Concat(r.ring[r.oldest:], r.ring[:r.oldest])
}

// Count returns how many events of a kind happened since the last Reset, forgotten
// ones included.
func (r *Recorder) Count(kind cache.EventKind) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[kind]
}

// Reset forgets all events. It ends no Wait.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring, r.oldest, r.counts = nil, 0, nil
}

// Wait returns the oldest remembered event of this kind about this key in Redis (see
// [cache.Cache.Key]; for events about the whole cache its prefix, as cache:user:), or
// else waits for one.
// If none comes, it fails the test with a list of what did. Call [Recorder.Reset]
// before what is waited for, to leave out what happened earlier.
func (r *Recorder) Wait(tb testing.TB, kind cache.EventKind, key string) cache.Event {
	tb.Helper()
	w := &waiter{kind: kind, key: key, got: make(chan cache.Event, 1)}
	r.await(w)
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case e := <-w.got:
		return e
	case <-timeout.C:
	}
	seen := r.giveUp(w)
	select {
	case e := <-w.got: // it came just then
		return e
	default:
	}
	tb.Fatalf("cachetest: no event %q about %q after %v. %s", kind, key, patience, seen)
	return cache.Event{}
}

// await answers a waiter from what is remembered, or else notes it down. Both under
// one lock, so that no event slips through between.
func (r *Recorder) await(w *waiter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, part := range [][]cache.Event{r.ring[r.oldest:], r.ring[:r.oldest]} {
		for _, e := range part {
			if e.Kind == w.kind && e.Key == w.key {
				w.got <- e
				return
			}
		}
	}
	r.waiters = append(r.waiters, w)
}

// giveUp ends a wait and says what was seen instead.
func (r *Recorder) giveUp(w *waiter) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiters = slices.DeleteFunc(r.waiters, func(other *waiter) bool { return other == w })
	if len(r.counts) == 0 {
		return "There was no event at all."
	}
	var b strings.Builder
	b.WriteString("Seen:")
	total := 0
	for i, kind := range slices.Sorted(maps.Keys(r.counts)) {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, " %d × %s", r.counts[kind], kind)
		total += r.counts[kind]
	}
	events := r.events()
	events = events[max(0, len(events)-printed):]
	if len(events) < total {
		fmt.Fprintf(&b, "; the last %d", len(events))
	}
	b.WriteString(":")
	for _, e := range events {
		b.WriteString("\n\t" + describe(e))
	}
	return b.String()
}

// describe puts an event on one line, without the fields that are not set.
func describe(e cache.Event) string {
	s := e.Kind.String()
	if e.Key != "" {
		s += " " + e.Key
	}
	if e.Source != 0 {
		s += " from " + e.Source.String()
	}
	if e.Reason != cache.ReasonNone {
		s += ", reason " + e.Reason.String()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}
