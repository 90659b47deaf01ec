package queue_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

type welcome struct {
	To string `json:"to"`
}

func TestTypeDecidesHowItsTasksAreTried(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) {
		o.MaxAttempts = 4
		o.Backoff = func(int) time.Duration { return time.Hour } // that of the type counts
	})
	mails := queue.NewType[welcome]("mail", queue.TypeOptions{
		MaxAttempts: 2, Timeout: time.Minute, Backoff: func(int) time.Duration { return time.Millisecond },
	})
	plain := queue.NewType[welcome]("", queue.TypeOptions{
		MaxAttempts: 3, Timeout: time.Minute, Backoff: func(int) time.Duration { return time.Millisecond },
	})
	var runs journal[string]
	handle := func(ctx context.Context, w welcome, task queue.Task) error {
		until, ok := ctx.Deadline()
		limit := time.Minute
		if w.To == "own" {
			limit = time.Hour
		}
		if left := time.Until(until); !ok || left > limit || left < limit-patience {
			t.Errorf("a run for %s has %v left, want %v", w.To, left, limit)
		}
		runs.add(w.To)
		return errors.New("no")
	}
	var m queue.Mux
	queue.Handle(&m, mails, handle)
	queue.Handle(&m, plain, handle)
	startWorker(t, q, m.Handle, queue.WorkerOptions{})
	ownLimits := mails.Task(welcome{To: "own"})
	ownLimits.MaxAttempts, ownLimits.Timeout = 4, time.Hour
	for _, n := range []queue.NewTask{mails.Task(welcome{To: "type"}), ownLimits} {
		add(t, q, n)
	}
	redistest.Shared(t).CLI(t, "LPUSH", q.Name(), `{"to":"list"}`)
	awaitStats(t, q, counts{Dead: 3})
	tries := map[string]int{}
	for _, to := range runs.all() {
		tries[to]++
	}
	for to, want := range map[string]int{"type": 2, "own": 4, "list": 3} {
		if tries[to] != want {
			t.Errorf("%s was tried %d times, want %d", to, tries[to], want)
		}
	}
}

func TestErrorThatDecidesOverrulesItsType(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	kind := queue.NewType[string]("k", queue.TypeOptions{Backoff: func(int) time.Duration { return time.Hour }})
	outcomes := map[string]error{
		"permanent": queue.Permanent(errors.New("no")),
		"later":     queue.RetryAfter(errors.New("no"), time.Millisecond),
		"postponed": queue.Postpone(0),
	}
	var m queue.Mux
	var events journal[queue.Event]
	queue.Handle(&m, kind, func(_ context.Context, payload string, task queue.Task) error {
		if task.Attempt > 1 || payload == "postponed" && events.len() >= 4 {
			return nil
		}
		return outcomes[payload]
	})
	startWorker(t, q, m.Handle, queue.WorkerOptions{OnEvent: events.add})
	for payload := range outcomes {
		add(t, q, kind.Task(payload))
	}
	awaitStats(t, q, counts{Dead: 1})
	eventually(t, "all events", func() bool { return kinds(&events)[queue.EventDone] == 2 })
	n := kinds(&events)
	if n[queue.EventDead] != 1 || n[queue.EventFailed] != 1 || n[queue.EventPostponed] == 0 {
		t.Errorf("events %v", n)
	}
	if queue.Permanent(nil) != nil || queue.RetryAfter(nil, time.Hour) != nil {
		t.Error("a nil error became one")
	}
}

func TestUnknownTypeIsTriedAgain(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	var events journal[queue.Event]
	var old, young queue.Mux
	stop := startWorker(t, q, old.Handle, queue.WorkerOptions{OnEvent: events.add, Concurrency: 1})
	add(t, q, queue.NewTask{Type: "new", Payload: 1})
	eventually(t, "two failures", func() bool { return kinds(&events)[queue.EventFailed] >= 2 })
	young.HandleFunc("new", func(context.Context, queue.Task) error { return errors.New("replaced") })
	young.HandleFunc("new", func(context.Context, queue.Task) error { return nil })
	stop()
	startWorker(t, q, young.Handle, queue.WorkerOptions{})
	awaitStats(t, q, counts{})
	s, err := q.Stats(t.Context())
	if err != nil || s.Processed != 1 {
		t.Errorf("%d processed, %v, want 1", s.Processed, err)
	}
}

func TestPayloadOfAWrongShapeIsPermanentAndNotQuoted(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	var m queue.Mux
	queue.Handle(&m, queue.NewType[welcome]("mail", queue.TypeOptions{}), func(context.Context, welcome, queue.Task) error {
		t.Error("the handler was called")
		return nil
	})
	var log journalWriter
	startWorker(t, q, m.Handle, queue.WorkerOptions{Logger: textLog(&log)})
	for _, payload := range []string{`{"to":{"secret":1}}`, `["secret"]`, `"secret"`, `{"to":123456789secret`} {
		if _, err := q.Add(t.Context(), queue.NewTask{Type: "mail", Payload: []byte(payload)}); err != nil {
			redistest.Shared(t).CLI(t, "XADD", own(q, "tasks"), "*", "type", "mail", "payload", payload)
		}
	}
	awaitStats(t, q, counts{Dead: 4})
	dead, err := listDead(t.Context(), q, 10)
	if err != nil || len(dead) != 4 {
		t.Fatalf("dead letters %v, %v", dead, err)
	}
	for _, d := range dead {
		if d.Error == "" || strings.Contains(d.Error, "secret") || strings.Contains(d.Error, "123456789") {
			t.Errorf("error %q", d.Error)
		}
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log quotes a payload:\n%s", log.String())
	}
}

func TestInterruptedTaskOfATypeUsesUpNoAttempt(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	kind := queue.NewType[int]("", queue.TypeOptions{MaxAttempts: 1, Timeout: time.Hour, Backoff: func(int) time.Duration { return time.Hour }})
	running := make(chan struct{}, 1)
	var m queue.Mux
	queue.Handle(&m, kind, func(ctx context.Context, _ int, _ queue.Task) error {
		running <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	})
	stop := startWorker(t, q, m.Handle, queue.WorkerOptions{DrainTimeout: time.Millisecond})
	redistest.Shared(t).CLI(t, "LPUSH", q.Name(), `1`) // a task without limits of its own
	<-running
	stop()
	if got := stats(t, q); got != (counts{Waiting: 1}) {
		t.Errorf("Stats() after the stop = %+v, want the task handed back", got)
	}
}

func TestFirstMiddlewareIsOutermost(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	var steps journal[string]
	around := func(name string) queue.Middleware {
		return func(h queue.Handler) queue.Handler {
			return func(ctx context.Context, task queue.Task) error {
				steps.add(name + " in")
				err := h(ctx, task)
				steps.add(name + " out")
				return err
			}
		}
	}
	startWorker(t, q, func(context.Context, queue.Task) error {
		steps.add("handler")
		return nil
	}, queue.WorkerOptions{Middleware: []queue.Middleware{around("a"), around("b")}})
	enqueue(t, q, `1`)
	awaitStats(t, q, counts{})
	if got := strings.Join(steps.all(), ", "); got != "a in, b in, handler, b out, a out" {
		t.Errorf("steps: %s", got)
	}
}
