package queue_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// In each round the worker waits in Redis for a new task as the queue is paused, and
// is woken by one. A hundred rounds, on several queues at the same time.
func TestNoTaskStartsAfterAPause(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	for i := range 20 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			q := newQueueOn(t, client)
			var paused atomic.Bool
			var starts atomic.Int64
			startWorker(t, q, func(context.Context, queue.Task) error {
				if paused.Load() {
					t.Error("a task started after the pause")
				}
				starts.Add(1)
				return nil
			}, queue.WorkerOptions{})
			for round := range 5 {
				// A task that is started shows that the worker is not asleep, and none that
				// is left shows that it waits again, or soon will.
				enqueue(t, q, `"before"`)
				eventually(t, "the worker is awake", func() bool { return starts.Load() == int64(2*round+1) })
				awaitStats(t, q, counts{})
				if err := q.Pause(t.Context()); err != nil {
					t.Fatal(err)
				}
				paused.Store(true)
				if round%2 == 0 {
					enqueue(t, q, `"paused"`)
				} else {
					server.CLI(t, "LPUSH", q.Name(), `"paused"`)
				}
				// It is the worker that woke up: it claims the task and hands it back.
				eventually(t, "the task is back", func() bool {
					s, err := q.Stats(t.Context())
					return err == nil && s.Paused && s.Running == 0 && s.Waiting == 1
				})
				if n := starts.Load(); n != int64(2*round+1) {
					t.Fatalf("%d starts in round %d", n, round)
				}
				paused.Store(false)
				if err := q.Resume(t.Context()); err != nil {
					t.Fatal(err)
				}
				eventually(t, "the task starts", func() bool { return starts.Load() == int64(2*round+2) })
			}
		})
	}
}

func TestWhatRunsGoesOnInAPause(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	running, release := make(chan struct{}, 1), make(chan struct{})
	startWorker(t, q, func(ctx context.Context, _ queue.Task) error {
		running <- struct{}{}
		<-release
		return ctx.Err()
	}, queue.WorkerOptions{Concurrency: 1})
	enqueue(t, q, `1`, `2`)
	<-running
	for range 2 { // pausing twice is pausing once
		if err := q.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	awaitStats(t, q, counts{Waiting: 1})
	if s, err := q.Stats(t.Context()); err != nil || s.Processed != 1 || s.Failed != 0 || !s.Paused {
		t.Errorf("Stats() = %+v, %v, want one processed in a pause", s, err)
	}
	if err := q.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	awaitStats(t, q, counts{})
}

func TestPauseSurvivesTheWorkersAndKeepsWhatIsDue(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	if err := q.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	add(t, q, queue.NewTask{Payload: 1, Delay: time.Millisecond})
	add(t, q, queue.NewTask{Payload: 1})
	var starts atomic.Int64
	startWorker(t, q, func(context.Context, queue.Task) error {
		starts.Add(1)
		return nil
	}, queue.WorkerOptions{})
	awaitWorkers(t, q, 1)
	if got := stats(t, q); got.Running != 0 || got.Waiting+got.Retrying != 2 || starts.Load() != 0 {
		t.Errorf("Stats() = %+v in a pause, %d starts", got, starts.Load())
	}
	if err := q.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	awaitStats(t, q, counts{})
}

func TestWorkersGoOnWithinHalfASecondOfResume(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	starts := make(chan time.Time, 1)
	startWorker(t, q, func(context.Context, queue.Task) error {
		starts <- time.Now()
		return nil
	}, queue.WorkerOptions{})
	awaitWorkers(t, q, 1)
	// A machine that is busy now and then has ten tries.
	var took []time.Duration
	for range 10 {
		if err := q.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		enqueue(t, q, `1`)
		begin := time.Now()
		if err := q.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		took = append(took, (<-starts).Sub(begin))
		if took[len(took)-1] < 1500*time.Millisecond {
			return
		}
	}
	t.Errorf("tasks started %v after Resume, want half a second, and a slow machine", took)
}
