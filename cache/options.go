package cache

import (
	"cmp"
	"time"
)

// Options are the options of [New]. The zero value works. Durations that reach
// Redis count whole milliseconds, rounded up.
type Options struct {
	// TTL is the life of an entry in Redis. All processes that share a prefix should
	// agree on it. Default: 60 s.
	TTL time.Duration
	// NegativeTTL is the life of "there is no such thing", which is stored as JSON
	// null when the loader returns [ErrNotFound]. Default: 0, not stored.
	NegativeTTL time.Duration
	// TTLJitter shortens the life of each stored entry by a random part of it, so that
	// what was loaded together does not expire together. At most half of TTL.
	// Default: 0, no jitter.
	TTLJitter time.Duration
	// RefreshAhead makes the first read of an entry that has less than this left of
	// its TTL have it loaded again, in the background and by one process of all; no
	// read waits. At most half of what TTLJitter leaves of TTL. Remembered absences
	// are not refreshed. Default: 0, an entry
	// is loaded again when it is gone.
	RefreshAhead time.Duration
	// StaleIfError keeps entries in Redis for so long after their TTL, to be returned
	// where the loader fails: see ReasonStale. For up to a second after a load that
	// failed, such an entry is returned without another attempt. An invalidated entry
	// is never returned. The TTL that Redis shows is longer by this time. All processes
	// that share a prefix must agree on it. Default: 0, a failed load is an error.
	StaleIfError time.Duration
	// Tags returns the tags of a key, whose dynamic type is the cache's key type, for
	// InvalidateTags. They must be the same for a key whenever they are asked for, in
	// all processes. A read of a key with tags costs Redis two commands more, in the
	// same round trip. Default: no key has tags.
	Tags func(key any) []string
	// LoadTimeout bounds one load, including the wait for a free slot (see MaxLoads),
	// which takes half of it at most. Loads do not end with the caller that caused
	// them. Default: 5 s.
	LoadTimeout time.Duration
	// LeaseTTL is how long the lease of a process that died in the middle of a load
	// keeps others from loading the same key. A load that takes longer is not
	// stored. It is also the longest time a read waits for another process; then it
	// asks the loader itself. Default: LoadTimeout + 1 s.
	LeaseTTL time.Duration
	// RedisTimeout bounds one exchange with Redis. Default: 1 s.
	RedisTimeout time.Duration
	// MaxLoads is how many loads may run at the same time in this process, whatever
	// causes them. Default: 64.
	MaxLoads int
	// Valid judges a decoded value, whose dynamic type is the cache's value type. An
	// entry that it rejects is a miss and is loaded again; what the loader returns
	// is not judged. Default: every value that decodes is valid (and, where the
	// value type is a struct, has all its members: see [New]).
	Valid func(value any) error
	// LocalBytes bounds the memory of the local tier in accounted bytes. The tier
	// keeps decoded values in this process and drops them when Redis says that they
	// changed; it needs a connection of its own, in a Cluster one to each master, to a
	// Redis that can push (6.0, RESP3). An entry comes into it when it is read from
	// Redis. What V points to is shared by all who read it and must not be changed.
	// Default: 0, no local tier.
	LocalBytes int64
	// MaxStaleness is how long after a change was confirmed by Redis the local tiers
	// of other processes may still return the old value, whatever happens to Redis
	// or the network. Usually they follow within a millisecond. Default: 1 s.
	MaxStaleness time.Duration
	// Observer is told what happens. Default: nobody is.
	Observer Observer
}

func (o Options) withDefaults() Options {
	positive := func(d, otherwise time.Duration) time.Duration {
		return cmp.Or(max(d, 0), otherwise)
	}
	o.TTL = positive(o.TTL, time.Minute)
	o.NegativeTTL = max(o.NegativeTTL, 0)
	o.TTLJitter = min(max(o.TTLJitter, 0), o.TTL/2)
	o.RefreshAhead = min(max(o.RefreshAhead, 0), (o.TTL-o.TTLJitter)/2)
	o.StaleIfError = max(o.StaleIfError, 0)
	o.LoadTimeout = positive(o.LoadTimeout, 5*time.Second)
	o.LeaseTTL = positive(o.LeaseTTL, o.LoadTimeout+time.Second)
	o.RedisTimeout = positive(o.RedisTimeout, time.Second)
	o.MaxStaleness = positive(o.MaxStaleness, time.Second)
	o.MaxLoads = cmp.Or(max(o.MaxLoads, 0), 64)
	return o
}
