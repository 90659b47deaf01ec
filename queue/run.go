package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// run is one run of a task under one claim.
type run struct {
	claimed
	member  *member
	alone   bool
	started time.Time
	ctx     context.Context // the handler's, here to be ended from outside
	end     context.CancelCauseFunc

	// Guarded by the shift's mutex.
	settled bool // somebody deals with the result
	lost    bool // the claim is
	hanging bool // that was reported
}

// newRun's context has the values of ctx but does not end with it.
func newRun(ctx context.Context, c claimed, m *member, alone bool) *run {
	ctx, end := context.WithCancelCause(context.WithoutCancel(ctx))
	return &run{claimed: c, member: m, alone: alone, started: time.Now(), ctx: ctx, end: end}
}

// errGoexit is the result of a handler that ended its goroutine.
var errGoexit = errors.New("handler ended its goroutine instead of returning")

// execute runs the handler and leaves its result to be brought to Redis, unless
// drain has given up waiting for it.
func (s *shift) execute(r *run) {
	var v verdict
	defer func() {
		if v.kind == 0 {
			v = s.w.resolve(r, errGoexit)
		}
		s.finish(r, v)
	}()
	if unfit, ok := s.w.unfit(r); ok {
		v = unfit
		return
	}
	ctx, cancel := r.bounded()
	defer cancel()
	v = s.w.resolve(r, s.w.call(ctx, r.task))
}

// unfit is the verdict on a task that must not be run.
func (w *Worker) unfit(r *run) (verdict, bool) {
	if err := w.q.check(r.task.Payload); err != nil {
		return verdict{kind: EventDead, err: err, unfit: true}, true
	}
	if !r.task.deadline.IsZero() && !time.Now().Before(r.task.deadline) {
		return verdict{kind: EventDead, err: ErrDeadline}, true
	}
	return verdict{}, false
}

// bounded returns the context of a run whose task has a timeout or a deadline.
func (r *run) bounded() (context.Context, context.CancelFunc) {
	end := r.task.deadline
	if r.task.timeout > 0 {
		if t := time.Now().Add(r.task.timeout); end.IsZero() || t.Before(end) {
			end = t
		}
	}
	if end.IsZero() {
		return r.ctx, func() {}
	}
	return context.WithDeadline(r.ctx, end)
}

// finish gives the slot back and the result to those who settle it. The payload goes:
// results that Redis does not take for a while may be as many as the slots again.
func (s *shift) finish(r *run, v verdict) {
	r.task.Payload = nil
	s.mu.Lock()
	mine := !r.settled
	r.settled = true
	s.mu.Unlock()
	if mine {
		s.results.add(result{r, v})
	}
	s.mu.Lock()
	delete(s.runs, r)
	s.mu.Unlock()
	r.end(nil)
	s.signalFree()
}

// call runs the handler and turns a panic into an error.
func (w *Worker) call(ctx context.Context, t Task) (err error) {
	defer w.recovered(t.ID, &err)
	return w.handler(ctx, t)
}

// recovered is deferred around a handler.
func (w *Worker) recovered(id string, err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("handler panicked: %v", cause)
		w.o.Logger.Error("task handler panicked", "queue", w.q.name, "task", id,
			"panic", errorText(*err), "stack", string(debug.Stack()))
	}
}

// reportHanging reports runs that take too long, each once.
func (s *shift) reportHanging() {
	var hanging []*run
	s.mu.Lock()
	for r := range s.runs {
		if !r.hanging && time.Since(r.started) > s.w.o.HangAfter {
			r.hanging = true
			hanging = append(hanging, r)
		}
	}
	s.mu.Unlock()
	for _, r := range hanging {
		s.w.emit(Event{
			Kind: EventHanging, TaskID: r.task.ID, Attempt: r.task.Attempt, Crashes: r.task.Crashes,
			Took: time.Since(r.started),
		})
	}
}

// verdict is what is to become of a task after a run.
type verdict struct {
	kind  EventKind
	err   error
	delay time.Duration
	uses  bool // the run uses up an attempt
	unfit bool // no run can ever succeed, because the payload is no task
}

func (w *Worker) resolve(r *run, err error) verdict {
	var permanent *permanentError
	var postponed *postponeError
	var timed *retryAfterError
	limit := r.task.maxAttempts
	if limit <= 0 {
		limit = w.q.o.MaxAttempts
	}
	switch {
	case err == nil:
		return verdict{kind: EventDone}
	case errors.As(err, &permanent):
		return verdict{kind: EventDead, err: err, uses: true}
	case errors.As(err, &postponed):
		return verdict{kind: EventPostponed, delay: postponed.delay}
	case errors.Is(context.Cause(r.ctx), ErrShutdown):
		return verdict{kind: EventHandedBack}
	case r.task.Attempt >= limit:
		return verdict{kind: EventDead, err: err, uses: true}
	case errors.As(err, &timed):
		return verdict{kind: EventFailed, err: err, delay: timed.delay, uses: true}
	default:
		return verdict{kind: EventFailed, err: err, delay: max(0, w.q.o.Backoff(r.task.Attempt)), uses: true}
	}
}
