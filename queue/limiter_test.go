package queue_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// purse is a limiter that grants what a test puts in.
type purse struct {
	mu    sync.Mutex
	left  int
	spent int
	asked atomic.Int64
}

func (p *purse) put(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left += n
}

func (p *purse) granted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spent
}

func (p *purse) Take(_ context.Context, n int) (int, time.Duration, error) {
	p.asked.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	n = min(n, p.left)
	p.left -= n
	p.spent += n
	return n, 0, nil
}

func TestNoMoreTasksStartThanTheLimiterGrants(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	var limiter purse
	var starts atomic.Int64
	for range 3 {
		startWorker(t, q, func(context.Context, queue.Task) error {
			if n := starts.Add(1); int(n) > limiter.granted() {
				t.Errorf("%d starts of %d that were granted", n, limiter.granted())
			}
			return nil
		}, queue.WorkerOptions{Limiter: &limiter, Concurrency: 5})
	}
	const tasks = 40
	for range tasks {
		enqueue(t, q, `1`)
	}
	for want := int64(0); want < tasks; {
		eventually(t, "the limiter is asked", func() bool { return limiter.asked.Load() > 0 })
		if got := starts.Load(); got != want {
			t.Fatalf("%d starts, want %d", got, want)
		}
		// Some at a time, and fewer than the slots: what is granted starts without the rest.
		limiter.put(4)
		want += 4
		eventually(t, "what was granted starts", func() bool { return starts.Load() == want })
		limiter.asked.Store(0)
	}
	awaitStats(t, q, counts{})
}

func TestTaskThatWaitsForTheLimiterStaysClaimed(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.Lease = 3 * time.Second })
	var limiter purse
	var events journal[queue.Event]
	starts := make(chan queue.Task, 10)
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		starts <- task
		return nil
	}, queue.WorkerOptions{Limiter: &limiter})
	enqueue(t, q, `1`)
	awaitStats(t, q, counts{Running: 1})
	// Another worker, which has no limiter, must not get it, however long it takes.
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		t.Errorf("task %s was taken away", task.Payload)
		return nil
	}, queue.WorkerOptions{OnEvent: events.add})
	begin, since := limiter.asked.Load(), time.Now()
	eventually(t, "three leases pass", func() bool { return time.Since(since) > 9*time.Second && limiter.asked.Load() > begin+3 })
	limiter.put(1)
	if task := <-starts; task.Crashes != 0 {
		t.Errorf("the task runs with %d crashes", task.Crashes)
	}
	awaitStats(t, q, counts{})
	if events.len() != 0 {
		t.Errorf("events of the other worker: %v", kinds(&events))
	}
}

func TestLimiterThatFailsIsAskedAgain(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	var asked atomic.Int64
	warned := make(chan struct{}, 1)
	startWorker(t, q, func(context.Context, queue.Task) error { return nil }, queue.WorkerOptions{
		Logger: warnings(warned),
		Limiter: queue.LimiterFunc(func(_ context.Context, n int) (int, time.Duration, error) {
			if asked.Add(1) < 3 {
				return n, 0, errors.New("away")
			}
			return n, 0, nil
		}),
	})
	enqueue(t, q, `1`)
	<-warned
	awaitStats(t, q, counts{})
	if n := asked.Load(); n != 3 {
		t.Errorf("the limiter was asked %d times, want 3", n)
	}
}

func TestLimiterIsNotAskedBeforeItsTime(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	var asked journal[time.Time]
	startWorker(t, q, func(context.Context, queue.Task) error { return nil }, queue.WorkerOptions{
		Limiter: queue.LimiterFunc(func(_ context.Context, n int) (int, time.Duration, error) {
			asked.add(time.Now())
			if asked.len() == 1 {
				return -5, 700 * time.Millisecond, nil
			}
			return n + 5, 0, nil // more than was asked for is no more
		}),
	})
	enqueue(t, q, `1`)
	awaitStats(t, q, counts{})
	if at := asked.all(); len(at) != 2 || at[1].Sub(at[0]) < 700*time.Millisecond {
		t.Errorf("asked at %v, want twice and 700 ms apart", at)
	}
}

func TestStopWhileWaitingForTheLimiterHandsBack(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 1 })
	var limiter purse
	stop := startWorker(t, q, func(context.Context, queue.Task) error {
		t.Error("a task was started without a grant")
		return nil
	}, queue.WorkerOptions{Limiter: &limiter})
	enqueue(t, q, `1`, `2`, `3`)
	awaitStats(t, q, counts{Running: 3})
	stop()
	if got := stats(t, q); got != (counts{Waiting: 3}) {
		t.Errorf("Stats() after the stop = %+v, want 3 that wait", got)
	}
	var runs journal[queue.Task]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		runs.add(task)
		return nil
	}, queue.WorkerOptions{})
	awaitStats(t, q, counts{})
	for _, task := range runs.all() {
		if task.Attempt != 1 || task.Crashes != 0 {
			t.Errorf("attempt %d with %d crashes, want a first attempt", task.Attempt, task.Crashes)
		}
	}
}

func TestPauseHoldsTasksThatWaitForTheLimiter(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	var limiter purse
	var starts atomic.Int64
	startWorker(t, q, func(context.Context, queue.Task) error {
		starts.Add(1)
		return nil
	}, queue.WorkerOptions{Limiter: &limiter})
	enqueue(t, q, `1`, `2`)
	awaitStats(t, q, counts{Running: 2})
	if err := q.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	limiter.put(100)
	awaitStats(t, q, counts{Waiting: 2})
	if n := starts.Load(); n != 0 {
		t.Errorf("%d tasks started after the pause", n)
	}
	if err := q.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	awaitStats(t, q, counts{})
	if n := starts.Load(); n != 2 {
		t.Errorf("%d starts, want 2", n)
	}
}

func TestSuspectThatWaitsForTheLimiterStillRunsAlone(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	q := newQueue(t)
	var limiter purse
	var running atomic.Int64
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		defer running.Add(-1)
		if n := running.Add(1); n != 1 && task.ID == "s" {
			t.Errorf("the suspect runs beside %d others", n-1)
		}
		for until := time.Now().Add(20 * time.Millisecond); time.Now().Before(until); {
			if task.ID == "s" && running.Load() != 1 {
				t.Error("a task was started beside the suspect")
				break
			}
		}
		return nil
	}, queue.WorkerOptions{Limiter: &limiter, Concurrency: 4})
	awaitWorkers(t, q, 1)
	server.CLI(t, "XADD", own(q, "suspects"), "*", "id", "s", "payload", `"suspect"`, "crashes", "2")
	awaitStats(t, q, counts{Running: 1})
	enqueue(t, q, `1`, `2`, `3`)
	asked := limiter.asked.Load()
	eventually(t, "the limiter is asked again", func() bool { return limiter.asked.Load() > asked+3 })
	if got := stats(t, q); got != (counts{Waiting: 3, Running: 1}) {
		t.Errorf("Stats() = %+v, want the suspect alone", got)
	}
	limiter.put(100)
	awaitStats(t, q, counts{})
}
