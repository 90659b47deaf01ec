package queue_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// own is the name of one of the queue's keys.
func own(q *queue.Queue, key string) string { return "{" + q.Name() + "}:" + key }

func TestEntriesWrittenByHandDoNotStopAWorker(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 2 })
	for _, fields := range [][]string{
		{"nothing", "known"},
		{"payload", "no JSON"},
		{"id", "", "payload", `"empty id 1"`},
		{"id", "", "payload", `"empty id 2"`},
		{"payload", `"numbers"`, "attempts", "many", "crashes", "x", "created", "y", "priority", "z", "max_attempts", "w"},
		{"payload", `"times"`, "timeout", "soon", "deadline", "late"},
		{"payload", `"huge"`, "attempts", "1e300", "timeout", "99999999999999999999", "max_attempts", "-5"},
	} {
		if got := server.CLI(t, append([]string{"XADD", own(q, "tasks"), "*"}, fields...)...); strings.HasPrefix(got, "(error)") {
			t.Fatal(got)
		}
	}
	var runs journal[string]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		runs.add(string(task.Payload))
		return errors.New("no")
	}, queue.WorkerOptions{})
	enqueue(t, q, `"proper"`)
	awaitStats(t, q, counts{Dead: 8})
	tries := map[string]int{}
	for _, payload := range runs.all() {
		tries[payload]++
	}
	for _, payload := range []string{`"proper"`, `"empty id 1"`, `"empty id 2"`, `"numbers"`, `"times"`} {
		if tries[payload] != 2 {
			t.Errorf("task %s was tried %d times, want 2", payload, tries[payload])
		}
	}
}

func TestEntryWithNumbersThatAreNoneIsReaped(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	q := newQueue(t, func(o *queue.Options) { o.Lease = 3 * time.Second })
	server.CLI(t, "XADD", own(q, "tasks"), "*", "payload", `"lost"`, "attempts", "x", "crashes", "x")
	server.CLI(t, "XGROUP", "CREATE", own(q, "tasks"), "workers", "0")
	server.CLI(t, "XREADGROUP", "GROUP", "workers", "nobody", "STREAMS", own(q, "tasks"), ">")
	server.CLI(t, "ZADD", own(q, "gone"), "9999999999999", "nobody") // it was alive as it got the task
	runs := make(chan queue.Task, 1)
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		runs <- task
		return nil
	}, queue.WorkerOptions{})
	if task := <-runs; string(task.Payload) != `"lost"` || task.Crashes != 1 {
		t.Errorf("ran %s with %d crashes, want 1", task.Payload, task.Crashes)
	}
	awaitStats(t, q, counts{})
}

// Each key in turn is of a type that no script expects, while there is work to do
// in every stream: nothing may be lost, and what was claimed by a script that failed
// half-way must run.
func TestKeyOfAWrongTypeLosesNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	for _, key := range []string{
		"again", "tasks:high", "tasks", "tasks:low", "suspects", "inbox", "meta",
		"scheduled", "retry", "dead", "workers", "crashes", "reaper",
	} {
		t.Run(strings.ReplaceAll(key, ":", "_"), func(t *testing.T) {
			t.Parallel()
			q := newQueueOn(t, client, func(o *queue.Options) { o.Lease = 3 * time.Second })
			var runs journal[string]
			warned := make(chan struct{}, 1)
			startWorker(t, q, func(_ context.Context, task queue.Task) error {
				runs.add(string(task.Payload))
				return nil
			}, queue.WorkerOptions{Logger: warnings(warned), Concurrency: 8})
			awaitWorkers(t, q, 1)
			server.CLI(t, "DEL", own(q, key))
			if got := server.CLI(t, "SET", own(q, key), "of a wrong type"); got != "OK" {
				t.Fatal(got)
			}
			added := []string{`"after"`}
			for payload, p := range map[string]queue.Priority{
				"tasks:high": queue.PriorityHigh, "tasks": queue.PriorityNormal, "tasks:low": queue.PriorityLow,
			} {
				_, err := q.Add(t.Context(), queue.NewTask{Payload: payload, Priority: p})
				if (err != nil) != (payload == key) {
					t.Fatalf("Add to %s = %v", payload, err)
				}
				if err == nil {
					added = append(added, `"`+payload+`"`)
				}
			}
			switch key {
			case "dead", "crashes", "reaper":
				// A worker whose tasks succeed does not read them.
			default:
				<-warned
			}
			server.CLI(t, "DEL", own(q, key))
			enqueue(t, q, `"after"`)
			eventually(t, "everything runs", func() bool {
				ran := runs.all()
				return !slices.ContainsFunc(added, func(p string) bool { return !slices.Contains(ran, p) })
			})
			awaitStats(t, q, counts{})
		})
	}
}

func TestStreamDeletedByHandIsMadeAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	for _, key := range []string{"again", "tasks:high", "tasks", "tasks:low", "suspects"} {
		t.Run(strings.ReplaceAll(key, ":", "_"), func(t *testing.T) {
			t.Parallel()
			q := newQueue(t)
			var runs journal[string]
			startWorker(t, q, func(_ context.Context, task queue.Task) error {
				runs.add(string(task.Payload))
				return nil
			}, queue.WorkerOptions{})
			awaitWorkers(t, q, 1)
			// So that the worker meets the loss as it claims, not as it waits.
			if err := q.Pause(t.Context()); err != nil {
				t.Fatal(err)
			}
			server.CLI(t, "DEL", own(q, key))
			for _, p := range []queue.Priority{queue.PriorityHigh, queue.PriorityNormal, queue.PriorityLow} {
				if _, err := q.Add(t.Context(), queue.NewTask{Payload: 2, Priority: p}); err != nil {
					t.Fatal(err)
				}
			}
			if err := q.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			eventually(t, "three runs", func() bool { return runs.len() == 3 })
			awaitStats(t, q, counts{})
		})
	}
}

func TestStatsOfEntriesDeletedByHandAreNotNegative(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	q := newQueue(t)
	running, release := make(chan struct{}), make(chan struct{})
	startWorker(t, q, func(context.Context, queue.Task) error {
		close(running)
		<-release
		return nil
	}, queue.WorkerOptions{})
	enqueue(t, q, `1`)
	<-running
	for entry := range strings.FieldsSeq(server.CLI(t, "XPENDING", own(q, "tasks"), "workers", "-", "+", "1")) {
		server.CLI(t, "XDEL", own(q, "tasks"), entry)
		break
	}
	if got := stats(t, q); got != (counts{Running: 1}) {
		t.Errorf("Stats() = %+v, want one that runs", got)
	}
	close(release)
	awaitStats(t, q, counts{})
}

func TestResultWaitsForAKeyOfAWrongType(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	for key, err := range map[string]error{"retry": errors.New("no"), "dead": queue.Permanent(errors.New("no"))} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t)
			var runs atomic.Int64
			warned := make(chan struct{}, 1)
			startWorker(t, q, func(context.Context, queue.Task) error {
				if runs.Add(1) > 1 {
					return nil
				}
				server.CLI(t, "SET", own(q, key), "of a wrong type")
				return err
			}, queue.WorkerOptions{Logger: warnings(warned)})
			enqueue(t, q, `1`)
			<-warned
			if n := server.CLI(t, "XLEN", own(q, "tasks")); n != "1" {
				t.Errorf("%s entries in the stream, want the one that failed", n)
			}
			server.CLI(t, "DEL", own(q, key))
			if key == "dead" {
				awaitStats(t, q, counts{Dead: 1})
				return
			}
			awaitStats(t, q, counts{})
			if n := runs.Load(); n != 2 {
				t.Errorf("%d runs, want 2", n)
			}
		})
	}
}
