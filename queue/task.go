package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Task is one run of a task.
type Task struct {
	// ID tells the task from all others, also from those before Redis lost its
	// data. It stays the same in all runs.
	ID string
	// Type is what the producer gave; empty for tasks from a plain list.
	Type string
	// Payload is what the producer wrote, byte for byte. It is valid JSON.
	Payload json.RawMessage
	// Priority is what the producer gave.
	Priority Priority
	// Attempt is 1 plus the number of runs that ended in an error.
	Attempt int
	// Crashes is the number of runs whose worker vanished.
	Crashes int
	// CreatedAt is when the task was added, by the clock of Redis; for one from a plain
	// list, when a worker saw it first.
	CreatedAt time.Time

	maxAttempts int           // 0: the queue's
	timeout     time.Duration // of one run; 0: none
	deadline    time.Time     // by this process's clock; zero: none
	unique      string
}

// Handler carries a task out. It must honour its context, which ends when the
// worker stops or has lost its claim ([ErrClaimLost]).
//
// nil means that the task is done. An error means that it is to be tried again
// later, unless it is a [Permanent] or a [Postpone]. The error's text is kept in
// Redis and logged, so it must hold no secrets. A panic counts as an error.
type Handler func(ctx context.Context, t Task) error

var (
	// ErrClaimLost is the cause of a handler's context when the task is no longer
	// this worker's, because it could not renew its lease in time or Redis lost the
	// task. Another worker may be running it by now.
	ErrClaimLost = errors.New("the claim on the task is lost")
	// ErrShutdown is the cause of a handler's context when the worker stops and
	// waits no longer. The task is handed to another worker, unless the handler says
	// nil, [Permanent] or [Postpone].
	ErrShutdown = errors.New("the worker is shutting down")
)

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Permanent returns an error that says that no further attempt can succeed: the
// task becomes a dead letter at once. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type postponeError struct{ delay time.Duration }

func (e *postponeError) Error() string { return fmt.Sprintf("postponed for %v", e.delay) }

type retryAfterError struct {
	err   error
	delay time.Duration
}

func (e *retryAfterError) Error() string { return e.err.Error() }
func (e *retryAfterError) Unwrap() error { return e.err }

// RetryAfter returns an error that says when the task is to be tried again, instead
// of the queue's back-off. The run uses up an attempt. RetryAfter(nil, d) is nil.
func RetryAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryAfterError{err, max(d, 0)}
}

// ErrDeadline is in the error of tasks whose NewTask.Deadline has passed.
var ErrDeadline = errors.New("the deadline of the task has passed")

// minPostpone keeps a handler that always postpones from spinning.
const minPostpone = 100 * time.Millisecond

// Postpone returns an error that says "not now": the task runs again after delay
// (at least 100 ms), and the run uses up no attempt.
func Postpone(delay time.Duration) error {
	return &postponeError{max(delay, minPostpone)}
}

// decided reports whether an error already says what becomes of the task.
func decided(err error) bool {
	var permanent *permanentError
	var postponed *postponeError
	var timed *retryAfterError
	return errors.As(err, &permanent) || errors.As(err, &postponed) || errors.As(err, &timed)
}
