package outbox

import (
	"context"
	"encoding/json"
	"time"
)

// Kind says what a row asks for.
type Kind string

// The kinds of rows.
const (
	// KindInvalidate asks to drop the cache entry Key of the key space Target.
	KindInvalidate Kind = "invalidate"
	// KindTask asks to enqueue Payload in the queue Target.
	KindTask Kind = "task"
)

// Row is one thing that Redis has to learn.
type Row struct {
	// ID is unique in the source, and the id under which a queue deduplicates.
	ID   int64
	Kind Kind
	// Target names the key space of a cache, or a queue.
	Target string
	// Key is the cache key inside the key space; empty for tasks.
	Key string
	// Payload is a task's JSON; empty for invalidations.
	Payload json.RawMessage
	// CreatedAt is the database's time of the transaction.
	CreatedAt time.Time
}

// Source is the table of rows that wait, as an implementation for one database
// provides it.
type Source interface {
	// Take claims at most limit waiting rows that nobody else has claimed,
	// calls deliver with them, and marks those as delivered for which deliver
	// returned nil at the same index. All others wait again. It returns how
	// many rows it took and how many of them were delivered.
	//
	// The claim ends with the call, whatever happens: when deliver fails, when
	// ctx ends, or when the process dies, the rows are there for the next one.
	// Where no row waits, deliver is not called. Rows that deliver refused come
	// behind those that were not tried since, so that a row which can never be
	// delivered does not keep the others waiting.
	Take(ctx context.Context, limit int, deliver func(context.Context, []Row) []error) (taken, delivered int, err error)
}

// Sink hands rows on to Redis.
type Sink interface {
	// Deliver returns one entry for each row, nil where Redis confirmed it.
	// It may see a row more than once and must not depend on their order.
	Deliver(ctx context.Context, rows []Row) []error
}
