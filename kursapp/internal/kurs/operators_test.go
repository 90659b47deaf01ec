package kurs_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/queue"
)

func TestWhatOperatorsDoIsTakenDown(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	l := kurs.NewAuditLog(w.store, nil, nil)
	limits := kurs.NewLimits(w.limiter, w.policies, l)
	mails := queue.New(w.client, mailQueue, queue.Options{RedisTimeout: redisTimeout})
	queues := kurs.NewQueues(l, mails)
	admin, user := kurs.Actor{UserID: 7, Role: kurs.RoleAdmin}, kurs.Actor{UserID: 8, Role: kurs.RoleUser}
	ctx := kurs.WithOrigin(t.Context(), kurs.Origin{ClientAddress: "192.0.2.9", UserAgent: "curl/8"})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, limits.Reset(ctx, user, "data", "192.0.2.1"), kurs.CodeForbidden)
	must(limits.Reset(ctx, admin, "data", "192.0.2.1"))
	must(limits.Reset(ctx, admin, "email-change", "42"))
	must(limits.Reset(ctx, admin, "login-account", "max@example.com"))

	wantCode(t, queues.Pause(ctx, user, mailQueue), kurs.CodeForbidden)
	must(queues.Pause(ctx, admin, mailQueue))
	must(queues.Resume(ctx, admin, mailQueue))

	fill(t, mails, 3, func(int) queue.NewTask { return queue.NewTask{Payload: "x", Delay: time.Hour} })
	page, err := mails.List(t.Context(), queue.StateScheduled, "", 1)
	must(err)
	one := kurs.TaskSelection{IDs: []string{page.Tasks[0].ID}}
	for range 2 { // the second finds nothing
		_, err = queues.DeleteTasks(ctx, admin, mailQueue, one)
		must(err)
	}
	_, err = queues.RetryTasks(ctx, admin, mailQueue, kurs.TaskSelection{State: queue.StateScheduled})
	must(err)
	w.redis.Kill(t)
	_, err = queues.DeleteTasks(ctx, admin, mailQueue, kurs.TaskSelection{State: queue.StateDead})
	wantCode(t, err, kurs.CodeUnavailable)
	l.Close()

	const as = " by 7 from 192.0.2.9 with curl/8 "
	want := []string{
		"limit_reset 0" + as + "map[client:192.0.2.1 rule:data]", "limit_reset 42" + as + "map[rule:email-change]",
		"limit_reset 0" + as + "map[rule:login-account]",
		"queue_paused 0" + as + "map[queue:email_queue]", "queue_resumed 0" + as + "map[queue:email_queue]",
		"tasks_deleted 0" + as + "map[count:1 queue:email_queue]", "tasks_retried 0" + as + "map[count:2 queue:email_queue state:scheduled]",
		"tasks_deleted 0" + as + "map[count:0 queue:email_queue state:dead unfinished:true]",
	}
	if got := w.audited(t); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// A search goes through all that waits. Many at once would keep Redis from its work.
func TestSearchesForTasksWaitForEachOther(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	queues, mails := queuesOf(w)
	added, err := mails.Add(t.Context(), queue.NewTask{Payload: "x"})
	if err != nil {
		t.Fatal(err)
	}
	end := kurs.Searching(queues)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = queues.Task(ctx, demoActor, mailQueue, added[0].ID)
	wantCode(t, err, kurs.CodeUnavailable)

	found := make(chan error, 1)
	go func() {
		_, err := queues.Task(t.Context(), demoActor, mailQueue, added[0].ID)
		found <- err
	}()
	end()
	if err := <-found; err != nil {
		t.Error(err)
	}
	for range 5 { // each makes room again
		if _, err := queues.Task(t.Context(), demoActor, mailQueue, added[0].ID); err != nil {
			t.Error(err)
		}
	}
}
