package queue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

func TestEveryTaskRunsExactlyOnceWithoutFaults(t *testing.T) {
	t.Parallel()
	const producers, workers, each = 4, 3, 250
	q := newQueue(t)
	var mu sync.Mutex
	runs := map[string]int{}
	for range workers {
		startWorker(t, q, func(_ context.Context, task queue.Task) error {
			mu.Lock()
			defer mu.Unlock()
			runs[string(task.Payload)]++
			return nil
		}, queue.WorkerOptions{Concurrency: 8})
	}
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range each {
				if err := q.Enqueue(t.Context(), fmt.Sprintf("%d-%d", p, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	awaitStats(t, q, counts{})
	mu.Lock()
	defer mu.Unlock()
	if len(runs) != producers*each {
		t.Errorf("%d different tasks ran, want %d", len(runs), producers*each)
	}
	for payload, n := range runs {
		if n != 1 {
			t.Errorf("task %s ran %d times", payload, n)
		}
	}
}

func TestFailedTaskIsRetriedAfterItsBackoff(t *testing.T) {
	t.Parallel()
	var events journal[queue.Event]
	q := newQueue(t, func(o *queue.Options) {
		o.Backoff = func(attempt int) time.Duration { return time.Duration(attempt) * 100 * time.Millisecond }
	})
	var at journal[time.Time]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		at.add(time.Now())
		if task.Attempt != at.len() {
			t.Errorf("run %d is attempt %d", at.len(), task.Attempt)
		}
		if task.Attempt < 3 {
			return errors.New("not yet")
		}
		return nil
	}, queue.WorkerOptions{OnEvent: events.add})
	enqueue(t, q, `1`)
	eventually(t, "task done", func() bool { return kinds(&events)[queue.EventDone] == 1 })
	for i, want := range []time.Duration{100 * time.Millisecond, 200 * time.Millisecond} {
		if e := events.all()[i]; e.Kind != queue.EventFailed || e.Delay != want || e.Err.Error() != "not yet" {
			t.Errorf("event %d = %+v, want a failure with delay %v", i, e, want)
		}
		// One millisecond of grace: Redis counts whole ones.
		if gap := at.all()[i+1].Sub(at.all()[i]); gap < want-time.Millisecond {
			t.Errorf("retry %d came after %v, want at least %v", i+1, gap, want)
		}
	}
	awaitStats(t, q, counts{})
}

func TestTaskDiesAfterMaxAttempts(t *testing.T) {
	t.Parallel()
	var events journal[queue.Event]
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 3 })
	startWorker(t, q, func(context.Context, queue.Task) error { return errors.New("451 try later") },
		queue.WorkerOptions{OnEvent: events.add})
	before := time.Now().Add(-time.Second)
	enqueue(t, q, `{"to":"max@example.com"}`)
	awaitStats(t, q, counts{Dead: 1})
	dead, err := listDead(t.Context(), q, 10)
	if err != nil || len(dead) != 1 {
		t.Fatalf("Dead = %v, %v, want one", dead, err)
	}
	d := dead[0]
	if string(d.Payload) != `{"to":"max@example.com"}` || d.Size != 24 || d.Error != "451 try later" || d.Attempts != 3 || d.Crashes != 0 {
		t.Errorf("dead letter %+v", d)
	}
	if now := time.Now().Add(time.Second); d.DiedAt.Before(d.CreatedAt) || d.CreatedAt.Before(before) || d.DiedAt.After(now) {
		t.Errorf("created %v, died %v, between %v and %v", d.CreatedAt, d.DiedAt, before, now)
	}
	eventually(t, "event", func() bool { return kinds(&events)[queue.EventDead] == 1 })
	if n := kinds(&events)[queue.EventFailed]; n != 2 {
		t.Errorf("%d failures before the death, want 2", n)
	}
}

