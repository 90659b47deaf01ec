package outbox

import (
	"context"
	"errors"
	"time"
)

// ErrRefused is wrapped by a [Sink] around what is wrong with a row and not with
// Redis: a key space or a queue that it does not know. A source tries such a row
// less and less often. It is not dropped: a newer process may know better.
var ErrRefused = errors.New("outbox: the sink does not take this row")

// Source is the table of rows that wait, as an implementation for one database
// provides it. Several relays, in several processes, may use it at once.
type Source interface {
	// Take claims at most limit waiting rows that nobody else has claimed, calls
	// deliver with them, and marks those as delivered for which deliver returned nil
	// at the same index. All others wait again. It returns how many rows it took and
	// how many of them were delivered; 0 and 0 also where another relay is at work.
	//
	// The claim ends with the call, whatever happens: when deliver fails, when ctx
	// ends, or when the process dies, the rows are there for the next one. Where no
	// row waits, deliver is not called. Rows that deliver refused come behind new
	// ones and after a pause that grows, to at most half a second, and to ten for
	// rows that came back with ErrRefused: a row which can never be delivered does
	// not keep the others waiting.
	Take(ctx context.Context, limit int, deliver func(context.Context, []Row) []error) (taken, delivered int, err error)

	// Wait returns when rows may be waiting that were committed since it was called,
	// when a refused row's pause is over, when d has passed, or when ctx ends. While it
	// waits, writers know that somebody has to be woken; where that fails, d is what is
	// left.
	Wait(ctx context.Context, d time.Duration) error

	// Repeat compares identity with the one that it was last called with, by any
	// relay. If they differ, Redis may have lost data: in one transaction it makes
	// wait again what was delivered within the retention, invalidations and durable
	// tasks, and remembers identity. It returns how many rows those are; of equal
	// invalidations one is enough, and need not have the id of any. A
	// Take that is under way in another process may have delivered to what was lost,
	// so it must not mark its rows.
	Repeat(ctx context.Context, identity string) (int, error)

	// Complete forgets durable tasks that were carried out. Ids that it does not know
	// are no error.
	Complete(ctx context.Context, ids ...int64) error

	// Sweep deals with rows that were delivered longer ago than the retention, some
	// at a time, and returns how many those were: invalidations are deleted, durable
	// tasks that nobody has completed wait again. The queue drops a task that it
	// still has, so a slow one is not carried out twice for that.
	Sweep(ctx context.Context) (int, error)

	// Backlog tells how many rows wait, at most some thousands, and how old the oldest
	// of them is.
	Backlog(ctx context.Context) (rows int, oldest time.Duration, err error)
}

// Sink hands rows on to Redis.
type Sink interface {
	// Deliver returns one entry for each row, nil where Redis confirmed it. It may
	// see a row more than once and must not depend on their order.
	Deliver(ctx context.Context, rows []Row) []error
	// Identity names the data that Redis holds. It changes whenever Redis may have
	// lost some of it: see [RedisIdentity].
	Identity(ctx context.Context) (string, error)
}
