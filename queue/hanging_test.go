package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/queue"
)

func TestHangingRunIsReportedOnce(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.Lease = 2 * time.Second })
	var events journal[queue.Event]
	release := make(chan struct{})
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		if string(task.Payload) == `"quick"` {
			return nil
		}
		<-release
		if task.Attempt == 1 {
			return queue.RetryAfter(errors.New("once more"), 0)
		}
		return nil
	}, queue.WorkerOptions{HangAfter: 100 * time.Millisecond, OnEvent: func(e queue.Event) {
		if e.Kind == queue.EventHanging && e.Took < 100*time.Millisecond {
			t.Errorf("reported after %v", e.Took)
		}
		events.add(e)
	}})
	enqueue(t, q, `"quick"`, `"hangs"`)
	hanging := func() int { return kinds(&events)[queue.EventHanging] }
	eventually(t, "the hanging run is reported", func() bool { return hanging() == 1 })
	first := time.Now()
	eventually(t, "some looks pass", func() bool { return time.Since(first) > 2*time.Second || hanging() > 1 })
	if n := hanging(); n != 1 {
		t.Errorf("reported %d times", n)
	}
	release <- struct{}{}
	eventually(t, "the second run is reported too", func() bool { return hanging() == 2 })
	release <- struct{}{}
	awaitStats(t, q, counts{})
	eventually(t, "two are done", func() bool { return kinds(&events)[queue.EventDone] == 2 })
	if n := hanging(); n != 2 {
		t.Errorf("reported %d times for two runs", n)
	}
}
