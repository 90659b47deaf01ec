package queue_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// Whatever the order in which tasks end, exactly those that have not ended stay in
// the stream: a task that ends must not take one with it that runs or waits, and not
// be left behind one that runs for long.
func TestStreamHoldsJustTheTasksThatHaveNotEnded(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	c := server.Client(t)
	q := newQueueOn(t, c)
	const tasks, slots = 400, 24
	// Many at one millisecond, so that the second part of an entry's id has one, two
	// and three digits.
	stream := "{" + q.Name() + "}:tasks"
	for i := range tasks {
		id := fmt.Sprintf("%d-%d", 1_700_000_000_000+i/150, 1+i%150)
		if err := c.Do(t.Context(), c.B().Xadd().Key(stream).Id(id).FieldValue().
			FieldValue("id", fmt.Sprint(i)).FieldValue("payload", "1").Build()).Error(); err != nil {
			t.Fatal(err)
		}
	}
	held := make(chan chan struct{}, tasks)
	startWorker(t, q, func(ctx context.Context, _ queue.Task) error {
		end := make(chan struct{})
		held <- end
		select {
		case <-end:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, queue.WorkerOptions{Concurrency: slots})
	var running []chan struct{}
	for ended := 0; ended < tasks; {
		for len(running) < min(slots, tasks-ended) {
			select {
			case end := <-held:
				running = append(running, end)
			case <-time.After(patience):
				t.Fatalf("%d of %d tasks run, no other starts", len(running), tasks-ended)
			}
		}
		// The first one runs until the end.
		for range 1 + rand.IntN(len(running)) {
			i := len(running) - 1
			if i > 0 {
				i = 1 + rand.IntN(i)
			} else if ended < tasks-1 {
				break
			}
			close(running[i])
			running = append(running[:i], running[i+1:]...)
			ended++
		}
		left := int64(tasks - ended)
		var length int64
		eventually(t, fmt.Sprintf("%d of %d tasks have ended, the others are left", ended, tasks), func() bool {
			var err error
			length, err = c.Do(t.Context(), c.B().Xlen().Key(stream).Build()).AsInt64()
			if err != nil || length < left {
				t.Fatalf("%d entries, %d tasks have not ended (%v)", length, left, err)
			}
			return length == left
		})
	}
}
