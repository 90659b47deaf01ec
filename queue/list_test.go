package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

var states = []queue.State{
	queue.StateWaiting, queue.StateRunning, queue.StateScheduled, queue.StateRetrying, queue.StateDead,
}

// pages lists a state page by page and returns the ids.
func pages(t *testing.T, q *queue.Queue, state queue.State, limit int) (ids []string) {
	t.Helper()
	for cursor := ""; ; {
		page, err := q.List(t.Context(), state, cursor, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Tasks) > limit {
			t.Fatalf("a page of %d tasks, want %d at most", len(page.Tasks), limit)
		}
		for _, task := range page.Tasks {
			if task.State != state {
				t.Errorf("state %q among %q", task.State, state)
			}
			ids = append(ids, task.ID)
		}
		if cursor = page.Next; cursor == "" {
			return ids
		}
	}
}

// fullQueue has seven tasks in each state; the function ends those that run.
func fullQueue(t *testing.T) (q *queue.Queue, release func()) {
	t.Helper()
	q = newQueue(t, func(o *queue.Options) { o.Backoff = func(int) time.Duration { return time.Hour } })
	const n = 7
	named := func(state queue.State, i int) queue.NewTask {
		p := queue.Priority(1 - i/3) // in all streams
		return queue.NewTask{ID: fmt.Sprintf("%s %d", state, i), Type: "t", Payload: state, Priority: p}
	}
	released := make(chan struct{})
	stop := startWorker(t, q, func(_ context.Context, task queue.Task) error {
		switch string(task.Payload) {
		case `"running"`:
			<-released
			return nil
		case `"dead"`:
			return queue.Permanent(errors.New("gone"))
		default:
			return errors.New("broken")
		}
	}, queue.WorkerOptions{Concurrency: n})
	for _, state := range []queue.State{queue.StateDead, queue.StateRetrying, queue.StateRunning} {
		for i := range n {
			add(t, q, named(state, i))
		}
	}
	awaitStats(t, q, counts{Running: n, Retrying: n, Dead: n})
	for i := range n {
		add(t, q, named(queue.StateWaiting, i))
		scheduled := named(queue.StateScheduled, i)
		scheduled.Delay = time.Duration(i+1) * time.Hour
		add(t, q, scheduled)
	}
	awaitStats(t, q, counts{Waiting: n, Running: n, Retrying: 2 * n, Dead: n})
	return q, func() { close(released); stop() }
}

func TestPagesHoldEveryTaskOnce(t *testing.T) {
	t.Parallel()
	q, release := fullQueue(t)
	defer release()
	for _, state := range states {
		for _, limit := range []int{1, 2, 3, 7, 1000} {
			ids := pages(t, q, state, limit)
			if state == queue.StateWaiting || state == queue.StateScheduled {
				if !slices.IsSorted(ids) { // as they are started, and as they are due
					t.Errorf("%s by %d: order %v", state, limit, ids)
				}
			}
			slices.Sort(ids)
			want := make([]string, 7)
			for i := range want {
				want[i] = fmt.Sprintf("%s %d", state, i)
			}
			if !slices.Equal(ids, want) {
				t.Errorf("%s by %d: %v, want %v", state, limit, ids, want)
			}
		}
		if page, err := q.List(t.Context(), state, "", -1); err != nil || len(page.Tasks) != 1 {
			t.Errorf("%s: %d tasks with a limit of -1, %v, want 1", state, len(page.Tasks), err)
		}
	}
	if _, err := q.List(t.Context(), "lost", "", 1); err == nil {
		t.Error("a state that there is not was listed")
	}
}

