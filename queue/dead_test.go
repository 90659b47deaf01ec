package queue_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

func TestPayloadThatCanNeverRunIsNotKeptWhole(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]string{
		"too large": `"` + strings.Repeat("x", 8<<20) + `"`,
		"no JSON":   strings.Repeat("x", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			client := server.Client(t)
			q := newQueueOn(t, client)
			const pushes = 5
			for range pushes {
				push := client.B().Lpush().Key(q.Name()).Element(payload).Build()
				if err := client.Do(t.Context(), push).Error(); err != nil {
					t.Fatal(err)
				}
			}
			startWorker(t, q, func(context.Context, queue.Task) error { return nil }, queue.WorkerOptions{})
			awaitStats(t, q, counts{Dead: pushes})
			dead, err := listDead(t.Context(), q, 10)
			if err != nil || len(dead) != pushes {
				t.Fatalf("Dead = %d letters, %v, want %d", len(dead), err, pushes)
			}
			for _, d := range dead {
				if d.Size != int64(len(payload)) || string(d.Payload) != payload[:64<<10] {
					t.Errorf("letter of %d bytes lists %d, want the first 65536 of %d", d.Size, len(d.Payload), len(payload))
				}
				key := "{" + q.Name() + "}:task:" + d.ID
				if used, err := strconv.Atoi(server.CLI(t, "MEMORY", "USAGE", key, "SAMPLES", "0")); err != nil || used > 100_000 {
					t.Errorf("the letter takes %d bytes (%v), want about 64 KiB", used, err)
				}
				if err := retryDead(t.Context(), q, d.ID); !errors.Is(err, queue.ErrPayload) {
					t.Errorf("RetryDead = %v, want ErrPayload", err)
				}
			}
			if got := stats(t, q); got != (counts{Dead: pushes}) {
				t.Errorf("Stats() = %+v, want %d dead letters still", got, pushes)
			}
		})
	}
}

func TestLargePayloadOfAFailedTaskIsKeptWhole(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 1 })
	payload := `"` + strings.Repeat("x", 200_000) + `"`
	got := make(chan string, 2)
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		got <- string(task.Payload)
		if len(got) == 1 {
			return errors.New("no")
		}
		return nil
	}, queue.WorkerOptions{Concurrency: 1})
	enqueue(t, q, payload)
	awaitStats(t, q, counts{Dead: 1})
	dead, err := listDead(t.Context(), q, 1)
	if err != nil || len(dead) != 1 || dead[0].Size != 200_002 {
		t.Fatalf("Dead = %d letters, %v, want one of 200,002 bytes", len(dead), err)
	}
	if err := retryDead(t.Context(), q, dead[0].ID); err != nil {
		t.Fatal(err)
	}
	awaitStats(t, q, counts{})
	if first, second := <-got, <-got; first != payload || second != payload {
		t.Errorf("the runs saw %d and %d bytes, want %d", len(first), len(second), len(payload))
	}
}

func TestRefusedPayloadThatIsSmallCanBeRetried(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	strict := newQueue(t, func(o *queue.Options) { o.MaxPayload = 10 })
	server.CLI(t, "LPUSH", strict.Name(), `"eleven bytes"`)
	stop := startWorker(t, strict, func(context.Context, queue.Task) error { return nil }, queue.WorkerOptions{})
	awaitStats(t, strict, counts{Dead: 1})
	stop()
	dead, err := listDead(t.Context(), strict, 1)
	if err != nil || len(dead) != 1 {
		t.Fatalf("Dead = %v, %v", dead, err)
	}
	if err := retryDead(t.Context(), strict, dead[0].ID); err != nil {
		t.Fatal(err)
	}
	ran := make(chan string, 1)
	startWorker(t, queue.New(server.Client(t), strict.Name(), queue.Options{}), func(_ context.Context, task queue.Task) error {
		ran <- string(task.Payload)
		return nil
	}, queue.WorkerOptions{})
	if got := <-ran; got != `"eleven bytes"` {
		t.Errorf("ran %s", got)
	}
	awaitStats(t, strict, counts{})
}
