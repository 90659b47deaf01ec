package tasks

import (
	"context"
	"fmt"
	"time"
)

// Mail is the task of all contestants. Whoever handles it has decoded it.
type Mail struct {
	N       int64  `json:"n"` // which of its run
	To      string `json:"to"`
	Subject string `json:"subject"`
}

// NewMail is the task number n.
func NewMail(n int64) Mail { return Mail{n, "max@example.com", "Willkommen!"} }

// Handle is what a worker does with a task.
type Handle func(Mail)

// Queue is what a contestant can do.
type Queue interface {
	// Enqueue adds one task.
	Enqueue(ctx context.Context, m Mail) error
	// Work starts a worker that runs so many tasks at a time, and returns when it is
	// started. stop ends it and waits for that.
	Work(ctx context.Context, concurrency int, h Handle) (stop func() error, err error)
	// Unsettled is how many tasks are not yet done, or done and not yet acknowledged.
	Unsettled(ctx context.Context) (int64, error)
	// Close ends connections and goroutines, of a worker that was not stopped too.
	Close()
}

// Batcher adds many tasks with one call.
type Batcher interface {
	EnqueueMany(ctx context.Context, ms []Mail) error
}

// Place is where the queues of a run are.
type Place struct {
	Redis    string // address
	Prefix   string // of all names
	Postgres string // DSN of an empty database; "" for those who need none
}

// Kind is what a row measures.
type Kind int

// The kinds.
const (
	Process Kind = iota // works off what lies there
	Enqueue             // one task after the other
	Batch               // 100 tasks with one call
	Latency             // an idle worker starts a task
)

// Contestant is one way to run tasks.
type Contestant struct {
	// ID names it in the output of benchmarks, Name in tables.
	ID, Name string
	Open     func(ctx context.Context, p Place) (Queue, error)
	// Postgres says that it needs a database.
	Postgres bool
	// Cannot says why a kind of work is not for it.
	Cannot map[Kind]string
	// Pace is about how many tasks a second it processes with this concurrency. Each
	// contestant gets as many tasks as take it about as long as the others take.
	Pace func(concurrency int) int
	// Interval is the longest time at which its idle worker looks for tasks. The pauses
	// between tasks are spread over it, so that no moment of it is preferred.
	Interval time.Duration
}

// All returns the contestants in the order of the table.
func All() []Contestant {
	return []Contestant{
		speedlayer(), asynqDefault(), asynqEager(), riverDefault(), riverEager(), courseLoop(),
	}
}

// Able returns those who can do a kind of work.
func Able(k Kind) []Contestant {
	var able []Contestant
	for _, c := range All() {
		if c.Cannot[k] == "" {
			able = append(able, c)
		}
	}
	return able
}

// always is a pace that the concurrency does not change.
func always(pace int) func(int) int { return func(int) int { return pace } }

// perSlot is the pace of those who wait for each other.
func perSlot(pace int) func(int) int {
	return func(concurrency int) int { return pace * concurrency }
}

// opened wraps what keeps a contestant from starting.
func opened(id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("tasks: open %s: %w", id, err)
}
