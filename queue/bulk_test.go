package queue_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// schedule adds n tasks that are due in an hour.
func schedule(t *testing.T, q *queue.Queue, n int) {
	t.Helper()
	for begin := 0; begin < n; begin += 1000 {
		tasks := make([]queue.NewTask, min(1000, n-begin))
		for i := range tasks {
			tasks[i] = queue.NewTask{ID: fmt.Sprintf("scheduled %d", begin+i), Payload: 1, Delay: time.Hour}
		}
		if _, err := q.Add(t.Context(), tasks...); err != nil {
			t.Fatal(err)
		}
	}
}

// bury makes n dead letters; the worker that did has stopped.
func bury(t *testing.T, q *queue.Queue, n int) {
	t.Helper()
	stop := startWorker(t, q, func(context.Context, queue.Task) error { return queue.Permanent(errors.New("no")) },
		queue.WorkerOptions{Concurrency: 64})
	for begin := 0; begin < n; begin += 1000 {
		tasks := make([]queue.NewTask, min(1000, n-begin))
		for i := range tasks {
			tasks[i] = queue.NewTask{Payload: 1}
		}
		if _, err := q.Add(t.Context(), tasks...); err != nil {
			t.Fatal(err)
		}
	}
	awaitStats(t, q, counts{Dead: int64(n)})
	stop()
}

func TestBulkReachesThousandsAndNoOtherState(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	bury(t, q, 3)
	schedule(t, q, 12_345)
	if n, more, err := q.DeleteAll(t.Context(), queue.StateScheduled); n != 12_345 || more || err != nil {
		t.Errorf("DeleteAll = %d, %v, %v", n, more, err)
	}
	if got := stats(t, q); got != (counts{Dead: 3}) {
		t.Errorf("left: %+v, want 3 dead letters", got)
	}
	if n, more, err := q.DeleteAll(t.Context(), queue.StateScheduled); n != 0 || more || err != nil {
		t.Errorf("DeleteAll of nothing = %d, %v, %v", n, more, err)
	}
}

func TestBulkMakesWhatIsNotDueRunNow(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	const tasks = 1234
	schedule(t, q, tasks)
	if n, more, err := q.RetryAll(t.Context(), queue.StateScheduled); n != tasks || more || err != nil {
		t.Fatalf("RetryAll = %d, %v, %v", n, more, err)
	}
	// They still stand among the scheduled ones, until a worker comes.
	if n, _, err := q.RetryAll(t.Context(), queue.StateScheduled); n != 0 || err != nil {
		t.Errorf("RetryAll of what is due = %d, %v", n, err)
	}
	startWorker(t, q, func(context.Context, queue.Task) error { return nil }, queue.WorkerOptions{Concurrency: 64})
	awaitStats(t, q, counts{})
}

// The letters die again while the others are retried.
func TestBulkCountsNoTaskTwice(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	const letters = 3000
	bury(t, q, letters)
	startWorker(t, q, func(context.Context, queue.Task) error { return queue.Permanent(errors.New("no")) },
		queue.WorkerOptions{Concurrency: 64})
	if n, more, err := q.RetryAll(t.Context(), queue.StateDead); n != letters || more || err != nil {
		t.Errorf("RetryAll = %d, %v, %v", n, more, err)
	}
	eventually(t, "all died twice", func() bool {
		s, err := q.Stats(t.Context())
		return err == nil && s.Died == 2*letters && s.Dead == letters
	})
}

// A letter that somebody retried is none to delete, whenever it was listed.
func TestBulkLeavesWhatHasLeftTheState(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	const letters = 4000
	bury(t, q, letters)
	var wg sync.WaitGroup
	var retried, deleted int
	var errs [2]error
	wg.Go(func() { retried, _, errs[0] = q.RetryAll(t.Context(), queue.StateDead) })
	wg.Go(func() { deleted, _, errs[1] = q.DeleteAll(t.Context(), queue.StateDead) })
	wg.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d retried, %d deleted", retried, deleted)
	if got := stats(t, q); retried+deleted != letters || got != (counts{Retrying: int64(retried)}) {
		t.Errorf("%d retried and %d deleted of %d letters, and %+v left", retried, deleted, letters, got)
	}
}

func TestBulkRetriesAllButWhatCannotRun(t *testing.T) {
	t.Parallel()
	client := redistest.Shared(t).Client(t)
	q := newQueueOn(t, client)
	bury(t, q, 5)
	push := client.B().Lpush().Key(q.Name()).Element(strings.Repeat("x", 100<<10)).Build()
	if err := client.Do(t.Context(), push).Error(); err != nil {
		t.Fatal(err)
	}
	stop := startWorker(t, q, func(context.Context, queue.Task) error { return nil }, queue.WorkerOptions{})
	awaitStats(t, q, counts{Dead: 6})
	stop()
	if n, more, err := q.RetryAll(t.Context(), queue.StateDead); n != 5 || more || !errors.Is(err, queue.ErrPayload) {
		t.Errorf("RetryAll = %d, %v, %v, want 5 and ErrPayload", n, more, err)
	}
	if n, _, err := q.DeleteAll(t.Context(), queue.StateDead); n != 1 || err != nil {
		t.Errorf("DeleteAll = %d, %v", n, err)
	}
}

func TestBulkRefusesWhatWaitsOrRuns(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	enqueue(t, q, "1")
	for _, state := range []queue.State{queue.StateWaiting, queue.StateRunning, "", "gone"} {
		if n, _, err := q.DeleteAll(t.Context(), state); n != 0 || !errors.Is(err, queue.ErrState) {
			t.Errorf("DeleteAll(%q) = %d, %v", state, n, err)
		}
		if n, _, err := q.RetryAll(t.Context(), state); n != 0 || !errors.Is(err, queue.ErrState) {
			t.Errorf("RetryAll(%q) = %d, %v", state, n, err)
		}
	}
}
