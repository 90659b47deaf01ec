package kurs

import (
	"context"
	"errors"
	"time"

	"github.com/speedlayer/speedlayer/queue"
)

// FieldIDs is the JSON name of the ids of tasks.
const FieldIDs = "ids"

// MaxTaskIDs is how many tasks one request may name.
const MaxTaskIDs = 1000

// bulkTimeout bounds a change of all tasks in one state.
const bulkTimeout = 20 * time.Second

// TaskSelection is the tasks that something is done to: those with these ids, or all
// in one state.
type TaskSelection struct {
	IDs   []string
	State queue.State
}

// TasksChanged is what became of a TaskSelection.
type TasksChanged struct {
	// Count is how many tasks were changed.
	Count int
	// Unfit says that some stay as they are because they can never run: only the
	// beginning of what their producer wrote was kept.
	Unfit bool
	// More says that there may be others in that state: one call changes
	// queue.MaxBulk at most.
	More bool
}

// RetryTasks makes tasks that are scheduled, retried or dead due now; dead ones get all
// their attempts again. Of all in one state, each is counted once, however often it
// fails meanwhile; of those that are not dead, only what was not due.
//
// It fails as Tasks does; after CodeUnavailable some may have been changed.
func (q *Queues) RetryTasks(ctx context.Context, actor Actor, name string, s TaskSelection) (TasksChanged, error) {
	return q.change(ctx, actor, name, s, taskChange{
		op: "retry tasks", action: AuditTasksRetried, some: (*queue.Queue).Retry, all: (*queue.Queue).RetryAll,
	})
}

// DeleteTasks deletes tasks that are scheduled, retried or dead. Of all in one state,
// none that has left it meanwhile. It fails as RetryTasks does.
func (q *Queues) DeleteTasks(ctx context.Context, actor Actor, name string, s TaskSelection) (TasksChanged, error) {
	return q.change(ctx, actor, name, s, taskChange{
		op: "delete tasks", action: AuditTasksDeleted, some: (*queue.Queue).Delete, all: (*queue.Queue).DeleteAll,
	})
}

// taskChange is what may be done to tasks, by id and by state.
type taskChange struct {
	op     string
	action AuditAction
	some   func(q *queue.Queue, ctx context.Context, ids ...string) (int, error)
	all    func(q *queue.Queue, ctx context.Context, state queue.State) (n int, more bool, err error)
}

func (q *Queues) change(ctx context.Context, actor Actor, name string, s TaskSelection, how taskChange) (TasksChanged, error) {
	one, err := q.find(actor, name)
	if err != nil {
		return TasksChanged{}, err
	}
	ids, err := s.validate()
	if err != nil {
		return TasksChanged{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, bulkTimeout)
	defer cancel()
	var done TasksChanged
	if s.State != "" {
		done.Count, done.More, err = how.all(one, bounded, s.State)
	} else {
		done.Count, err = how.some(one, bounded, ids...)
	}
	switch {
	case errors.Is(err, queue.ErrPayload):
		done.Unfit, err = true, nil
	case errors.Is(err, queue.ErrState):
		return TasksChanged{}, invalid(FieldState, RuleUnknown)
	}
	q.changed(by(ctx, actor), name, s.State, how.action, done.Count, err)
	if err != nil {
		return TasksChanged{}, unavailable(how.op, 0, err)
	}
	return done, nil
}

// changed takes down what was changed, and of what broke off what is known of it: there
// may be more.
func (q *Queues) changed(ctx context.Context, name string, state queue.State, action AuditAction, n int, failure error) {
	if n == 0 && failure == nil {
		return
	}
	detail := map[string]any{"queue": name, "count": n}
	if state != "" {
		detail[FieldState] = string(state)
	}
	if failure != nil {
		detail["unfinished"] = true
	}
	q.audit.noteWith(ctx, action, 0, detail)
}

// validate returns the ids, each once.
func (s TaskSelection) validate() ([]string, error) {
	switch {
	case s.State != "" && len(s.IDs) > 0:
		return nil, invalid(FieldState, RuleUnknown) // one of the two
	case s.State == "" && len(s.IDs) == 0:
		return nil, invalid(FieldIDs, RuleRequired)
	case len(s.IDs) > MaxTaskIDs:
		return nil, invalid(FieldIDs, RuleUnknown)
	}
	seen := make(map[string]bool, len(s.IDs))
	ids := make([]string, 0, len(s.IDs))
	for _, id := range s.IDs {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, nil
}
