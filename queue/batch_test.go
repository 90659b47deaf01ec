package queue_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// startBatchWorker is startWorker for a handler of batches.
func startBatchWorker(t *testing.T, q *queue.Queue, h queue.BatchHandler, o queue.WorkerOptions) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- queue.NewBatchWorker(q, h, o).Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func TestBatchResultsCountOneByOne(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	outcomes := map[string]error{
		`"done"`: nil, `"permanent"`: queue.Permanent(errors.New("no")),
		`"failed"`: errors.New("no"), `"postponed"`: queue.Postpone(0), `"later"`: queue.RetryAfter(errors.New("no"), 0),
	}
	for payload := range outcomes {
		enqueue(t, q, payload)
	}
	add(t, q, queue.NewTask{Payload: "late", Deadline: time.Unix(1, 0)})
	redistest.Shared(t).CLI(t, "XADD", own(q, "tasks"), "*", "payload", "garbage")
	var sizes journal[int]
	var events journal[queue.Event]
	startBatchWorker(t, q, func(_ context.Context, tasks []queue.Task) []error {
		sizes.add(len(tasks))
		if sizes.len() > 1 {
			return nil // all are done
		}
		results := make([]error, len(tasks))
		for i, task := range tasks {
			results[i] = outcomes[string(task.Payload)]
		}
		return results
	}, queue.WorkerOptions{Concurrency: 10, OnEvent: events.add})
	awaitStats(t, q, counts{Dead: 3})
	eventually(t, "all events", func() bool { return events.len() == 10 })
	if first := sizes.all()[0]; first != 5 {
		t.Errorf("the first batch has %d tasks, want the 5 that can run", first)
	}
	n := kinds(&events)
	if n[queue.EventDone] != 4 || n[queue.EventDead] != 3 || n[queue.EventFailed] != 2 || n[queue.EventPostponed] != 1 {
		t.Errorf("events %v, want 4 done, 3 dead, 2 failed, 1 postponed", n)
	}
}

func TestBatchIsNoLargerThanConcurrency(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	for range 20 {
		enqueue(t, q, `1`)
	}
	startBatchWorker(t, q, func(_ context.Context, tasks []queue.Task) []error {
		if len(tasks) < 1 || len(tasks) > 6 {
			t.Errorf("a batch of %d tasks", len(tasks))
		}
		return nil
	}, queue.WorkerOptions{Concurrency: 6})
	awaitStats(t, q, counts{})
}

func TestBatchThatGoesWrongFailsAllItsTasks(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]func([]queue.Task) []error{
		"too few": func([]queue.Task) []error { return []error{nil} },
		"empty":   func([]queue.Task) []error { return []error{} },
		"too many": func(tasks []queue.Task) []error {
			return make([]error, len(tasks)+1)
		},
		"panic":  func([]queue.Task) []error { panic("oh") },
		"goexit": func([]queue.Task) []error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t)
			enqueue(t, q, `1`, `2`, `3`)
			var events journal[queue.Event]
			first := true // one batch at a time: it has all slots
			startBatchWorker(t, q, func(_ context.Context, tasks []queue.Task) []error {
				if first && len(tasks) == 3 {
					first = false
					return wrong(tasks)
				}
				for _, task := range tasks {
					if task.Attempt != 2 {
						t.Errorf("attempt %d, want the second", task.Attempt)
					}
				}
				return nil
			}, queue.WorkerOptions{Concurrency: 3, OnEvent: events.add})
			awaitStats(t, q, counts{})
			eventually(t, "all events", func() bool { return events.len() == 6 })
			if n := kinds(&events); n[queue.EventFailed] != 3 || n[queue.EventDone] != 3 {
				t.Errorf("events %v, want 3 failed and 3 done", n)
			}
		})
	}
}

func TestLostClaimEndsTheContextOfABatch(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	q := newQueue(t, func(o *queue.Options) { o.Lease = 3 * time.Second })
	enqueue(t, q, `1`, `2`)
	causes := make(chan error, 10)
	var events journal[queue.Event]
	lost := false
	startBatchWorker(t, q, func(ctx context.Context, tasks []queue.Task) []error {
		if lost {
			return nil
		}
		lost = true
		server.CLI(t, "DEL", own(q, "workers")) // all are struck off
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return nil
	}, queue.WorkerOptions{Concurrency: 2, OnEvent: events.add})
	if err := <-causes; !errors.Is(err, queue.ErrClaimLost) {
		t.Errorf("the context ended with %v, want ErrClaimLost", err)
	}
	awaitStats(t, q, counts{})
	eventually(t, "all events", func() bool { return kinds(&events)[queue.EventDone] == 2 })
	if n := kinds(&events)[queue.EventLost]; n != 2 {
		t.Errorf("%d runs were lost, want 2", n)
	}
}

func TestStopEndsTheContextOfABatch(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 1 })
	enqueue(t, q, `1`, `2`)
	running := make(chan struct{}, 2)
	stop := startBatchWorker(t, q, func(ctx context.Context, tasks []queue.Task) []error {
		running <- struct{}{}
		<-ctx.Done()
		results := make([]error, len(tasks))
		for i := range results {
			results[i] = context.Cause(ctx)
		}
		return results
	}, queue.WorkerOptions{Concurrency: 2, DrainTimeout: time.Millisecond})
	<-running
	stop()
	if got := stats(t, q); got != (counts{Waiting: 2}) {
		t.Errorf("Stats() after the stop = %+v, want 2 handed back", got)
	}
}
