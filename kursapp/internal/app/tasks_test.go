package app

import (
	"context"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/queue"
)

// A relay that dies before it could say so leaves the row of a task that may be over
// when the next relay takes it.
func TestTaskOfARowThatComesAgainRunsOnceUnlessRedisLostIt(t *testing.T) {
	t.Parallel()
	for name, durable := range map[string]bool{"durable": true, "ordinary": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := redistest.Start(t)
			q := taskQueue{queue.New(redis.Client(t), "mails", queue.Options{})}
			rows := []outbox.Row{{
				ID: 1, Kind: outbox.KindTask, Target: "mails", Payload: []byte(`{}`), Durable: durable, CreatedAt: time.UnixMicro(1),
			}}
			add := func(want int64) {
				t.Helper()
				if err := q.Add(t.Context(), rows)[0]; err != nil {
					t.Fatal(err)
				}
				if s, err := q.Stats(t.Context()); err != nil || s.Waiting != want {
					t.Fatalf("%d tasks wait (%v), want %d", s.Waiting, err, want)
				}
			}
			add(1)
			add(1)
			ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
			defer stop()
			worker := queue.NewWorker(q.Queue, func(context.Context, queue.Task) error { return nil },
				queue.WorkerOptions{OnEvent: func(e queue.Event) {
					if e.Kind == queue.EventDone {
						stop()
					}
				}})
			if err := worker.Run(ctx); err != nil {
				t.Fatal(err)
			}
			<-time.After(5 * time.Millisecond) // an id that is remembered for too short a time is forgotten
			add(0)
			redis.Flush(t)
			add(1)
		})
	}
}
