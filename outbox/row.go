package outbox

import (
	"encoding/json"
	"time"
)

// Kind says what a row asks for.
type Kind string

// The kinds of rows.
const (
	// KindInvalidate asks to drop the cache entry Key of the key space Target.
	KindInvalidate Kind = "invalidate"
	// KindInvalidateTag asks to drop all entries of the key space Target that have
	// the tag Key.
	KindInvalidateTag Kind = "invalidate_tag"
	// KindInvalidateAll asks to drop all entries of the key space Target, for
	// changes that do not say which rows they concern, as TRUNCATE.
	KindInvalidateAll Kind = "invalidate_all"
	// KindTask asks to enqueue Payload in the queue Target, as a task of type Key.
	KindTask Kind = "task"
)

// Row is one thing that Redis has to learn.
type Row struct {
	// ID is unique in the source, and the id under which a queue deduplicates.
	ID   int64
	Kind Kind
	// Target names the key space of a cache, or a queue.
	Target string
	// Key is the cache key or the tag, inside the key space; for tasks their type,
	// which may be empty.
	Key string
	// Payload is a task's JSON; empty for invalidations.
	Payload json.RawMessage
	// Durable tasks keep their row until they were completed (Source.Complete).
	Durable bool
	// CreatedAt is when the row was written, by the database's clock.
	CreatedAt time.Time
	// Waited is how old the row was when it was taken, by the clock that CreatedAt
	// is from. Zero: not known.
	Waited time.Duration
	// Repeated rows were delivered before, and wait again because Redis may have
	// forgotten: their age is no latency.
	Repeated bool
}
