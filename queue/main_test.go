package queue_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		os.Exit(childMain())
	}
	goleak.VerifyTestMain(m, redistest.IgnoreLeaks()...)
}

// patience bounds every wait for something that must happen. It is long because
// a test machine may be busy.
const patience = time.Minute

// eventually fails the test if cond does not come true.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// newQueue returns an empty queue on the shared server, retrying quickly.
func newQueue(t *testing.T, mods ...func(*queue.Options)) *queue.Queue {
	t.Helper()
	return newQueueOn(t, redistest.Shared(t).Client(t), mods...)
}

func newQueueOn(t *testing.T, client rueidis.Client, mods ...func(*queue.Options)) *queue.Queue {
	t.Helper()
	o := queue.Options{
		Backoff:      func(int) time.Duration { return time.Millisecond },
		RedisTimeout: patience / 2,
		Bridge:       true,
	}
	for _, mod := range mods {
		mod(&o)
	}
	return queue.New(client, redistest.Prefix(t)+"mails", o)
}

// startWorker runs a worker until the returned function or the test's end stops
// it.
func startWorker(t *testing.T, q *queue.Queue, h queue.Handler, o queue.WorkerOptions) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) // not t.Context: that ends before the clean-up
	done := make(chan error, 1)
	go func() { done <- queue.NewWorker(q, h, o).Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func enqueue(t *testing.T, q *queue.Queue, payloads ...string) {
	t.Helper()
	for _, p := range payloads {
		if err := q.Enqueue(t.Context(), []byte(p)); err != nil {
			t.Fatal(err)
		}
	}
}

// counts are the numbers of tasks in each state. Retrying includes what is scheduled.
type counts struct{ Waiting, Running, Retrying, Dead int64 }

func countsOf(s queue.Stats) counts {
	return counts{Waiting: s.Waiting, Running: s.Running, Retrying: s.Scheduled + s.Retrying, Dead: s.Dead}
}

func stats(t *testing.T, q *queue.Queue) counts {
	t.Helper()
	s, err := q.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return countsOf(s)
}

func awaitStats(t *testing.T, q *queue.Queue, want counts) {
	t.Helper()
	var got counts
	deadline := time.Now().Add(patience)
	for {
		s, err := q.Stats(t.Context())
		if got = countsOf(s); err == nil && got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("counts = %+v (%v), want %+v", got, err, want)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// awaitWorkers waits until that many workers are known.
func awaitWorkers(t *testing.T, q *queue.Queue, n int) {
	t.Helper()
	eventually(t, "workers are known", func() bool {
		s, err := q.Stats(t.Context())
		return err == nil && s.Workers == n
	})
}

func listDead(ctx context.Context, q *queue.Queue, limit int) ([]queue.TaskInfo, error) {
	page, err := q.List(ctx, queue.StateDead, "", limit)
	return page.Tasks, err
}

var errNotDead = errors.New("no such dead letter")

func retryDead(ctx context.Context, q *queue.Queue, id string) error {
	n, err := q.Retry(ctx, id)
	if err == nil && n == 0 {
		return errNotDead
	}
	return err
}

// journal collects what handlers and events report.
type journal[T any] struct {
	mu      sync.Mutex
	entries []T
}

func (j *journal[T]) add(e T) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, e)
}

func (j *journal[T]) all() []T {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]T(nil), j.entries...)
}

func (j *journal[T]) len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.entries)
}

// kinds returns how often each kind of event was seen.
func kinds(j *journal[queue.Event]) map[queue.EventKind]int {
	n := map[queue.EventKind]int{}
	for _, e := range j.all() {
		n[e.Kind]++
	}
	return n
}

// warnings is a log that tells a channel of each warning.
func warnings(warned chan<- struct{}) *slog.Logger {
	return slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		select {
		case warned <- struct{}{}:
		default:
		}
		return len(p), nil
	}), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func textLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
