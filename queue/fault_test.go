package queue_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/internal/redisx"
	"github.com/speedlayer/speedlayer/queue"
)

func quick(o *queue.Options) { o.RedisTimeout = time.Second }

func TestRedisCrashLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.WithAppendOnly())
	q := newQueueOn(t, server.Client(t), quick)
	var mu sync.Mutex
	runs := map[string]int{}
	for range 2 {
		startWorker(t, q, func(_ context.Context, task queue.Task) error {
			mu.Lock()
			defer mu.Unlock()
			runs[string(task.Payload)]++
			return nil
		}, queue.WorkerOptions{Concurrency: 4})
	}
	ctx, stopProducer := context.WithCancel(t.Context())
	defer stopProducer()
	var acknowledged journal[string]
	var producer sync.WaitGroup
	producer.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if payload := fmt.Sprint(i); q.Enqueue(context.WithoutCancel(ctx), []byte(payload)) == nil {
				acknowledged.add(payload)
			}
		}
	})
	for round := range 3 {
		eventually(t, "tasks", func() bool { return acknowledged.len() > 100*(round+1) })
		server.Kill(t)
		server.Restart(t)
		before := acknowledged.len()
		back := time.Now()
		eventually(t, "work after the restart", func() bool { return acknowledged.len() > before })
		if took := time.Since(back); took > 30*time.Second {
			t.Errorf("the queue went on %v after the restart", took)
		}
	}
	stopProducer()
	producer.Wait()
	awaitStats(t, q, counts{})
	mu.Lock()
	defer mu.Unlock()
	again := 0
	for _, payload := range acknowledged.all() {
		if runs[payload] == 0 {
			t.Errorf("task %s was acknowledged and never ran", payload)
		}
		again += max(0, runs[payload]-1)
	}
	t.Logf("%d tasks acknowledged, %d runs more than that", acknowledged.len(), again)
	if again > 0 {
		// Results are kept until Redis is back, and leases get time to be renewed:
		// nothing here is a reason to run a task twice.
		t.Errorf("%d tasks ran twice", again)
	}
}

func TestLongOutageDoesNotRunTasksTwice(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.WithAppendOnly())
	client := server.Client(t)
	patient := newQueueOn(t, client)
	q := queue.New(client, patient.Name(), queue.Options{RedisTimeout: time.Second})
	var runs journal[string]
	var events journal[queue.Event]
	started, finish := make(chan struct{}, 4), make(chan struct{})
	for range 2 {
		startWorker(t, q, func(_ context.Context, task queue.Task) error {
			runs.add(string(task.Payload))
			started <- struct{}{}
			<-finish
			return nil
		}, queue.WorkerOptions{Concurrency: 1, OnEvent: events.add})
	}
	enqueue(t, patient, `1`, `2`)
	<-started
	<-started
	server.Kill(t)
	time.AfterFunc(500*time.Millisecond, func() { close(finish) }) // while Redis is away
	time.Sleep(8 * time.Second)                                    // the outage outlasts every lease
	server.Restart(t)
	awaitStats(t, q, counts{})
	if runs.len() != 2 {
		t.Errorf("%d runs of 2 tasks", runs.len())
	}
	eventually(t, "events", func() bool { return kinds(&events)[queue.EventDone] == 2 })
}

func TestFrozenRedisIsNoCrashOfItsWorkers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t), func(o *queue.Options) {
		o.Lease, o.RedisTimeout, o.MaxCrashes = 4*time.Second, 300*time.Millisecond, 1
	})
	var runs journal[queue.Task]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		runs.add(task)
		return nil
	}, queue.WorkerOptions{Concurrency: 8})
	// Claims that a frozen Redis carries out when it thaws, their answers being
	// lost, must neither be forgotten nor count as crashes.
	const rounds = 3
	for round := range rounds {
		server.Freeze(t)
		time.Sleep(4 * time.Second)
		server.Thaw(t)
		for i := range 20 {
			eventually(t, "enqueue", func() bool { return q.Enqueue(t.Context(), fmt.Sprint(round, i)) == nil })
		}
		awaitStats(t, q, counts{})
	}
	for _, task := range runs.all() {
		if task.Crashes != 0 {
			t.Errorf("task %s has %d crashes", task.Payload, task.Crashes)
		}
	}
	if runs.len() < rounds*20 {
		t.Errorf("%d runs of %d tasks", runs.len(), rounds*20)
	}
}

// loseAnswers is a client whose Redis receives every command while its answers
// to scripts are lost as long as on is set.
type loseAnswers struct {
	rueidis.Client
	mu   sync.Mutex
	on   bool
	lost int // how many so far
}

// set says whether answers are lost from now on.
func (c *loseAnswers) set(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on = on
}

func (c *loseAnswers) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	script := strings.HasPrefix(cmd.Commands()[0], "EVAL")
	result := c.Client.Do(ctx, cmd)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, refused := rueidis.IsRedisErr(result.Error()); c.on && script && !refused {
		c.lost++
		return rueidis.NewErrorResult(context.DeadlineExceeded)
	}
	return result
}

