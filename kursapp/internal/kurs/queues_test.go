package kurs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/queue"
)

const mailQueue = "email_queue"

// queuesOf returns the queues of a world, and the one that the tests fill.
func queuesOf(w *world) (*kurs.Queues, *queue.Queue) {
	o := queue.Options{RedisTimeout: redisTimeout, Backoff: func(int) time.Duration { return time.Hour }}
	mails := queue.New(w.client, mailQueue, o)
	return kurs.NewQueues(nil, mails, queue.New(w.client, "account_mail", o)), mails
}

// work runs a worker until the test's end, or until stop is called.
func work(t *testing.T, q *queue.Queue, h queue.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) // not t.Context: that ends before the clean-up
	done := make(chan error, 1)
	go func() { done <- queue.NewWorker(q, h, queue.WorkerOptions{Concurrency: 64}).Run(ctx) }()
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func fill(t *testing.T, q *queue.Queue, n int, task func(i int) queue.NewTask) {
	t.Helper()
	for begin := 0; begin < n; begin += 500 {
		var part []queue.NewTask
		for i := begin; i < min(begin+500, n); i++ {
			part = append(part, task(i))
		}
		if _, err := q.Add(t.Context(), part...); err != nil {
			t.Fatal(err)
		}
	}
}

func awaitQueue(t *testing.T, q *queue.Queue, what string, cond func(queue.Stats) bool) {
	t.Helper()
	eventually(t, what, func() bool {
		s, err := q.Stats(t.Context())
		return err == nil && cond(s)
	})
}

// mixed fills a queue with some tasks in each state but running.
func mixed(t *testing.T, q *queue.Queue, dead, retrying, scheduled, waiting int) {
	t.Helper()
	stop := work(t, q, func(_ context.Context, task queue.Task) error {
		if string(task.Payload) == `"dead"` {
			return queue.Permanent(errors.New("no"))
		}
		return errors.New("not now")
	})
	fill(t, q, dead, func(i int) queue.NewTask { return queue.NewTask{ID: fmt.Sprint("dead ", i), Payload: "dead"} })
	fill(t, q, retrying, func(i int) queue.NewTask { return queue.NewTask{ID: fmt.Sprint("retrying ", i), Payload: "retrying"} })
	awaitQueue(t, q, "failed", func(s queue.Stats) bool { return s.Dead == int64(dead) && s.Retrying == int64(retrying) })
	stop()
	fill(t, q, scheduled, func(i int) queue.NewTask {
		return queue.NewTask{ID: fmt.Sprint("scheduled ", i), Payload: 1, Delay: time.Hour}
	})
	fill(t, q, waiting, func(i int) queue.NewTask { return queue.NewTask{ID: fmt.Sprint("waiting ", i), Payload: 1} })
}

