package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

func TestStoppingWorkerLetsItsTasksFinish(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	started, finish := make(chan struct{}), make(chan struct{})
	stop := startWorker(t, q, func(ctx context.Context, _ queue.Task) error {
		close(started)
		<-finish
		return ctx.Err() // must still be alive
	}, queue.WorkerOptions{Concurrency: 1, DrainTimeout: time.Minute})
	enqueue(t, q, `1`)
	<-started
	enqueue(t, q, `2`) // must stay
	time.AfterFunc(300*time.Millisecond, func() { close(finish) })
	stop()
	if got := stats(t, q); got != (counts{Waiting: 1}) {
		t.Errorf("Stats() after the stop = %+v, want only the task that was not started", got)
	}
}

func TestInterruptedTaskIsStartedElsewhereAtOnce(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts, o.Lease = 1, 10*time.Minute })
	var events journal[queue.Event]
	started := make(chan string, 1)
	stop := startWorker(t, q, func(ctx context.Context, task queue.Task) error {
		started <- task.ID
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), queue.ErrShutdown) {
			t.Errorf("cause = %v, want ErrShutdown", context.Cause(ctx))
		}
		return ctx.Err()
	}, queue.WorkerOptions{DrainTimeout: 50 * time.Millisecond, OnEvent: events.add})
	enqueue(t, q, `1`)
	id := <-started
	second := make(chan queue.Task, 1)
	stop()
	if n := kinds(&events); n[queue.EventHandedBack] != 1 || len(n) != 1 {
		t.Errorf("events %v, want one hand-back", n)
	}
	begin := time.Now()
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		second <- task
		return nil
	}, queue.WorkerOptions{})
	task := <-second
	if task.ID != id || task.Attempt != 1 || task.Crashes != 0 {
		t.Errorf("second run = %+v, want task %s at attempt 1", task, id)
	}
	if took := time.Since(begin); took > 20*time.Second { // a lease would take ten minutes
		t.Errorf("the task started %v after it was handed back", took)
	}
	awaitStats(t, q, counts{})
}

func TestWaitingWorkerTakesWhatAnotherHandsBack(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.Lease = 10 * time.Minute })
	started := make(chan struct{})
	stop := startWorker(t, q, func(ctx context.Context, _ queue.Task) error {
		close(started)
		<-ctx.Done()
		return ctx.Err()
	}, queue.WorkerOptions{DrainTimeout: time.Millisecond})
	enqueue(t, q, `1`)
	<-started
	taken := make(chan time.Time, 1)
	startWorker(t, q, func(context.Context, queue.Task) error {
		taken <- time.Now()
		return nil
	}, queue.WorkerOptions{})
	stop()
	back := time.Now()
	if took := (<-taken).Sub(back); took > 20*time.Second {
		t.Errorf("the waiting worker took the task after %v", took)
	}
}

func TestHandlerThatIgnoresTheStopIsLeftBehind(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	started, release, returned := make(chan struct{}), make(chan struct{}), make(chan struct{})
	stop := startWorker(t, q, func(context.Context, queue.Task) error {
		defer close(returned)
		close(started)
		<-release
		return nil
	}, queue.WorkerOptions{DrainTimeout: 10 * time.Millisecond})
	enqueue(t, q, `1`)
	<-started
	begin := time.Now()
	stop()
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("the stop took %v", took)
	}
	if got := stats(t, q); got != (counts{Waiting: 1}) {
		t.Errorf("Stats() = %+v, want the task handed back", got)
	}
	close(release)
	<-returned
	second := make(chan struct{})
	startWorker(t, q, func(context.Context, queue.Task) error {
		close(second)
		return nil
	}, queue.WorkerOptions{})
	<-second // the late nil of the first handler has not finished the task
	awaitStats(t, q, counts{})
}

func TestStopWithoutRedisEnds(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*redistest.Server){
		"killed": func(s *redistest.Server) { s.Kill(t) },
		"frozen": func(s *redistest.Server) { s.Freeze(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			client := server.Client(t)
			patient := newQueueOn(t, client)
			q := queue.New(client, patient.Name(), queue.Options{RedisTimeout: 500 * time.Millisecond})
			started, finish := make(chan struct{}), make(chan struct{})
			stop := startWorker(t, q, func(context.Context, queue.Task) error {
				close(started)
				<-finish
				return nil
			}, queue.WorkerOptions{DrainTimeout: 300 * time.Millisecond})
			enqueue(t, patient, `1`)
			<-started
			fault(server)
			close(finish)
			begin := time.Now()
			stop()
			if took := time.Since(begin); took > 30*time.Second {
				t.Errorf("the stop took %v", took)
			}
		})
	}
}
