package app

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/queue"
)

// The demo's own mails take the way of all others, and a broken one dies at once.
func TestMailsOfTheDemoAreDeliveredOrDie(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	client := redis.Client(t)
	box := mailbox{jobs.NewMailbox(client), queue.New(client, jobs.MailQueue, jobs.QueueOptions())}

	for field, mail := range map[string][3]string{
		"to":      {"", "Hallo", "Max"},
		"subject": {"max@example.com", " ", "Max"},
		"body":    {"max@example.com", "Hallo", strings.Repeat("x", jobs.MaxBody+1)},
	} {
		_, err := box.Enqueue(t.Context(), mail[0], mail[1], mail[2])
		if e, ok := errors.AsType[*kurs.Error](err); !ok || e.Code != kurs.CodeInvalid || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	good, err := box.Enqueue(t.Context(), "max@example.com", "Hallo", "Max")
	if err != nil {
		t.Fatal(err)
	}
	broken, err := box.EnqueueBroken(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var mu sync.Mutex
	became := map[string]queue.EventKind{}
	worker := queue.NewWorker(box.queue, jobs.MailHandler(box.Mailbox), queue.WorkerOptions{
		Concurrency: 1,
		OnEvent: func(e queue.Event) {
			mu.Lock()
			defer mu.Unlock()
			if e.Kind == queue.EventDone || e.Kind == queue.EventDead {
				if became[e.TaskID] = e.Kind; len(became) == 2 {
					stop()
				}
			}
		},
	})
	if err := worker.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if became[good] != queue.EventDone || became[broken] != queue.EventDead {
		t.Errorf("%v, want %s to be done and %s to be dead", became, good, broken)
	}
	mails, err := box.Mails(t.Context())
	if err != nil || len(mails) != 1 || mails[0].To != "max@example.com" || mails[0].Subject != "Hallo" || mails[0].Body != "Max" {
		t.Errorf("%+v, %v", mails, err)
	}
	redis.Kill(t)
	if _, err := box.EnqueueBroken(t.Context()); kurs.CodeOf(err) != kurs.CodeUnavailable {
		t.Errorf("without Redis: %v", err)
	}
}
