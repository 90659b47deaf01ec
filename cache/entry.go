package cache

import "time"

// Entry is what a read found out.
type Entry[V any] struct {
	Value V
	// Raw is Value as JSON, the bytes that lie in Redis. Several callers may share
	// them: they must not be changed. Nil where there is no value.
	Raw []byte
	// Source is the tier that answered.
	Source Source
	// Reason says why the loader was asked; ReasonNone where it was not. ReasonStale
	// with SourceRedis: it was asked and failed, and the entry is one whose TTL is
	// over (see Options.StaleIfError).
	Reason Reason
	// TTL is how long the entry will count as fresh. Zero where it does not, or
	// where that is not known.
	TTL time.Duration
	// Collapsed is true where the answer comes from a load that another caller of
	// this process had asked for.
	Collapsed bool
	// LoadTime is how long the loader took; zero where it was not asked.
	LoadTime time.Duration
	// CacheTime is the rest of the call: exchanges with Redis and waiting. Zero for
	// SourceLocal, which takes no longer than a look at the clock.
	CacheTime time.Duration
}

// Source is the tier that answered a read.
type Source uint8

// The tiers, nearest first.
const (
	SourceLocal  Source = iota + 1 // memory of this process
	SourceRedis                    // Redis
	SourceLoader                   // the loader
)

// String returns "local", "redis", "database", or "none" for the zero value.
func (s Source) String() string {
	switch s {
	case SourceLocal:
		return "local"
	case SourceRedis:
		return "redis"
	case SourceLoader:
		return "database"
	}
	return "none"
}

// Reason says why the loader was asked.
type Reason uint8

// The reasons.
const (
	ReasonNone        Reason = iota // it was not
	ReasonMiss                      // Redis had no entry
	ReasonBypass                    // the caller wanted it: Refresh
	ReasonUnavailable               // Redis cannot be asked, or did not confirm an invalidation of the key
	ReasonUndecodable               // Redis had an entry that is not a valid value
	ReasonStale                     // Redis had an entry whose TTL is over: see Options.StaleIfError
)

// String returns "none", "miss", "bypass", "unavailable", "undecodable" or "stale".
func (r Reason) String() string {
	switch r {
	case ReasonMiss:
		return "miss"
	case ReasonBypass:
		return "bypass"
	case ReasonUnavailable:
		return "unavailable"
	case ReasonUndecodable:
		return "undecodable"
	case ReasonStale:
		return "stale"
	}
	return "none"
}