func TestListTellsWhatIsKnown(t *testing.T) {
	t.Parallel()
	q, release := fullQueue(t)
	defer release()
	for _, state := range states {
		page, err := q.List(t.Context(), state, "", 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range page.Tasks {
			if string(task.Payload) != fmt.Sprintf("%q", state) || task.Size != int64(len(task.Payload)) || task.Type != "t" {
				t.Errorf("%s: payload %s of %d bytes, type %q", state, task.Payload, task.Size, task.Type)
			}
			if age := time.Since(task.CreatedAt); age < -time.Second || age > patience {
				t.Errorf("%s: created at %v", state, task.CreatedAt)
			}
			if task.DueAt.IsZero() == (state == queue.StateScheduled || state == queue.StateRetrying) {
				t.Errorf("%s: due at %v", state, task.DueAt)
			}
			if task.StartedAt.IsZero() == (state == queue.StateRunning) || (task.Worker == "") == (state == queue.StateRunning) {
				t.Errorf("%s: started at %v by %q", state, task.StartedAt, task.Worker)
			}
			if task.DiedAt.IsZero() == (state == queue.StateDead) {
				t.Errorf("%s: died at %v", state, task.DiedAt)
			}
			want := map[queue.State]string{queue.StateRetrying: "broken", queue.StateDead: "gone"}[state]
			if task.Error != want || (task.Attempts == 1) != (want != "") {
				t.Errorf("%s: error %q after %d attempts", state, task.Error, task.Attempts)
			}
		}
	}
}

func TestGarbageIsNoCursor(t *testing.T) {
	t.Parallel()
	q, release := fullQueue(t)
	defer release()
	for _, cursor := range []string{
		"x", "-1", ":", "1:", "0:0-0", "6:0-0", "3:x", "3:1", "3:-", "3:+", "3:$", "3:0-0-0", "3:(0-0", "3:-1-1", "3:0-", "3:0-x",
		"18446744073709551616", "9223372036854775807", "3:18446744073709551616-0", "3:18446744073709551615-18446744073709551615",
		"1 ", "\n", "\xff", "1e3", "{}",
	} {
		for _, state := range states {
			if page, err := q.List(t.Context(), state, cursor, 10); !errors.Is(err, queue.ErrCursor) {
				t.Errorf("List(%s, %q) = %d tasks, %v, want ErrCursor", state, cursor, len(page.Tasks), err)
			}
		}
	}
	for _, state := range states {
		other := "7"
		if state == queue.StateScheduled || state == queue.StateRetrying || state == queue.StateDead {
			other = "3:0-1"
		}
		if _, err := q.List(t.Context(), state, other, 10); !errors.Is(err, queue.ErrCursor) {
			t.Errorf("List(%s, %q) = %v: a cursor of another list", state, other, err)
		}
	}
}

func TestRetryAndDeleteInBulk(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 1 })
	const n = 1200 // several calls of the script
	tasks := make([]queue.NewTask, 0, n)
	ids := make([]string, 0, 2*n)
	for i := range n {
		id := fmt.Sprint(i)
		tasks = append(tasks, queue.NewTask{ID: id, Payload: i, Delay: time.Hour})
		ids = append(ids, id, "unknown "+id)
	}
	if _, err := q.Add(t.Context(), tasks...); err != nil {
		t.Fatal(err)
	}
	if got, err := q.Delete(t.Context(), ids[:n]...); got != n/2 || err != nil {
		t.Errorf("Delete = %d, %v, want %d", got, err, n/2)
	}
	if got, err := q.Retry(t.Context(), ids...); got != n/2 || err != nil {
		t.Errorf("Retry = %d, %v, want %d", got, err, n/2)
	}
	if got, err := q.Retry(t.Context()); got != 0 || err != nil {
		t.Errorf("Retry of nothing = %d, %v", got, err)
	}
	failing := true
	stop := startWorker(t, q, func(context.Context, queue.Task) error {
		if failing {
			return errors.New("no")
		}
		return nil
	}, queue.WorkerOptions{Concurrency: 50})
	awaitStats(t, q, counts{Dead: n / 2})
	stop()
	failing = false
	if got, err := q.Delete(t.Context(), ids[n:3*n/2]...); got != n/4 || err != nil {
		t.Errorf("Delete = %d, %v, want %d", got, err, n/4)
	}
	if got, err := q.Retry(t.Context(), ids...); got != n/4 || err != nil {
		t.Errorf("Retry = %d, %v, want %d", got, err, n/4)
	}
	startWorker(t, q, func(context.Context, queue.Task) error { return nil }, queue.WorkerOptions{Concurrency: 50})
	awaitStats(t, q, counts{})
}

func TestStatsCount(t *testing.T) {
	t.Parallel()
	q, release := fullQueue(t)
	s, err := q.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Latency <= 0 || s.Latency > patience {
		t.Errorf("Latency %v of tasks that wait", s.Latency)
	}
	s.Latency = 0
	want := queue.Stats{Waiting: 7, Running: 7, Scheduled: 7, Retrying: 7, Dead: 7, Failed: 14, Died: 7, Workers: 1}
	if s != want {
		t.Errorf("Stats() = %+v, want %+v", s, want)
	}
	if n, err := q.Delete(t.Context(), pages(t, q, queue.StateWaiting, 10)...); n != 0 || err != nil {
		t.Errorf("Delete of what waits = %d, %v", n, err)
	}
	release() // and the worker may fail some of those that wait before it stops
	s, err = q.Stats(t.Context())
	if err != nil || s.Processed != 7 || s.Running != 0 || s.Workers != 0 || s.Waiting+s.Retrying != 14 || s.Failed != 7+s.Retrying {
		t.Errorf("Stats() after the stop = %+v, %v", s, err)
	}
}

func TestLatencyIsTheAgeOfTheOldest(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	q := newQueue(t)
	old := fmt.Sprint(time.Now().Add(-time.Hour).UnixMilli())
	server.CLI(t, "XADD", own(q, "tasks:low"), old+"-0", "payload", "1")
	add(t, q, queue.NewTask{Payload: 1})
	s, err := q.Stats(t.Context())
	if err != nil || s.Latency < time.Hour || s.Latency > time.Hour+patience {
		t.Errorf("Latency %v, %v, want an hour", s.Latency, err)
	}
	startWorker(t, q, func(context.Context, queue.Task) error { return nil }, queue.WorkerOptions{})
	awaitStats(t, q, counts{})
	if s, err := q.Stats(t.Context()); err != nil || s.Latency != 0 || s.Processed != 2 {
		t.Errorf("Stats() = %+v, %v, want no latency and 2 processed", s, err)
	}
}

func TestListSaysWhenATaskIsGivenUp(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 7 })
	add(t, q, queue.NewTask{ID: "as the queue has it", Payload: 1})
	add(t, q, queue.NewTask{ID: "its own", Payload: 1, MaxAttempts: 3})
	add(t, q, queue.NewTask{ID: "kept", Payload: 1, MaxAttempts: 4, Delay: time.Hour})
	for id, want := range map[string]int{"as the queue has it": 7, "its own": 3, "kept": 4} {
		if got, err := q.Find(t.Context(), id); err != nil || got.MaxAttempts != want {
			t.Errorf("%s: %d, %v, want %d", id, got.MaxAttempts, err, want)
		}
	}
}
