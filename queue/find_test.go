package queue_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/queue"
)

func TestFindFindsWhatIsListed(t *testing.T) {
	t.Parallel()
	q, release := fullQueue(t)
	defer release()
	for _, state := range states {
		page, err := q.List(t.Context(), state, "", 100)
		if err != nil || len(page.Tasks) != 7 {
			t.Fatalf("%s: %d tasks, %v", state, len(page.Tasks), err)
		}
		for _, want := range page.Tasks {
			got, err := q.Find(t.Context(), want.ID)
			// Reckoned from how long it has run.
			if d := got.StartedAt.Sub(want.StartedAt); d.Abs() > patience {
				t.Errorf("%q started at %v, want %v", want.ID, got.StartedAt, want.StartedAt)
			}
			got.StartedAt = want.StartedAt
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Find(%q) = %+v, %v, want %+v", want.ID, got, err, want)
			}
		}
	}
	for _, id := range []string{"", "nobody", "waiting", "waiting 77", "*"} {
		if got, err := q.Find(t.Context(), id); !errors.Is(err, queue.ErrNotFound) {
			t.Errorf("Find(%q) = %+v, %v, want ErrNotFound", id, got, err)
		}
	}
}

func TestFindLooksBehindThousands(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	tasks := make([]queue.NewTask, 2300)
	for i := range tasks {
		tasks[i] = queue.NewTask{ID: fmt.Sprint(i), Payload: i}
	}
	if _, err := q.Add(t.Context(), tasks...); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"0", "99", "100", "2299"} {
		if got, err := q.Find(t.Context(), id); err != nil || string(got.Payload) != id || got.State != queue.StateWaiting {
			t.Errorf("Find(%s) = %+v, %v", id, got, err)
		}
	}
}

// A task that is handed on all the time is somewhere all the time.
func TestFindDoesNotLoseWhatMoves(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 1 << 30 })
	add(t, q, queue.NewTask{ID: "restless", Payload: 1})
	startWorker(t, q, func(context.Context, queue.Task) error { return errors.New("again") }, queue.WorkerOptions{})
	seen := map[queue.State]bool{}
	end := time.Now().Add(patience)
	for n := 0; n < 300 || len(seen) < 2; n++ {
		got, err := q.Find(t.Context(), "restless")
		if err != nil {
			t.Fatalf("look %d: %v (seen as %v)", n, err, seen)
		}
		seen[got.State] = true
		if time.Now().After(end) {
			t.Fatalf("seen as %v only", seen)
		}
	}
}

func TestFindEndsWithItsContext(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := q.Find(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("Find = %v", err)
	}
}