func TestRetryDeadGivesAllAttemptsBack(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 2 })
	var tries journal[int]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		tries.add(task.Attempt)
		if tries.len() < 4 {
			return errors.New("no")
		}
		return nil
	}, queue.WorkerOptions{})
	enqueue(t, q, `1`)
	awaitStats(t, q, counts{Dead: 1})
	dead, err := listDead(t.Context(), q, 1)
	if err != nil || len(dead) != 1 {
		t.Fatalf("Dead = %v, %v", dead, err)
	}
	if err := retryDead(t.Context(), q, dead[0].ID); err != nil {
		t.Fatal(err)
	}
	awaitStats(t, q, counts{})
	if got := fmt.Sprint(tries.all()); got != "[1 2 1 2]" {
		t.Errorf("attempts %s, want [1 2 1 2]", got)
	}
	if err := retryDead(t.Context(), q, dead[0].ID); !errors.Is(err, errNotDead) {
		t.Errorf("second RetryDead = %v, want ErrNoDeadTask", err)
	}
}

func TestPermanentErrorIsNotRetried(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	var runs journal[string]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		runs.add(task.ID)
		return fmt.Errorf("send: %w", queue.Permanent(errors.New("550 no such user")))
	}, queue.WorkerOptions{})
	enqueue(t, q, `1`)
	awaitStats(t, q, counts{Dead: 1})
	dead, err := listDead(t.Context(), q, 1)
	if err != nil || len(dead) != 1 || dead[0].Error != "send: 550 no such user" || runs.len() != 1 {
		t.Errorf("Dead = %+v, %v after %d runs", dead, err, runs.len())
	}
}

func TestPostponeUsesUpNoAttempt(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 1 })
	var tries journal[int]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		tries.add(task.Attempt)
		if tries.len() < 4 {
			return queue.Postpone(0) // counts as 100 ms
		}
		return nil
	}, queue.WorkerOptions{})
	begin := time.Now()
	enqueue(t, q, `1`)
	awaitStats(t, q, counts{})
	if got := fmt.Sprint(tries.all()); got != "[1 1 1 1]" {
		t.Errorf("attempts %s, want [1 1 1 1]", got)
	}
	if took := time.Since(begin); took < 290*time.Millisecond {
		t.Errorf("three postponements took %v, want at least 300 ms", took)
	}
}

func TestPanickingHandlerIsAnError(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(){
		"panic":            func() { panic("boom") },
		"goexit":           runtime.Goexit,
		"unprintable text": func() { panic(fmt.Errorf("%w", error((*nilError)(nil)))) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t)
			startWorker(t, q, func(_ context.Context, task queue.Task) error {
				if task.Attempt == 1 {
					end()
				}
				return nil
			}, queue.WorkerOptions{})
			enqueue(t, q, `1`, `2`, `3`, `4`, `5`)
			awaitStats(t, q, counts{})
		})
	}
}

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text } // panics on nil

func TestErrorThatCannotBeReadDoesNoHarm(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 1 })
	startWorker(t, q, func(context.Context, queue.Task) error {
		var e *nilError
		return e
	}, queue.WorkerOptions{})
	enqueue(t, q, `1`)
	awaitStats(t, q, counts{Dead: 1})
}

func TestGarbageGoesStraightToTheDeadLetters(t *testing.T) {
	t.Parallel()
	q, server := newQueue(t, func(o *queue.Options) { o.MaxPayload = 100 }), redistest.Shared(t)
	garbage := []string{"", "hello", "{", "\x00\xff", `{"a":1}{"b":2}`, strings.Repeat("9", 101), "'" + strings.Repeat("x", 100_000)}
	for _, g := range garbage {
		server.CLI(t, "LPUSH", q.Name(), g)
	}
	enqueue(t, q, `"good"`)
	var ran journal[string]
	var events journal[queue.Event]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		ran.add(string(task.Payload))
		return nil
	}, queue.WorkerOptions{OnEvent: events.add})
	awaitStats(t, q, counts{Dead: int64(len(garbage))})
	if got := fmt.Sprint(ran.all()); got != `["good"]` {
		t.Errorf("handler saw %s, want only the good task", got)
	}
	dead, err := listDead(t.Context(), q, 100)
	if err != nil || len(dead) != len(garbage) {
		t.Fatalf("Dead = %d letters, %v", len(dead), err)
	}
	want := map[int64]string{}
	for _, g := range garbage {
		want[int64(len(g))] = "payload cannot be a task: it is not JSON"
		if len(g) > 100 {
			want[int64(len(g))] = "it is larger than 100 bytes"
		}
	}
	for _, d := range dead {
		if d.Error != want[d.Size] || d.Attempts != 0 || len(d.Payload) != int(min(d.Size, 64<<10)) {
			t.Errorf("letter of %d bytes: %q, %d attempts, %d bytes listed", d.Size, d.Error, d.Attempts, len(d.Payload))
		}
	}
	eventually(t, "events", func() bool { return kinds(&events)[queue.EventDead] == len(garbage) })
}

