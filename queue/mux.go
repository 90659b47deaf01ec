package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// TypeOptions say how the tasks of one type are tried.
type TypeOptions struct {
	// MaxAttempts is how often a task is tried; default Options.MaxAttempts.
	MaxAttempts int
	// Timeout bounds one run; default none.
	Timeout time.Duration
	// Backoff is the delay before the next try; default Options.Backoff.
	Backoff func(attempt int) time.Duration
}

// Type is a kind of tasks whose payloads are a T as JSON. Producers and workers share
// one value of it.
type Type[T any] struct {
	name string
	o    TypeOptions
}

// NewType returns the type of that name. The empty name is that of tasks without a
// type, as those from a plain list.
func NewType[T any](name string, o TypeOptions) Type[T] { return Type[T]{name, o} }

// Name is the name as given to [NewType].
func (t Type[T]) Name() string { return t.name }

// Task returns a task of this type, to be added with [Queue.Add].
func (t Type[T]) Task(payload T) NewTask {
	return NewTask{Type: t.name, Payload: payload, MaxAttempts: t.o.MaxAttempts, Timeout: t.o.Timeout}
}

// Mux hands tasks to the handler of their type. The zero value is ready. It must not
// be changed once a worker runs.
type Mux struct {
	handlers map[string]Handler
}

// HandleFunc registers the handler of the tasks of one type. The last one counts.
func (m *Mux) HandleFunc(taskType string, h Handler) {
	if m.handlers == nil {
		m.handlers = map[string]Handler{}
	}
	m.handlers[taskType] = h
}

// Handle registers the handler of a [Type]. A payload that is no T is a permanent
// error, whose text does not quote it.
func Handle[T any](m *Mux, t Type[T], h func(ctx context.Context, payload T, task Task) error) {
	m.HandleFunc(t.name, t.o.apply(func(ctx context.Context, task Task) error {
		var payload T
		if err := json.Unmarshal(task.Payload, &payload); err != nil {
			return Permanent(fmt.Errorf("the payload is no %T", payload))
		}
		return h(ctx, payload, task)
	}))
}

// apply does for a task without limits of its own, as one from a plain list, what
// Type.Task does for others.
func (o TypeOptions) apply(h Handler) Handler {
	return func(ctx context.Context, task Task) error {
		outer := ctx
		if o.Timeout > 0 && task.timeout == 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, o.Timeout)
			defer cancel()
		}
		err := h(ctx, task)
		if err == nil || decided(err) || errors.Is(context.Cause(outer), ErrShutdown) {
			return err
		}
		if o.MaxAttempts > 0 && task.maxAttempts == 0 && task.Attempt >= o.MaxAttempts {
			return Permanent(err)
		}
		if o.Backoff != nil {
			return RetryAfter(err, o.Backoff(task.Attempt))
		}
		return err
	}
}

// Handle calls the handler of the task's type: a Mux's Handle is a [Handler]. A task
// of a type that is not known fails, and is tried again: in a rolling deploy another
// worker may know it.
func (m *Mux) Handle(ctx context.Context, t Task) error {
	h, ok := m.handlers[t.Type]
	if !ok {
		return fmt.Errorf("no handler for tasks of type %q", t.Type)
	}
	return h(ctx, t)
}
