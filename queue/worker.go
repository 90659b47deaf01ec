package queue

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// WorkerOptions are the options of [NewWorker].
type WorkerOptions struct {
	// Concurrency is how many tasks run at the same time; default 4. It bounds the
	// memory too: a worker holds no more payloads than that, four that came with a wait,
	// and while they come those of one fetch, which stops after 4 MiB (12 MiB at worst
	// with payloads of 1 MiB).
	Concurrency int
	// DrainTimeout is how long the tasks that run when the worker stops may still
	// take before their contexts end; default 5 s. They then have one more second
	// to return.
	DrainTimeout time.Duration
	// HangAfter is how long a run may take before it is reported, once, with
	// [EventHanging] and a line in the log; default 5 min. A handler that hangs keeps
	// its slot.
	HangAfter time.Duration
	// Limiter bounds how many tasks start in a time, over all workers that ask the same
	// one. Default none.
	Limiter Limiter
	// Schedules are tasks that come again and again. All workers of a queue should have
	// the same; each tick is run once. Default none.
	Schedules []Schedule
	// Middleware is wrapped around the handler, the first one outermost. Default none.
	Middleware []Middleware
	// Logger gets a line for each task that failed, died or was taken from a dead
	// worker, and when Redis goes away; never a payload. Default none.
	Logger *slog.Logger
	// OnEvent is called, from several goroutines, for everything that happens to a
	// task. It must not block. Default none.
	OnEvent func(Event)
}

// Middleware returns a handler that does something around h.
type Middleware func(h Handler) Handler

// Worker runs the tasks of one queue.
type Worker struct {
	q       *Queue
	handler Handler
	batch   BatchHandler // instead of handler
	o       WorkerOptions
}

// NewWorker returns a worker. Nothing happens before [Worker.Run].
func NewWorker(q *Queue, h Handler, o WorkerOptions) *Worker {
	o = o.withDefaults()
	for _, m := range slices.Backward(o.Middleware) {
		h = m(h)
	}
	return &Worker{q: q, handler: h, o: o}
}

func (o WorkerOptions) withDefaults() WorkerOptions {
	setDefault(&o.Concurrency, 4)
	setDefault(&o.DrainTimeout, 5*time.Second)
	setDefault(&o.HangAfter, 5*time.Minute)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

const (
	// pollInterval is how long an idle worker waits for a new entry before it looks
	// for tasks that none announces: due ones, suspects.
	pollInterval = 500 * time.Millisecond
	// stragglerTimeout is how long handlers may take to return once their context
	// has ended.
	stragglerTimeout = time.Second
	// Redis is asked again after firstBackoff, then ever later up to longestBackoff.
	firstBackoff   = 100 * time.Millisecond
	longestBackoff = time.Second
)

// errScheduleName is returned by Run.
var errScheduleName = errors.New("a schedule needs a name of its own, and Every")

// Run runs tasks until ctx ends. It then claims no more, lets running handlers
// finish within WorkerOptions.DrainTimeout, ends the contexts of those that did
// not, and hands their tasks back, so that another worker starts them at once;
// that uses up no attempt.
//
// Redis may be away at any time, also at first: Run goes on within about a second
// of its return. A handler's result is kept until Redis has it.
//
// The error is nil, but for Schedules that are not valid. A handler that ignores
// the end of its context is left behind with a line in the log; its result no
// longer counts.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.checkSchedules(); err != nil {
		return err
	}
	s := newShift(w)
	// Claims are held, and results brought to Redis, until the last handler has
	// returned.
	lasting, stop := context.WithCancel(context.WithoutCancel(ctx))
	var keepers sync.WaitGroup
	keepers.Go(func() { s.keepClaims(lasting) })
	keepers.Go(func() { s.settleResults(lasting) })
	keepers.Go(func() { s.reap(ctx) })
	if w.q.o.Bridge {
		keepers.Go(func() { s.awaitPushes(ctx) })
	}
	for _, schedule := range w.o.Schedules {
		keepers.Go(func() { s.tick(ctx, schedule) })
	}
	s.fetch(ctx)
	s.drain()
	stop()
	keepers.Wait()
	return nil
}