func TestDeadLettersAreCapped(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t), func(o *queue.Options) { o.MaxDead = 5; o.MaxAttempts = 1 })
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		return fmt.Errorf("task %s", task.Payload)
	}, queue.WorkerOptions{Concurrency: 1})
	for i := range 20 {
		enqueue(t, q, fmt.Sprint(i))
	}
	awaitStats(t, q, counts{Dead: 5})
	dead, err := listDead(t.Context(), q, 3)
	if err != nil || len(dead) != 3 {
		t.Fatalf("Dead = %v, %v, want 3", dead, err)
	}
	if n := len(strings.Split(server.CLI(t, "KEYS", "{"+q.Name()+"}:task:*"), "\n")); n != 5 {
		t.Errorf("%d hashes for 5 dead letters", n)
	}
}

func TestFloodOfRetriesDoesNotStarveNewTasks(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 1 << 30 })
	fresh := make(chan struct{})
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		if string(task.Payload) == `"fresh"` {
			close(fresh)
			return nil
		}
		return errors.New("again")
	}, queue.WorkerOptions{Concurrency: 1})
	for range 200 {
		enqueue(t, q, `"flood"`)
	}
	eventually(t, "the flood to be retried", func() bool {
		s, err := q.Stats(t.Context())
		return err == nil && s.Failed > 200
	})
	enqueue(t, q, `"fresh"`)
	select {
	case <-fresh:
	case <-time.After(patience):
		t.Error("the new task was not started")
	}
}

func TestFloodOfNewTasksDoesNotStarveRetries(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	retried := make(chan struct{})
	startWorker(t, q, func(ctx context.Context, task queue.Task) error {
		if string(task.Payload) == `"retry"` {
			if task.Attempt == 1 {
				return errors.New("again")
			}
			close(retried)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		select {
		case <-retried:
			return nil
		default:
			return q.Enqueue(ctx, "flood") // there is always another one
		}
	}, queue.WorkerOptions{Concurrency: 1})
	for range 50 {
		enqueue(t, q, `"flood"`)
	}
	enqueue(t, q, `"retry"`)
	select {
	case <-retried:
	case <-time.After(patience):
		t.Error("the failed task was not started again")
	}
	awaitStats(t, q, counts{})
}

func TestLogTellsWhatHappenedAndNoPayload(t *testing.T) {
	t.Parallel()
	var log journalWriter
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 2 })
	stop := startWorker(t, q, func(context.Context, queue.Task) error { return errors.New("451 busy") },
		queue.WorkerOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	enqueue(t, q, `{"body":"secret-of-the-mail"}`)
	awaitStats(t, q, counts{Dead: 1})
	stop()
	text := log.String()
	for _, want := range []string{`level=WARN msg="task failed"`, `level=ERROR msg="task dead"`, `error="451 busy"`, "attempt=2", "queue=" + q.Name()} {
		if !strings.Contains(text, want) {
			t.Errorf("log lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "secret") {
		t.Errorf("log holds a payload:\n%s", text)
	}
}

// journalWriter is a log that may be written and read at the same time.
type journalWriter struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *journalWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *journalWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}
