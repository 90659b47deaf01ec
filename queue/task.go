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
	// Payload is what the producer wrote, byte for byte. It is valid JSON.
	Payload json.RawMessage
	// Attempt is 1 plus the number of runs that ended in an error.
	Attempt int
	// Crashes is the number of runs whose worker vanished.
	Crashes int
	// CreatedAt is when a worker saw the task first, by the clock of Redis.
	CreatedAt time.Time
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
	// waits no longer. The task is handed to another worker, whatever the error.
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

// minPostpone keeps a handler that always postpones from spinning.
const minPostpone = 100 * time.Millisecond

// Postpone returns an error that says "not now": the task runs again after delay
// (at least 100 ms), and the run uses up no attempt.
func Postpone(delay time.Duration) error {
	return &postponeError{max(delay, minPostpone)}
}
