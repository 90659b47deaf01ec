package cache

import (
	"sync"
	"sync/atomic"
	"time"
)

// maxUnconfirmed is how many keys are remembered while Redis is gone, about a
// megabyte.
const maxUnconfirmed = 10_000

// unconfirmed remembers the keys whose invalidation Redis did not confirm. More
// than limit are not remembered one by one: then all keys count as unconfirmed,
// until what may lie in Redis has expired by itself.
type unconfirmed struct {
	limit int

	present atomic.Bool // anything at all; keeps reads in health away from the lock

	mu        sync.Mutex
	keys      map[string]uint64 // the time, in additions, when the key came last
	additions uint64
	allUntil  time.Time // all keys, until then
	all       uint64    // all keys, until InvalidateAll is confirmed: when it came last; 0: it is
	repeated  bool      // a goroutine repeats them
}

// has reports whether Redis must not be asked for a key: its own invalidation is not
// confirmed, or that of one of its tags.
func (u *unconfirmed) has(t target) bool {
	if !u.present.Load() {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all > 0 {
		return true
	}
	if !u.allUntil.IsZero() {
		if time.Now().Before(u.allUntil) {
			return true
		}
		u.allUntil = time.Time{}
		u.note()
	}
	_, ok := u.keys[t.name]
	for i := 0; i < len(t.tags) && !ok; i++ {
		_, ok = u.keys[t.tags[i]]
	}
	return ok
}

// note is called with the lock held, after a change.
func (u *unconfirmed) note() {
	u.present.Store(len(u.keys) > 0 || u.all > 0 || !u.allUntil.IsZero())
}

// mark returns a point in time for confirm. It is taken before a command is sent.
func (u *unconfirmed) mark() uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.additions
}

// add remembers keys. life is how long Redis may still have what is old: the life of
// an entry and that of the lease under which a load may store what it read before.
func (u *unconfirmed) add(names []string, life time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.keys == nil {
		u.keys = map[string]uint64{}
	}
	u.additions++
	for _, name := range names {
		if _, known := u.keys[name]; !known && len(u.keys) >= u.limit {
			u.allUntil = time.Now().Add(life)
			continue
		}
		u.keys[name] = u.additions
	}
	u.note()
}

// confirm forgets a key, unless it came again after the mark: the command that is
// now confirmed may have been carried out before the change that came then.
func (u *unconfirmed) confirm(name string, mark uint64) {
	if !u.present.Load() {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if at, ok := u.keys[name]; ok && at <= mark {
		delete(u.keys, name)
		u.note()
	}
}

// addAll remembers that all keys are to be removed.
func (u *unconfirmed) addAll() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.additions++
	u.all = u.additions
	u.note()
}

// confirmAll is confirm for what addAll remembered.
func (u *unconfirmed) confirmAll(mark uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all <= mark {
		u.all = 0
		u.note()
	}
}

// takeOver reports whether the caller is the one to repeat the invalidations.
func (u *unconfirmed) takeOver() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.repeated || len(u.keys) == 0 && u.all == 0 {
		return false
	}
	u.repeated = true
	return true
}

// some returns up to n keys, and whether all are to be removed. Where there is
// nothing, the caller has done its work and another one may take over.
func (u *unconfirmed) some(n int) (names []string, all bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.repeated = len(u.keys) > 0 || u.all > 0
	names = make([]string, 0, min(n, len(u.keys)))
	for name := range u.keys {
		if len(names) == n {
			break
		}
		names = append(names, name)
	}
	return names, u.all > 0
}

// pending returns how many commands are to be repeated.
func (u *unconfirmed) pending() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all > 0 {
		return len(u.keys) + 1
	}
	return len(u.keys)
}
