package jobs_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
	"github.com/speedlayer/speedlayer/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, redistest.IgnoreLeaks()...) }

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

// newQueue returns an empty queue that retries at once.
func newQueue(t *testing.T) *queue.Queue {
	t.Helper()
	o := jobs.QueueOptions()
	o.Backoff = func(int) time.Duration { return time.Millisecond }
	o.RedisTimeout = patience / 2
	return queue.New(redistest.Shared(t).Client(t), redistest.Prefix(t)+"mails", o)
}

// work runs a worker until the test's end and collects its events.
func work(t *testing.T, q *queue.Queue, h queue.Handler, o queue.WorkerOptions) *events {
	t.Helper()
	var seen events
	o.OnEvent = seen.add
	ctx, cancel := context.WithCancel(context.Background()) // not t.Context: that ends before the clean-up
	done := make(chan error, 1)
	go func() { done <- queue.NewWorker(q, h, o).Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return &seen
}

// events counts what happened to the tasks of a queue.
type events struct {
	mu  sync.Mutex
	all []queue.Event
}

func (e *events) add(event queue.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

func (e *events) count(kind queue.EventKind) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range e.all {
		if event.Kind == kind {
			n++
		}
	}
	return n
}

// buffer is a log that may be written and read at the same time.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
