package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

func TestEnqueueWritesWhatPeopleCanRead(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	mail := struct {
		To   string `json:"to"`
		Body string `json:"body"`
	}{"max@example.com", "Grüße <b>&</b>"}
	if err := q.Enqueue(t.Context(), mail); err != nil {
		t.Fatal(err)
	}
	const want = `{"to":"max@example.com","body":"Grüße <b>&</b>"}`
	entry := redistest.Shared(t).CLI(t, "XRANGE", "{"+q.Name()+"}:tasks", "-", "+")
	if !strings.Contains(entry, "\npayload\n"+want) {
		t.Errorf("the stream holds %q, want %q in it", entry, want)
	}
}

func TestEnqueueRefusesWhatNoWorkerWouldAccept(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxPayload = 20 })
	for name, payload := range map[string]any{
		"no JSON":      []byte("{"),
		"nothing":      json.RawMessage(nil),
		"too large":    strings.Repeat("x", 21),
		"not encoded":  func() {},
		"two in a row": []byte(`1 2`),
	} {
		if err := q.Enqueue(t.Context(), payload); !errors.Is(err, queue.ErrPayload) {
			t.Errorf("%s: Enqueue = %v, want ErrPayload", name, err)
		}
	}
	if got := stats(t, q); got != (counts{}) {
		t.Errorf("refused payloads are in the queue: %+v", got)
	}
}

func TestRawPushIsDeliveredByteForByte(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	// What a decoder would change: order, spaces, a large number, an escape.
	payload := "{ \"b\": 12345678901234567890,\t\"a\": \"\\u00e4\", \"a\": 1.0 }"
	redistest.Shared(t).CLI(t, "LPUSH", q.Name(), payload)
	got := make(chan string, 1)
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		got <- string(task.Payload)
		return nil
	}, queue.WorkerOptions{})
	if p := <-got; p != payload {
		t.Errorf("payload = %q, want %q", p, payload)
	}
	awaitStats(t, q, counts{})
}

func TestMovedTaskOfADeadWorkerIsRun(t *testing.T) {
	t.Parallel()
	q, server := newQueue(t), redistest.Shared(t)
	enqueue(t, q, `"moved"`, `"pending"`)
	server.CLI(t, "BLMOVE", q.Name(), "{"+q.Name()+"}:inbox", "RIGHT", "LEFT", "1") // and then it died
	var order journal[string]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		order.add(string(task.Payload))
		return nil
	}, queue.WorkerOptions{Concurrency: 1})
	awaitStats(t, q, counts{})
	if got := strings.Join(order.all(), " "); got != `"moved" "pending"` {
		t.Errorf("ran %s, want the moved task first", got)
	}
}

func TestTasksStartInTheOrderOfTheirPushes(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	var order journal[string]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		order.add(string(task.Payload))
		return nil
	}, queue.WorkerOptions{Concurrency: 1})
	enqueue(t, q, `1`, `2`, `3`, `4`, `5`)
	awaitStats(t, q, counts{})
	if got := strings.Join(order.all(), ""); got != "12345" {
		t.Errorf("order %s, want 12345", got)
	}
}

func TestIdleWorkerStartsATaskAtItsPush(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	started := make(chan time.Time, 1)
	startWorker(t, q, func(context.Context, queue.Task) error {
		started <- time.Now()
		return nil
	}, queue.WorkerOptions{})
	// Polling would take anything up to half a second: one in five would be as quick as
	// 100 ms. On a machine that is busy now and then, some time most are.
	var took []time.Duration
	for range 10 {
		took = took[:0]
		for range 20 {
			awaitStats(t, q, counts{})
			pushed := time.Now()
			enqueue(t, q, `1`)
			took = append(took, (<-started).Sub(pushed))
		}
		slices.Sort(took)
		if took[14] < 100*time.Millisecond {
			return
		}
	}
	t.Errorf("of 20 tasks three quarters started within %v of their push", took[14])
}

func TestQueueLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t))
	startWorker(t, q, func(context.Context, queue.Task) error { return nil }, queue.WorkerOptions{})
	enqueue(t, q, `1`, `2`, `3`)
	awaitStats(t, q, counts{})
	for key := range strings.SplitSeq(server.CLI(t, "KEYS", "*"), "\n") {
		switch strings.TrimPrefix(key, "{"+q.Name()+"}:") {
		case "meta", "reaper", "workers": // counters, times, the worker
		case "again", "tasks:high", "tasks", "tasks:low", "suspects":
			if n := server.CLI(t, "XLEN", key); n != "0" {
				t.Errorf("stream %s holds %s entries", key, n)
			}
		default:
			t.Errorf("key %s is left", key)
		}
	}
}

func TestNamesWithSpecialCharactersKeepQueuesApart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	for _, name := range []string{"mail", "{mail}", "{mail}:inbox", "mail:inbox", "a b\n}"} {
		q := queue.New(client, name, queue.Options{})
		enqueue(t, q, `1`)
		var runs journal[string]
		stop := startWorker(t, q, func(_ context.Context, task queue.Task) error {
			runs.add(task.ID)
			return nil
		}, queue.WorkerOptions{})
		awaitStats(t, q, counts{})
		stop()
		if runs.len() != 1 {
			t.Errorf("queue %q ran %d tasks, want 1", name, runs.len())
		}
	}
}

func TestCallsFailWithinTheTimeoutWhenRedisIsFrozen(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	patient := newQueueOn(t, client)
	q := queue.New(client, patient.Name(), queue.Options{RedisTimeout: 200 * time.Millisecond})
	enqueue(t, patient, `1`)
	server.Freeze(t)
	for name, call := range map[string]func() error{
		"Enqueue": func() error { return q.Enqueue(t.Context(), 1) },
		"Stats":   func() error { _, err := q.Stats(t.Context()); return err },
		"List":    func() error { _, err := listDead(t.Context(), q, 1); return err },
		"Retry":   func() error { return retryDead(t.Context(), q, "1") },
	} {
		begin := time.Now()
		if err := call(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s of a frozen Redis = %v, want a timeout", name, err)
		}
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func TestClusterHoldsAQueueInOneSlot(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	q := newQueueOn(t, cluster.Client(t))
	var tries journal[int]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		tries.add(task.Attempt)
		if task.Attempt == 1 {
			return errors.New("once more")
		}
		return nil
	}, queue.WorkerOptions{})
	enqueue(t, q, `1`, `2`, `3`)
	eventually(t, "six runs", func() bool { return tries.len() == 6 })
	awaitStats(t, q, counts{})
}
