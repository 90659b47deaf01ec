package kurs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/speedlayer/speedlayer/queue"
)

// Queues is the tasks of the service as operators look at them. Safe for concurrent use.
type Queues struct {
	queues []*queue.Queue
	audit  *AuditLog
	// finding has an element for each search that runs.
	finding chan struct{}
}

// NewQueues returns Queues, in the order in which they are shown. Without an audit log
// nobody takes down what operators do to them.
func NewQueues(audit *AuditLog, queues ...*queue.Queue) *Queues {
	return &Queues{queues: queues, audit: audit, finding: make(chan struct{}, maxFinding)}
}

// QueueState is what a queue holds at one moment.
type QueueState struct {
	Name string
	queue.Stats
}

// States returns what all queues hold. It fails as all methods of Queues do: with
// ErrNoToken or ErrForbidden (Actor.MayOperate), and with CodeUnavailable while Redis
// cannot be asked.
func (q *Queues) States(ctx context.Context, actor Actor) ([]QueueState, error) {
	if err := actor.MayOperate(); err != nil {
		return nil, err
	}
	states := make([]QueueState, len(q.queues))
	for i, one := range q.queues {
		stats, err := one.Stats(ctx)
		if err != nil {
			return nil, unavailable("count tasks", 0, err)
		}
		states[i] = QueueState{one.Name(), stats}
	}
	return states, nil
}

// taskStates is the order in which a list of all tasks goes through their states.
var taskStates = []queue.State{
	queue.StateWaiting, queue.StateRunning, queue.StateScheduled, queue.StateRetrying, queue.StateDead,
}

// The fields of requests for tasks.
const (
	FieldState  = "state"
	FieldCursor = "cursor"
)

// Tasks returns a page of the tasks in one state, or where it is empty, in all states,
// one after another. A task that moves meanwhile may be missing or come on two pages.
// Their payloads are as producers wrote them: see RedactPayload.
//
// It fails as States does, and with ErrQueueNotFound and CodeInvalid.
func (q *Queues) Tasks(ctx context.Context, actor Actor, name string, state queue.State, cursor string, limit int) (queue.Page, error) {
	one, err := q.find(actor, name)
	if err != nil {
		return queue.Page{}, err
	}
	if state != "" && !slices.Contains(taskStates, state) {
		return queue.Page{}, invalid(FieldState, RuleUnknown)
	}
	if limit = pageLimit(limit); state != "" {
		page, err := one.List(ctx, state, cursor, limit)
		return page, listError(err)
	}
	return allTasks(ctx, one, cursor, limit)
}

// allTasks has cursors of a state and that state's own cursor, as "dead:20".
func allTasks(ctx context.Context, q *queue.Queue, cursor string, limit int) (queue.Page, error) {
	at, within, ok := strings.Cut(cursor, ":")
	i := slices.Index(taskStates, queue.State(at))
	if cursor == "" {
		i, ok = 0, true
	}
	if !ok || i < 0 {
		return queue.Page{}, invalid(FieldCursor, RuleUnknown)
	}
	var all queue.Page
	shown := map[string]bool{}
	for ; i < len(taskStates); i, within = i+1, "" {
		page, err := q.List(ctx, taskStates[i], within, limit-len(all.Tasks))
		if err != nil {
			return queue.Page{}, listError(err)
		}
		for _, t := range page.Tasks {
			if !shown[t.ID] { // it has moved between two questions
				all.Tasks = append(all.Tasks, t)
			}
			shown[t.ID] = true
		}
		switch {
		case page.Next != "":
			all.Next = string(taskStates[i]) + ":" + page.Next
			return all, nil
		case len(all.Tasks) >= limit && i+1 < len(taskStates):
			all.Next = string(taskStates[i+1]) + ":"
			return all, nil
		}
	}
	return all, nil
}

func listError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, queue.ErrCursor):
		return invalid(FieldCursor, RuleUnknown)
	default:
		return unavailable("list tasks", 0, err)
	}
}

// findTimeout bounds the search for one task among those that wait, and maxFinding how
// many of them keep Redis busy at the same time.
const (
	findTimeout = 2 * time.Second
	maxFinding  = 2
)

// errSearching is the cause of a refusal because others look for tasks.
var errSearching = errors.New("too many searches for tasks")

// Task returns one task. It fails as Tasks does, with ErrTaskNotFound where it is done or
// was deleted, and with CodeUnavailable where it takes too long to find, or others are
// being looked for.
func (q *Queues) Task(ctx context.Context, actor Actor, name, id string) (queue.TaskInfo, error) {
	one, err := q.find(actor, name)
	if err != nil {
		return queue.TaskInfo{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	select {
	case q.finding <- struct{}{}:
		defer func() { <-q.finding }()
	case <-ctx.Done():
		return queue.TaskInfo{}, unavailable("find a task", 0, errors.Join(errSearching, ctx.Err()))
	}
	t, err := one.Find(ctx, id)
	switch {
	case errors.Is(err, queue.ErrNotFound):
		return queue.TaskInfo{}, ErrTaskNotFound
	case err != nil:
		return queue.TaskInfo{}, unavailable("find a task", 0, err)
	}
	return t, nil
}

// Pause keeps workers from starting tasks of a queue until Resume. It fails as Tasks
// does.
func (q *Queues) Pause(ctx context.Context, actor Actor, name string) error {
	return q.steer(ctx, actor, name, AuditQueuePaused, (*queue.Queue).Pause)
}

// Resume ends a pause. It fails as Tasks does.
func (q *Queues) Resume(ctx context.Context, actor Actor, name string) error {
	return q.steer(ctx, actor, name, AuditQueueResumed, (*queue.Queue).Resume)
}

func (q *Queues) steer(ctx context.Context, actor Actor, name string, action AuditAction,
	do func(*queue.Queue, context.Context) error,
) error {
	one, err := q.find(actor, name)
	if err != nil {
		return err
	}
	if err := do(one, ctx); err != nil {
		return unavailable(string(action), 0, err)
	}
	q.audit.noteWith(by(ctx, actor), action, 0, map[string]any{"queue": name})
	return nil
}

func (q *Queues) find(actor Actor, name string) (*queue.Queue, error) {
	if err := actor.MayOperate(); err != nil {
		return nil, err
	}
	for _, one := range q.queues {
		if one.Name() == name {
			return one, nil
		}
	}
	return nil, ErrQueueNotFound
}
