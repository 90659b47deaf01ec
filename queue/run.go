package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// run is one run of a task under one claim.
type run struct {
	task    Task
	token   string
	alone   bool
	started time.Time
	ctx     context.Context // the handler's, here to be ended from outside
	end     context.CancelCauseFunc
	settled bool // somebody deals with the result; guarded by the shift's mutex
}

// newRun's context has the values of ctx but does not end with it.
func newRun(ctx context.Context, t Task, token string, alone bool) *run {
	ctx, end := context.WithCancelCause(context.WithoutCancel(ctx))
	return &run{task: t, token: token, alone: alone, started: time.Now(), ctx: ctx, end: end}
}

// errGoexit is the result of a handler that ended its goroutine.
var errGoexit = errors.New("handler ended its goroutine instead of returning")

// execute runs the handler and brings its result to Redis, unless drain has
// given up waiting for it.
func (s *shift) execute(r *run) {
	var v verdict
	defer func() {
		if v.kind == 0 {
			v = s.w.resolve(r, errGoexit)
		}
		if s.settling(r) {
			s.conclude(r, v)
		}
	}()
	if err := s.w.q.check(r.task.Payload); err != nil {
		v = verdict{kind: EventDead, err: err, unfit: true}
		return
	}
	v = s.w.resolve(r, s.w.call(r.ctx, r.task))
}

// settling marks a run as one whose result somebody deals with, and reports
// whether that is the caller.
func (s *shift) settling(r *run) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := !r.settled
	r.settled = true
	return mine
}

// conclude brings a verdict to Redis and gives the slot back.
func (s *shift) conclude(r *run, v verdict) {
	defer s.ended(r)
	defer r.end(nil)
	s.settle(r, v)
}

// call runs the handler and turns a panic into an error.
func (w *Worker) call(ctx context.Context, t Task) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("handler panicked: %v", cause)
			w.o.Logger.Error("task handler panicked", "queue", w.q.name, "task", t.ID,
				"panic", errorText(err), "stack", string(debug.Stack()))
		}
	}()
	return w.handler(ctx, t)
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
	switch {
	case err == nil:
		return verdict{kind: EventDone}
	case errors.As(err, &permanent):
		return verdict{kind: EventDead, err: err, uses: true}
	case errors.As(err, &postponed):
		return verdict{kind: EventPostponed, delay: postponed.delay}
	case errors.Is(context.Cause(r.ctx), ErrShutdown):
		return verdict{kind: EventHandedBack}
	case r.task.Attempt >= w.q.o.MaxAttempts:
		return verdict{kind: EventDead, err: err, uses: true}
	default:
		return verdict{kind: EventFailed, err: err, delay: max(0, w.q.o.Backoff(r.task.Attempt)), uses: true}
	}
}

// settle brings a verdict to Redis. While Redis does not take it, the task stays
// this worker's: the claim is renewed as soon as Redis is back, unless another
// worker was faster. settle gives up when the shift is over; the task then runs
// again.
func (s *shift) settle(r *run, v verdict) {
	var pause backoff
	for unsure := false; ; {
		answer, err := s.w.q.apply(r, v)
		if err == nil {
			if answer != applied && (!unsure || answer != v.again()) {
				v = verdict{kind: EventLost}
			}
			s.report(r, v)
			return
		}
		if pause.last == 0 {
			s.w.o.Logger.Warn("the result of a task cannot be stored, trying again",
				"queue", s.w.q.name, "task", r.task.ID, "error", errorText(err))
		}
		if _, refused := rueidis.IsRedisErr(err); !refused {
			unsure = true // it may have been applied, and the answer was lost
		}
		select {
		case <-time.After(pause.next()):
		case <-s.over:
			s.w.o.Logger.Warn("the result of a task could not be stored, it will run again",
				"queue", s.w.q.name, "task", r.task.ID)
			return
		}
	}
}

// What the scripts that apply a verdict answer.
const (
	applied  = 1
	notHeld  = 0  // the task is there, but not this run's
	notThere = -1 // there is no such task (any more)
)

// again is the answer to a verdict that has been applied before.
func (v verdict) again() int64 {
	if v.kind == EventDone {
		return notThere
	}
	return notHeld
}

func (s *shift) report(r *run, v verdict) {
	s.w.emit(Event{
		Kind: v.kind, TaskID: r.task.ID, Attempt: r.task.Attempt, Crashes: r.task.Crashes,
		Delay: v.delay, Took: time.Since(r.started), Err: v.err,
	})
}

// apply stores a verdict if the run's claim is in force, and returns what the
// script answered.
func (q *Queue) apply(r *run, v verdict) (answer int64, err error) {
	// Not the run's context: that may have ended.
	ctx := context.WithoutCancel(r.ctx)
	id, token := r.task.ID, r.token
	uses, text := "0", ""
	if v.uses {
		uses = "1"
	}
	if v.err != nil {
		text = errorText(v.err)
	}
	switch v.kind {
	case EventDone:
		answer, err = q.exec(ctx, doneScript, id, token).AsInt64()
	case EventDead:
		keep := 0
		if v.unfit {
			keep = keptPayload
		}
		answer, err = q.exec(ctx, buryScript, id, token, text, uses,
			strconv.Itoa(q.o.MaxDead), strconv.Itoa(keep)).AsInt64()
	default:
		answer, err = q.exec(ctx, retryScript, id, token, millis(v.delay), uses, text, strconv.Itoa(q.o.MaxCrashes)).AsInt64()
	}
	if err != nil {
		return 0, fmt.Errorf("queue: %s: %w", v.kind, err)
	}
	return answer, nil
}
