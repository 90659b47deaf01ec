package queue_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

func TestStopHandsBackAHundredTasksOfWhichNoneRanTwice(t *testing.T) {
	t.Parallel()
	const tasks = 100
	q := newQueue(t)
	var mu sync.Mutex
	runs := map[string]int{}
	started := make(chan struct{}, 2*tasks)
	var finish atomic.Bool
	handler := func(ctx context.Context, task queue.Task) error {
		mu.Lock()
		runs[task.ID]++
		mu.Unlock()
		if finish.Load() {
			return nil
		}
		started <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	var events journal[queue.Event]
	stop := startWorker(t, q, handler, queue.WorkerOptions{
		Concurrency: tasks, DrainTimeout: 10 * time.Millisecond, OnEvent: events.add,
	})
	for i := range tasks {
		enqueue(t, q, fmt.Sprint(i))
	}
	for range tasks {
		<-started
	}
	stop()
	if got := stats(t, q); got != (counts{Waiting: tasks}) {
		t.Errorf("Stats() after the stop = %+v, want all handed back", got)
	}
	if n := kinds(&events); n[queue.EventHandedBack] != tasks || len(n) != 1 {
		t.Errorf("events %v, want %d handed back", n, tasks)
	}
	finish.Store(true)
	startWorker(t, q, handler, queue.WorkerOptions{Concurrency: 16})
	awaitStats(t, q, counts{})
	mu.Lock()
	defer mu.Unlock()
	for id, n := range runs {
		if n != 2 { // once before the stop and once after it
			t.Errorf("task %s ran %d times, want 2", id, n)
		}
	}
}

func TestOwedResultsHoldSlots(t *testing.T) {
	t.Parallel()
	const slots = 64
	server := redistest.Shared(t)
	plain := newQueueOn(t, server.Client(t))
	client := &tap{Client: server.Client(t)}
	var refuse atomic.Bool
	var refused atomic.Int64
	refuse.Store(true)
	client.call = func(ctx context.Context, args []string, send func(context.Context) rueidis.RedisResult) rueidis.RedisResult {
		if isDone(args) && refuse.Load() {
			refused.Add(1)
			return rueidis.NewErrorResult(errors.New("READONLY"))
		}
		return send(ctx)
	}
	var runs atomic.Int64
	for i := range 4 * slots {
		enqueue(t, plain, fmt.Sprint(i))
	}
	startWorker(t, queue.New(client, plain.Name(), queue.Options{RedisTimeout: patience}),
		func(context.Context, queue.Task) error {
			runs.Add(1)
			return nil
		}, queue.WorkerOptions{Concurrency: slots})
	eventually(t, "runs of all slots", func() bool { return runs.Load() >= slots })
	before := refused.Load()
	eventually(t, "refusals", func() bool { return refused.Load() >= before+4 })
	if n := runs.Load(); n > 2*slots {
		t.Errorf("%d runs whose results Redis does not have, want at most %d", n, 2*slots)
	}
	refuse.Store(false)
	awaitStats(t, plain, counts{})
	if n := runs.Load(); n != 4*slots {
		t.Errorf("%d runs of %d tasks", n, 4*slots)
	}
}

// isDone tells done.lua, here without unique keys and crashes.
func isDone(args []string) bool {
	return len(args) >= 6 && !isClaim(args) && args[1] == "0" && args[2] == "0"
}

func TestLeavingAndReapingAtOnceMovesEachTaskOnce(t *testing.T) {
	t.Parallel()
	const rounds, tasks = 3, 20
	for range rounds {
		q := newQueue(t)
		started := make(chan struct{}, tasks)
		stop := startWorker(t, q, func(ctx context.Context, _ queue.Task) error {
			started <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}, queue.WorkerOptions{Concurrency: tasks, DrainTimeout: time.Millisecond})
		for i := range tasks {
			enqueue(t, q, fmt.Sprint(i))
		}
		for range tasks {
			<-started
		}
		// Two who reap as soon as they start, and one that leaves.
		var both sync.WaitGroup
		both.Go(stop)
		strikeOff(t, q)
		var runs atomic.Int64
		for range 2 {
			startWorker(t, q, func(context.Context, queue.Task) error {
				runs.Add(1)
				return nil
			}, queue.WorkerOptions{})
		}
		both.Wait()
		awaitStats(t, q, counts{})
		if n := runs.Load(); n != tasks {
			t.Errorf("%d runs of %d tasks after one stop", n, tasks)
		}
	}
}

func TestManyConsumersLeftBehindHoldUpNothing(t *testing.T) {
	t.Parallel()
	const dead, holding = 2000, 50
	q, server := newQueue(t), redistest.Shared(t)
	stream := "{" + q.Name() + "}:tasks"
	server.CLI(t, "XGROUP", "CREATE", stream, "workers", "0", "MKSTREAM")
	for i := range dead {
		server.CLI(t, "XGROUP", "CREATECONSUMER", stream, "workers", fmt.Sprint("gone", i))
	}
	for i := range holding {
		enqueue(t, q, fmt.Sprint(i))
		server.CLI(t, "XREADGROUP", "GROUP", "workers", fmt.Sprint("gone", i), "COUNT", "1", "STREAMS", stream, ">")
	}
	var runs atomic.Int64
	since := time.Now()
	startWorker(t, q, func(context.Context, queue.Task) error {
		runs.Add(1)
		return nil
	}, queue.WorkerOptions{Concurrency: 16})
	awaitStats(t, q, counts{})
	if n := runs.Load(); n != holding {
		t.Errorf("%d runs of %d tasks", n, holding)
	}
	if took := time.Since(since); took > 30*time.Second {
		t.Errorf("taken up after %v, want 10 s, and a slow machine", took)
	}
}