func TestListOfAllStatesHoldsEveryTaskOnce(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	queues, q := queuesOf(w)
	mixed(t, q, 7, 5, 3, 6)
	order := []queue.State{queue.StateWaiting, queue.StateScheduled, queue.StateRetrying, queue.StateDead}
	for _, limit := range []int{1, 2, 3, 6, 20, 21, 100} {
		var ids []string
		last := 0
		for cursor := ""; ; {
			page, err := queues.Tasks(t.Context(), demoActor, mailQueue, "", cursor, limit)
			if err != nil || len(page.Tasks) > limit {
				t.Fatalf("limit %d, cursor %q: %d tasks, %v", limit, cursor, len(page.Tasks), err)
			}
			for _, task := range page.Tasks {
				ids = append(ids, task.ID)
				at := slices.Index(order, task.State)
				if at < last || !strings.HasPrefix(task.ID, string(task.State)) {
					t.Errorf("limit %d: %s is %s, after %s", limit, task.ID, task.State, order[last])
				}
				last = at
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		slices.Sort(ids)
		if n := len(ids); n != 21 || len(slices.Compact(ids)) != 21 {
			t.Errorf("limit %d: %d tasks of 21", limit, n)
		}
	}
}

func TestTasksOfOneState(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	queues, q := queuesOf(w)
	mixed(t, q, 5, 0, 2, 0)
	first, err := queues.Tasks(t.Context(), demoActor, mailQueue, queue.StateDead, "", 3)
	if err != nil || len(first.Tasks) != 3 || first.Next == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := queues.Tasks(t.Context(), demoActor, mailQueue, queue.StateDead, first.Next, 3)
	if err != nil || len(second.Tasks) != 2 || second.Next != "" {
		t.Fatalf("%+v, %v", second, err)
	}
	if task, err := queues.Task(t.Context(), demoActor, mailQueue, "scheduled 1"); err != nil || task.State != queue.StateScheduled {
		t.Errorf("%+v, %v", task, err)
	}
	_, err = queues.Task(t.Context(), demoActor, mailQueue, "nobody")
	wantCode(t, err, kurs.CodeTaskNotFound)
}

func TestQueuesRefuseWhatThereIsNot(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	queues, _ := queuesOf(w)
	_, err := queues.Tasks(t.Context(), demoActor, "nope", "", "", 1)
	wantCode(t, err, kurs.CodeQueueNotFound)
	wantCode(t, queues.Pause(t.Context(), demoActor, "nope"), kurs.CodeQueueNotFound)
	_, err = queues.Tasks(t.Context(), demoActor, mailQueue, "alive", "", 1)
	wantInvalid(t, err, kurs.FieldState)
	for _, cursor := range []string{"x", "dead", "alive:", "dead:x", "waiting:7:1-1", "waiting:1:x", ":"} {
		_, err = queues.Tasks(t.Context(), demoActor, mailQueue, "", cursor, 1)
		wantInvalid(t, err, kurs.FieldCursor)
	}
	for _, s := range []struct {
		selection kurs.TaskSelection
		field     string
	}{
		{kurs.TaskSelection{}, kurs.FieldIDs},
		{kurs.TaskSelection{IDs: make([]string, kurs.MaxTaskIDs+1)}, kurs.FieldIDs},
		{kurs.TaskSelection{IDs: []string{"a"}, State: queue.StateDead}, kurs.FieldState},
		{kurs.TaskSelection{State: queue.StateWaiting}, kurs.FieldState},
		{kurs.TaskSelection{State: "gone"}, kurs.FieldState},
	} {
		_, err := queues.DeleteTasks(t.Context(), demoActor, mailQueue, s.selection)
		wantInvalid(t, err, s.field)
		_, err = queues.RetryTasks(t.Context(), demoActor, mailQueue, s.selection)
		wantInvalid(t, err, s.field)
	}
}

func wantInvalid(t *testing.T, err error, field string) {
	t.Helper()
	if e, ok := errors.AsType[*kurs.Error](err); !ok || e.Code != kurs.CodeInvalid || e.Field != field {
		t.Errorf("got %v, want %s to be invalid", err, field)
	}
}

// Thousands of dead letters are retried while they die again: each is counted once.
func TestBulkRetryCountsEachTaskOnce(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	queues, q := queuesOf(w)
	const letters = 3000
	mixed(t, q, letters, 0, 10, 0)
	stop := work(t, q, func(context.Context, queue.Task) error { return queue.Permanent(errors.New("no")) })
	done, err := queues.RetryTasks(t.Context(), demoActor, mailQueue, kurs.TaskSelection{State: queue.StateDead})
	if err != nil || done != (kurs.TasksChanged{Count: letters}) {
		t.Errorf("%+v, %v, want %d", done, err, letters)
	}
	awaitQueue(t, q, "dead again", func(s queue.Stats) bool { return s.Dead == letters && s.Died == 2*letters })
	stop()
	done, err = queues.DeleteTasks(t.Context(), demoActor, mailQueue, kurs.TaskSelection{State: queue.StateDead})
	if err != nil || done != (kurs.TasksChanged{Count: letters}) {
		t.Errorf("%+v, %v, want %d deleted", done, err, letters)
	}
	awaitQueue(t, q, "the scheduled ones stay", func(s queue.Stats) bool { return s.Dead == 0 && s.Scheduled == 10 })
}

func TestChangesByIDCountEachOnce(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	queues, q := queuesOf(w)
	mixed(t, q, 4, 0, 0, 1)
	done, err := queues.DeleteTasks(t.Context(), demoActor, mailQueue,
		kurs.TaskSelection{IDs: []string{"dead 1", "dead 1", "nobody", "dead 2", "waiting 0", "dead 1"}})
	if err != nil || done != (kurs.TasksChanged{Count: 2}) {
		t.Errorf("%+v, %v, want 2", done, err)
	}
	done, err = queues.RetryTasks(t.Context(), demoActor, mailQueue, kurs.TaskSelection{IDs: []string{"dead 3", "dead 3"}})
	if err != nil || done != (kurs.TasksChanged{Count: 1}) {
		t.Errorf("%+v, %v, want 1", done, err)
	}
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	queues, _ := queuesOf(w)
	paused := func() []bool {
		states, err := queues.States(t.Context(), demoActor)
		if err != nil || len(states) != 2 || states[0].Name != mailQueue || states[1].Name != "account_mail" {
			t.Fatalf("%+v, %v", states, err)
		}
		return []bool{states[0].Paused, states[1].Paused}
	}
	if err := queues.Pause(t.Context(), demoActor, mailQueue); err != nil || !slices.Equal(paused(), []bool{true, false}) {
		t.Errorf("%v, %v", paused(), err)
	}
	if err := queues.Resume(t.Context(), demoActor, mailQueue); err != nil || !slices.Equal(paused(), []bool{false, false}) {
		t.Errorf("%v, %v", paused(), err)
	}
}

// everything is all that Queues does.
var everything = map[string]func(context.Context, *kurs.Queues, kurs.Actor) error{
	"states": func(ctx context.Context, q *kurs.Queues, a kurs.Actor) error { _, err := q.States(ctx, a); return err },
	"tasks": func(ctx context.Context, q *kurs.Queues, a kurs.Actor) error {
		_, err := q.Tasks(ctx, a, mailQueue, "", "", 1)
		return err
	},
	"task": func(ctx context.Context, q *kurs.Queues, a kurs.Actor) error {
		_, err := q.Task(ctx, a, mailQueue, "x")
		return err
	},
	"pause":  func(ctx context.Context, q *kurs.Queues, a kurs.Actor) error { return q.Pause(ctx, a, mailQueue) },
	"resume": func(ctx context.Context, q *kurs.Queues, a kurs.Actor) error { return q.Resume(ctx, a, mailQueue) },
	"retry": func(ctx context.Context, q *kurs.Queues, a kurs.Actor) error {
		_, err := q.RetryTasks(ctx, a, mailQueue, kurs.TaskSelection{State: queue.StateDead})
		return err
	},
	"delete": func(ctx context.Context, q *kurs.Queues, a kurs.Actor) error {
		_, err := q.DeleteTasks(ctx, a, mailQueue, kurs.TaskSelection{IDs: []string{"x"}})
		return err
	},
}

func TestQueuesAreForOperators(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	queues, _ := queuesOf(w)
	for name, do := range everything {
		wantCode(t, do(t.Context(), queues, kurs.Actor{}), kurs.CodeNoToken)
		wantCode(t, do(t.Context(), queues, kurs.Actor{UserID: 7, Role: kurs.RoleUser}), kurs.CodeForbidden)
		if err := do(t.Context(), queues, kurs.Actor{UserID: 7, Role: kurs.RoleAdmin}); err != nil && kurs.CodeOf(err) != kurs.CodeTaskNotFound {
			t.Errorf("%s by an administrator: %v", name, err)
		}
	}
}

func TestQueuesWithoutRedis(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	queues, _ := queuesOf(w)
	w.redis.Kill(t)
	for _, do := range everything {
		wantCode(t, do(t.Context(), queues, demoActor), kurs.CodeUnavailable)
	}
}