func TestClaimsWhoseAnswersAreLostAreGivenBack(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	plain := newQueueOn(t, server.Client(t))
	lossy := &loseAnswers{Client: server.Client(t)}
	q := queue.New(lossy, plain.Name(), queue.Options{MaxCrashes: 1, Lease: time.Minute})
	enqueue(t, plain, `1`, `2`, `3`, `4`)
	lossy.set(true)
	done := make(chan queue.Task, 10)
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		done <- task
		return nil
	}, queue.WorkerOptions{Concurrency: 4})
	eventually(t, "lost answers", func() bool {
		lossy.mu.Lock()
		defer lossy.mu.Unlock()
		return lossy.lost > 10
	})
	lossy.set(false)
	back := time.Now()
	for range 4 {
		if task := <-done; task.Crashes != 0 {
			t.Errorf("task %s has a crash", task.Payload)
		}
	}
	if took := time.Since(back); took > 30*time.Second { // less than a lease
		t.Errorf("the tasks were given back after %v", took)
	}
	awaitStats(t, plain, counts{})
}

func TestResultWhoseAnswerIsLostIsAppliedOnce(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	for name, result := range map[string]error{
		"done":   nil,
		"failed": errors.New("no"),
		"dead":   queue.Permanent(errors.New("never")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := newQueueOn(t, server.Client(t))
			lossy := &loseAnswers{Client: server.Client(t)}
			q := queue.New(lossy, plain.Name(), queue.Options{Backoff: func(int) time.Duration { return time.Hour }})
			var events journal[queue.Event]
			startWorker(t, q, func(context.Context, queue.Task) error {
				lossy.set(true)
				time.AfterFunc(time.Second, func() { lossy.set(false) })
				return result
			}, queue.WorkerOptions{OnEvent: events.add})
			enqueue(t, plain, `1`)
			eventually(t, "event", func() bool { return events.len() == 1 })
			if e := events.all()[0]; e.Kind.String() != name {
				t.Errorf("event %v, want %s", e.Kind, name)
			}
		})
	}
}

func TestFlushIsSurvived(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t))
	causes := make(chan error, 1)
	var done journal[string]
	var events journal[queue.Event]
	started := make(chan struct{})
	startWorker(t, q, func(ctx context.Context, task queue.Task) error {
		if string(task.Payload) == `"lost"` {
			close(started)
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return nil
		}
		done.add(task.ID)
		return nil
	}, queue.WorkerOptions{Concurrency: 2, OnEvent: events.add})
	enqueue(t, q, `"lost"`)
	<-started
	server.Flush(t)
	if cause := <-causes; !errors.Is(cause, queue.ErrClaimLost) {
		t.Errorf("cause = %v, want ErrClaimLost", cause)
	}
	enqueue(t, q, `"new"`)
	eventually(t, "new task", func() bool { return done.len() == 1 })
	awaitStats(t, q, counts{})
	eventually(t, "events", func() bool { return events.len() == 2 })
	if n := kinds(&events); n[queue.EventLost] != 1 || n[queue.EventDone] != 1 {
		t.Errorf("events %v, want one lost and one done", n)
	}
}

func TestIDsDoNotComeBackAfterAFlush(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t))
	ids := make(chan string, 2)
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		ids <- task.ID
		return nil
	}, queue.WorkerOptions{})
	enqueue(t, q, `1`)
	first := <-ids
	awaitStats(t, q, counts{})
	server.Flush(t)
	enqueue(t, q, `1`)
	if second := <-ids; second == first {
		t.Errorf("two tasks have the id %s", first)
	}
}

func TestWorkerStartsBeforeRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill(t)
	opt, err := redisx.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	lazy := redisx.Open(opt, redisx.LazyOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = lazy.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait(); lazy.Close() })

	q := newQueueOn(t, lazy, quick)
	done := make(chan struct{})
	startWorker(t, q, func(context.Context, queue.Task) error {
		close(done)
		return nil
	}, queue.WorkerOptions{})
	time.Sleep(500 * time.Millisecond)
	server.Restart(t)
	eventually(t, "enqueue", func() bool { return q.Enqueue(t.Context(), 1) == nil })
	<-done
	awaitStats(t, q, counts{})
}

func TestKeyOfAWrongTypeStopsNothingForGood(t *testing.T) {
	t.Parallel()
	q, server := newQueue(t), redistest.Shared(t)
	server.CLI(t, "SET", q.Name(), "not a list")
	done := make(chan struct{})
	startWorker(t, q, func(context.Context, queue.Task) error {
		close(done)
		return nil
	}, queue.WorkerOptions{})
	time.Sleep(500 * time.Millisecond)
	server.CLI(t, "DEL", q.Name())
	enqueue(t, q, `1`)
	<-done
	awaitStats(t, q, counts{})
}
