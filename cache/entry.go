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
	// Reason says why the loader was asked; ReasonNone where it was not.
	Reason Reason
	// TTL is how long the entry will stay in Redis. Zero where it is not stored
	// there or where that is not known.
	TTL time.Duration
	// Collapsed is true where the answer comes from a load that another caller of
	// this process had asked for.
	Collapsed bool
	// LoadTime is how long the loader took; zero where it was not asked.
	LoadTime time.Duration
	// CacheTime is the rest of the call: exchanges with Redis and waiting.
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
)

// String returns "none", "miss", "bypass", "unavailable" or "undecodable".
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
	}
	return "none"
}
