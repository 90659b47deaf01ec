package queue

import (
	"context"
	"fmt"
	"time"
)

// Stats counts the tasks of a queue.
type Stats struct {
	Waiting   int64 // for a worker, suspects included
	Running   int64 // claimed by a worker
	Scheduled int64 // not due yet
	Retrying  int64 // failed or put off, and not due yet
	Suspects  int64 // those of the waiting ones that run alone
	Dead      int64

	// Paused says that no task is started.
	Paused bool
	// Processed, Failed and Died count runs that succeeded, runs that ended in an error
	// and tasks that were given up, since the queue has been there. Rates are their
	// differences.
	Processed, Failed, Died int64
	// Latency is how long the oldest of the waiting tasks has waited, those in the plain
	// list aside.
	Latency time.Duration
	// Workers is how many workers are alive.
	Workers int
}

// Stats returns the counts of one moment.
func (q *Queue) Stats(ctx context.Context) (Stats, error) {
	n, err := q.exec(ctx, statsScript).AsIntSlice()
	if err != nil {
		return Stats{}, fmt.Errorf("queue: stats: %w", err)
	}
	if len(n) != 12 {
		return Stats{}, fmt.Errorf("queue: stats: %d numbers instead of 12", len(n))
	}
	return Stats{
		Waiting: n[0], Running: n[1], Scheduled: n[2], Retrying: n[3], Suspects: n[4], Dead: n[5],
		Paused: n[6] == 1, Processed: n[7], Failed: n[8], Died: n[9],
		Latency: time.Duration(n[10]) * time.Millisecond, Workers: int(n[11]),
	}, nil
}

// Pause keeps all workers of the queue from starting tasks until [Queue.Resume]. What
// runs goes on, and so does a task whose claim is on its way to its worker.
func (q *Queue) Pause(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, q.o.RedisTimeout)
	defer cancel()
	pause := q.client.B().Hset().Key(q.keys.meta).FieldValue().FieldValue("paused", "1").Build()
	if err := q.client.Do(ctx, pause).Error(); err != nil {
		return fmt.Errorf("queue: pause: %w", err)
	}
	return nil
}

// Resume ends a pause. Workers go on within half a second.
func (q *Queue) Resume(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, q.o.RedisTimeout)
	defer cancel()
	if err := q.client.Do(ctx, q.client.B().Hdel().Key(q.keys.meta).Field("paused").Build()).Error(); err != nil {
		return fmt.Errorf("queue: resume: %w", err)
	}
	return nil
}
