package queue

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// WorkerOptions are the options of [NewWorker].
type WorkerOptions struct {
	// Concurrency is how many tasks run at the same time; default 4.
	Concurrency int
	// DrainTimeout is how long the tasks that run when the worker stops may still
	// take before their contexts end; default 5 s. They then have one more second
	// to return.
	DrainTimeout time.Duration
	// Logger gets a line for each task that failed, died or was taken from a dead
	// worker, and when Redis goes away; never a payload. Default none.
	Logger *slog.Logger
	// OnEvent is called, from several goroutines, for everything that happens to a
	// task. It must not block. Default none.
	OnEvent func(Event)
}

// Worker runs the tasks of one queue.
type Worker struct {
	q       *Queue
	handler Handler
	o       WorkerOptions
}

// NewWorker returns a worker. Nothing happens before [Worker.Run].
func NewWorker(q *Queue, h Handler, o WorkerOptions) *Worker {
	setDefault(&o.Concurrency, 4)
	setDefault(&o.DrainTimeout, 5*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Worker{q: q, handler: h, o: o}
}

const (
	// pollInterval is how long an idle worker waits for a push before it looks for
	// tasks that no push announces: handed back, reaped, due again.
	pollInterval = 500 * time.Millisecond
	// stragglerTimeout is how long handlers may take to return once their context
	// has ended.
	stragglerTimeout = time.Second
	// Redis is asked again after firstBackoff, then ever later up to longestBackoff.
	firstBackoff   = 100 * time.Millisecond
	longestBackoff = time.Second
)

// Run runs tasks until ctx ends. It then claims no more, lets running handlers
// finish within WorkerOptions.DrainTimeout, ends the contexts of those that did
// not, and hands their tasks back, so that another worker starts them within half
// a second; that uses up no attempt.
//
// Redis may be away at any time, also at first: Run goes on within about a second
// of its return. A handler's result is kept until Redis has it.
//
// The error is nil. A handler that ignores the end of its context is left behind
// with a line in the log; its result no longer counts.
func (w *Worker) Run(ctx context.Context) error {
	s := &shift{
		w:       w,
		runs:    make(map[*run]struct{}),
		freed:   make(chan struct{}, 1),
		doubts:  make(map[string]time.Time),
		over:    make(chan struct{}),
		trouble: trouble{log: w.o.Logger.With("queue", w.q.name)},
	}
	// Leases are renewed until the last handler has returned.
	leases, stop := context.WithCancel(context.WithoutCancel(ctx))
	var keepers sync.WaitGroup
	keepers.Go(func() { s.keepLeases(leases) })
	keepers.Go(func() { s.reap(ctx) })
	s.fetch(ctx)
	s.drain()
	stop()
	keepers.Wait()
	return nil
}

// shift is the state of one call of Run.
type shift struct {
	w       *Worker
	trouble trouble       // used by fetch
	over    chan struct{} // closed when no result is waited for any longer

	mu        sync.Mutex
	runs      map[*run]struct{}
	freed     chan struct{}        // signalled when a run ends; one waits at a time
	soloUntil time.Time            // while a suspect runs: nothing else is claimed until then
	doubts    map[string]time.Time // claims whose answer was lost, by token, until when
}

// trouble logs the beginning and the end of a time without Redis, not each error.
type trouble struct {
	log *slog.Logger
	on  bool
}

func (t *trouble) note(err error) {
	switch {
	case err == nil && t.on:
		t.log.Info("queue goes on")
	case err != nil && !t.on:
		t.log.Warn("queue cannot reach its tasks, trying again", "error", errorText(err))
	}
	t.on = err != nil
}

// sleep waits for d or until ctx ends, and reports whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// backoff is the delay before the next call to a Redis that did not answer.
type backoff struct{ last time.Duration }

func (b *backoff) next() time.Duration {
	b.last = min(max(firstBackoff, 2*b.last), longestBackoff)
	return b.last
}

func (b *backoff) reset() { b.last = 0 }
