package queue_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/speedlayer/speedlayer/queue"
)

func TestHigherPrioritiesStartFirst(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	for _, n := range []queue.NewTask{
		{Payload: "l", Priority: queue.PriorityLow},
		{Payload: "l", Priority: -100},
		{Payload: "n"},
		{Payload: "n", ID: "with a script"},
		{Payload: "h", Priority: queue.PriorityHigh, Unique: "with a script"},
		{Payload: "h", Priority: 100},
	} {
		add(t, q, n)
	}
	var order journal[string]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		order.add(string(task.Payload))
		want := map[string]queue.Priority{`"l"`: queue.PriorityLow, `"n"`: queue.PriorityNormal, `"h"`: queue.PriorityHigh}
		if task.Priority != want[string(task.Payload)] {
			t.Errorf("task %s has priority %d", task.Payload, task.Priority)
		}
		return nil
	}, queue.WorkerOptions{Concurrency: 1})
	awaitStats(t, q, counts{})
	if got := strings.ReplaceAll(strings.Join(order.all(), ""), `"`, ""); got != "hhnnll" {
		t.Errorf("order %s, want hhnnll", got)
	}
}

func TestLowPriorityDoesNotStarve(t *testing.T) {
	t.Parallel()
	for name, limiter := range map[string]queue.Limiter{"without a limiter": nil, "with a limiter": &purse{left: 1 << 30}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t)
			flood := func() { add(t, q, queue.NewTask{Payload: "high", Priority: queue.PriorityHigh}) }
			for range 20 {
				flood()
			}
			const low = 5
			for range low {
				add(t, q, queue.NewTask{Payload: "low", Priority: queue.PriorityLow})
			}
			var highs, lows atomic.Int64
			done := make(chan struct{})
			stop := startWorker(t, q, func(_ context.Context, task queue.Task) error {
				if string(task.Payload) == `"low"` {
					if lows.Add(1) == low {
						close(done)
					}
					return nil
				}
				highs.Add(1)
				flood() // for each that runs, another one comes
				return nil
			}, queue.WorkerOptions{Concurrency: 1, Limiter: limiter})
			<-done
			// Seven times of eight the high ones come first.
			if n := highs.Load(); n < 7*(low-1) || n > 9*low {
				t.Errorf("%d tasks of high priority ran before the last of %d low ones, want 35", n, low)
			}
			stop()
		})
	}
}

func TestRetriedTaskKeepsItsPriority(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	seen := make(chan queue.Priority, 2)
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		seen <- task.Priority
		if task.Attempt == 1 {
			return queue.RetryAfter(context.Canceled, 0)
		}
		return nil
	}, queue.WorkerOptions{})
	add(t, q, queue.NewTask{Payload: 1, Priority: queue.PriorityLow})
	if first, second := <-seen, <-seen; first != queue.PriorityLow || second != queue.PriorityLow {
		t.Errorf("priorities %d and %d, want low", first, second)
	}
}
