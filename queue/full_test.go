package queue_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// fullLease is short, so that a Redis is soon full for longer than that.
const fullLease = 1500 * time.Millisecond

func fullQueueOptions(o *queue.Options) { o.Lease, o.RedisTimeout = fullLease, time.Second }

// fillUp makes Redis refuse whatever needs memory.
func fillUp(t *testing.T, server *redistest.Server) {
	t.Helper()
	server.CLI(t, "CONFIG", "SET", "maxmemory", "1")
}

func TestFullRedisIsEmptiedThoughItStaysFullForLongerThanALease(t *testing.T) {
	t.Parallel()
	const tasks = 40
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t), fullQueueOptions)
	since := make(chan time.Time, 1)
	var done journal[string]
	var events journal[queue.Event]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		if string(task.Payload) == `"first"` {
			fillUp(t, server)
			since <- time.Now()
		}
		time.Sleep(200 * time.Millisecond)
		done.add(task.ID)
		return nil
	}, queue.WorkerOptions{Concurrency: 2, OnEvent: events.add})
	awaitWorkers(t, q, 1)
	var payloads []string
	for range tasks {
		payloads = append(payloads, `"next"`)
	}
	enqueue(t, q, payloads...)
	if _, err := q.Add(t.Context(), queue.NewTask{Payload: "first", Priority: queue.PriorityHigh}); err != nil {
		t.Fatal(err)
	}
	full := <-since
	// Redis is never given room: what is carried out makes it.
	awaitStats(t, q, counts{})
	if took := time.Since(full); took < 2*fullLease {
		t.Errorf("Redis was full for %v, which is no attack on a lease of %v", took, fullLease)
	}
	if n := kinds(&events); done.len() > tasks+1 || n[queue.EventLost] != 0 || n[queue.EventReaped] != 0 {
		t.Errorf("%d runs of %d tasks, events %v", done.len(), tasks+1, n)
	}
}

func TestEveryResultIsStoredWhileRedisIsFull(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t), fullQueueOptions)
	results := map[string]error{
		`"done"`: nil, `"fails once"`: errors.New("no"), `"permanent"`: queue.Permanent(errors.New("never")),
		`"postponed"`: queue.Postpone(time.Millisecond),
	}
	var runs journal[string]
	var events journal[queue.Event]
	started, finish := make(chan struct{}, 10), make(chan struct{})
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		payload := string(task.Payload)
		again := slices.Contains(runs.all(), payload)
		runs.add(payload)
		if again {
			return nil
		}
		started <- struct{}{}
		<-finish
		return results[payload]
	}, queue.WorkerOptions{Concurrency: len(results), OnEvent: events.add})
	for payload := range results {
		enqueue(t, q, payload)
	}
	for range results {
		<-started
	}
	fillUp(t, server)
	full := time.Now()
	eventually(t, "longer than two leases to pass", func() bool { return time.Since(full) > 2*fullLease })
	close(finish)
	// Whoever adds is told; what is there already goes on.
	if err := q.Enqueue(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "OOM") {
		t.Errorf("Enqueue to a full Redis = %v, want what Redis says", err)
	}
	awaitStats(t, q, counts{Dead: 1})
	eventually(t, "events", func() bool { return kinds(&events)[queue.EventDone] == 3 })
	if n := kinds(&events); n[queue.EventFailed] != 1 || n[queue.EventDead] != 1 || n[queue.EventPostponed] != 1 || len(n) != 4 {
		t.Errorf("events %v, want each result once", n)
	}
	if runs.len() != len(results)+2 {
		t.Errorf("%d runs %v, want one of each and a second of those that were tried again", runs.len(), runs.all())
	}
	// A dead letter can be tried again as well.
	dead, err := listDead(t.Context(), q, 1)
	if err != nil || len(dead) != 1 {
		t.Fatal(dead, err)
	}
	if err := retryDead(t.Context(), q, dead[0].ID); err != nil {
		t.Errorf("retry in a full Redis: %v", err)
	}
	awaitStats(t, q, counts{})
}

func TestTasksOfAWorkerThatDiesWhileRedisIsFullAreTakenUp(t *testing.T) {
	t.Parallel()
	const held = 20
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t), fullQueueOptions)
	var crashes journal[int]
	var events journal[queue.Event]
	for range held {
		enqueue(t, q, `1`)
	}
	doomed := startChild(t, server, q, fullLease, held, modeHang)
	eventually(t, "tasks in flight", func() bool { return doomed.count("started ") == held })
	long := make(chan struct{})
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		if string(task.Payload) == `"long"` {
			<-long
			return nil
		}
		crashes.add(task.Crashes)
		return nil
	}, queue.WorkerOptions{Concurrency: 4, OnEvent: events.add})
	enqueue(t, q, `"long"`) // it runs all the time, and its worker is no dead one
	awaitStats(t, q, counts{Running: held + 1})
	fillUp(t, server)
	doomed.signal(t, syscall.SIGKILL)
	killed := time.Now()
	awaitStats(t, q, counts{Running: 1})
	if took := time.Since(killed); took > 10*time.Second {
		t.Errorf("taken up after %v, want 10 s", took)
	}
	eventually(t, "longer than two leases to pass", func() bool { return time.Since(killed) > 2*fullLease })
	close(long)
	awaitStats(t, q, counts{})
	eventually(t, "events", func() bool { return kinds(&events)[queue.EventDone] == held+1 })
	if n := kinds(&events); n[queue.EventReaped] != held || len(n) != 2 {
		t.Errorf("events %v, want each of %d tasks taken up once", n, held)
	}
	for _, n := range crashes.all() {
		if n != 1 {
			t.Errorf("a task has %d crashes, want 1", n)
		}
	}
}

func TestWorkersComeAndGoWhileRedisIsFull(t *testing.T) {
	t.Parallel()
	const tasks = 10
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t), fullQueueOptions)
	for range tasks {
		enqueue(t, q, `1`)
	}
	started := make(chan struct{}, tasks)
	var events journal[queue.Event]
	stop := startWorker(t, q, func(ctx context.Context, _ queue.Task) error {
		started <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}, queue.WorkerOptions{Concurrency: tasks / 2, DrainTimeout: time.Millisecond, OnEvent: events.add})
	for range tasks / 2 {
		<-started
	}
	fillUp(t, server)
	stop()
	if got := stats(t, q); got != (counts{Waiting: tasks}) {
		t.Errorf("Stats() after the stop = %+v, want all handed back", got)
	}
	var crashes journal[int]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		crashes.add(task.Crashes)
		return nil
	}, queue.WorkerOptions{OnEvent: events.add})
	awaitStats(t, q, counts{})
	for _, n := range crashes.all() {
		if n != 0 {
			t.Errorf("a task that was handed back has %d crashes", n)
		}
	}
	if crashes.len() != tasks {
		t.Errorf("%d runs of %d tasks after the stop", crashes.len(), tasks)
	}
}
