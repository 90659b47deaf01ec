package cache

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// A flight gets the value of one key for all callers of this process that wait for
// it: it takes the lease, asks the loader, stores the result. It runs in a
// goroutine of its own, so that no caller's end is the flight's.
//
// # Who may use what a flight brings
//
// A read that begins after an invalidation returned must not get what is older.
// The flight cannot know of invalidations in other processes, but it knows when it
// did what, and Redis settles the rest. Its work is divided into steps; each caller
// remembers the step during which it joined.
//
//   - A value that was found in Redis while taking the lease belongs to those who
//     joined before that question was sent. A later caller's read may have begun
//     after an invalidation that Redis carried out behind the answer.
//   - A loaded value whose fill was accepted belongs to those who joined before the
//     fill was sent. Had an invalidation returned before such a caller's read began,
//     it would have been carried out before the fill, and have refused it (or come
//     before the lease, thus before the load). It does not belong to those who came
//     while the answer to the fill was on its way.
//   - A loaded value that was refused, or could not be offered to Redis, belongs to
//     those who joined before the load began.
//   - An error belongs to everybody.
//
// All others go over to the next flight together, before its first step, so that
// everybody has an answer after two flights. Without Redis this means: one load of
// a key at a time, and all who come while it runs share the next.
//
// An invalidation in this process takes the key's flight off the list before it
// asks Redis, and forbids it to store its result: later reads get a new flight, and
// the value is refused here even if the invalidation does not reach Redis.
type flight[K Key, V any] struct {
	key K
	target
	values context.Context // whose values the load sees; its end means nothing
	direct bool            // Redis cannot be asked: no lease
	forced bool            // Refresh: take the lease away, whatever value is there

	done chan struct{} // closed when out is set
	out  outcome[V]
	next *flight[K, V] // takes those who cannot use out; set before done is closed

	// alone is closed when nobody waits any more and the load has not begun.
	alone chan struct{}

	// Guarded by Cache.mu.
	joined   []int // callers waiting, by the step during which they joined
	waiting  int   // their sum
	loading  bool  // too late to give up
	stale    bool  // an invalidation came: the result must not be stored
	finished bool
}

// outcome is what a flight brings, for callers that joined before a certain step.
type outcome[V any] struct {
	entry  Entry[V]
	err    error
	before int
}

// everybody is an outcome.before that no step reaches.
const everybody = math.MaxInt

func failed[V any](name string, err error) outcome[V] {
	return outcome[V]{err: fmt.Errorf("cache: load %s: %w", name, err), before: everybody}
}

// await returns the first outcome that the caller may use, of the flight under
// wanted's name or, where there is none, of wanted itself. shared says that the
// caller was not the only one to ask for it. The error is the end of ctx or
// ErrClosed.
func (c *Cache[K, V]) await(ctx context.Context, list map[string]*flight[K, V], wanted *flight[K, V]) (out outcome[V], shared bool, err error) {
	f, step, err := c.join(list, wanted)
	if err != nil {
		return out, false, err
	}
	for f != nil {
		select {
		case <-f.done:
		case <-ctx.Done():
			c.leave(list, f, step)
			return out, false, ctx.Err()
		}
		if step < f.out.before {
			return f.out, f != wanted, nil
		}
		f, step = f.next, 0
	}
	return out, false, ErrClosed
}

// join makes the caller wait for the flight on the list, or for wanted, which is
// then put there and started.
func (c *Cache[K, V]) join(list map[string]*flight[K, V], wanted *flight[K, V]) (f *flight[K, V], step int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, 0, ErrClosed
	}
	f, ok := list[wanted.name]
	if !ok {
		f = wanted
		c.start(list, f, 1)
		return f, 0, nil
	}
	step = len(f.joined) - 1
	f.joined[step]++
	f.waiting++
	return f, step, nil
}

// start lets a flight run with its first callers. It is put on the list, unless
// there is another one, which does not happen but to the flight of callers that
// another flight left over. The lock is held and the cache not closed.
func (c *Cache[K, V]) start(list map[string]*flight[K, V], f *flight[K, V], waiting int) {
	f.done, f.alone = make(chan struct{}), make(chan struct{})
	f.joined, f.waiting = []int{waiting}, waiting
	if _, other := list[f.name]; other {
		c.aside[f] = struct{}{}
	} else {
		list[f.name] = f
	}
	c.wg.Go(func() { c.finish(list, f, c.fly(f)) })
}

// leave takes back a caller that gave up. A flight for nobody ends before it
// loads.
func (c *Cache[K, V]) leave(list map[string]*flight[K, V], f *flight[K, V], step int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for f.finished && step >= f.out.before && f.next != nil {
		f, step = f.next, 0
	}
	f.joined[step]--
	f.waiting--
	if f.waiting == 0 && !f.loading && !f.finished {
		close(f.alone)
		f.loading = true // so that nobody closes it again
		takeOff(list, f)
	}
}

// advance begins the next step of a flight and returns its number.
func (c *Cache[K, V]) advance(f *flight[K, V]) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.joined = append(f.joined, 0)
	return len(f.joined) - 1
}

// beginLoad is the step after which a flight no longer gives up. It reports false
// where nobody waits any more.
func (c *Cache[K, V]) beginLoad(f *flight[K, V]) (step int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.loading {
		return 0, false
	}
	f.loading = true
	f.joined = append(f.joined, 0)
	return len(f.joined) - 1, true
}

// beginFill is the step in which the result is offered to Redis. It reports false
// where an invalidation forbids that.
func (c *Cache[K, V]) beginFill(f *flight[K, V]) (step int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.joined = append(f.joined, 0)
	return len(f.joined) - 1, !f.stale
}

// finish hands the outcome out and starts the flight of those who cannot use it.
func (c *Cache[K, V]) finish(list map[string]*flight[K, V], f *flight[K, V], out outcome[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.out = out
	f.finished = true
	takeOff(list, f)
	delete(c.aside, f)
	late := 0
	for step, n := range f.joined {
		if step >= out.before {
			late += n
		}
	}
	if late > 0 && !c.closed {
		f.next = &flight[K, V]{key: f.key, target: f.target, values: f.values, forced: f.forced}
		c.start(list, f.next, late)
	}
	close(f.done)
}

func takeOff[K Key, V any](list map[string]*flight[K, V], f *flight[K, V]) {
	if list[f.name] == f {
		delete(list, f.name)
	}
}

// outdate takes the flights of keys, or of all keys with certain tags, off the lists
// and forbids them to store what they bring. Reads that begin later do not join them.
func (c *Cache[K, V]) outdate(names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, list := range []map[string]*flight[K, V]{c.flights, c.refreshes} {
		for _, name := range names {
			if f := list[name]; f != nil {
				f.stale = true
				takeOff(list, f)
			}
		}
		if c.tagged {
			for _, f := range list {
				if f.dependsOn(names) {
					f.stale = true
					takeOff(list, f)
				}
			}
		}
	}
	for f := range c.aside {
		if slices.Contains(names, f.name) || f.dependsOn(names) {
			f.stale = true
		}
	}
}

// dependsOn reports whether the target has one of these tags.
func (t target) dependsOn(tags []string) bool {
	return slices.ContainsFunc(t.tags, func(tag string) bool { return slices.Contains(tags, tag) })
}
