package outbox

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"
)

// taskPrefix begins the ids of tasks that come from an outbox.
const taskPrefix = "outbox-"

// TaskID is the id under which a queue is to know the task of this row: the same
// each time the row is delivered, and another one for the row with the same number in
// a database that was made anew. The queue has to remember it beyond the end of the
// task: a relay that dies before it could mark the row leaves it to another one, and
// that may come when the task is over.
func (r Row) TaskID() string {
	return taskPrefix + strconv.FormatInt(r.ID, 10) + "-" + strconv.FormatInt(r.CreatedAt.UnixMicro(), 10)
}

// ParseTaskID returns the row of a task and when that was written. ok is false for
// ids that [Row.TaskID] did not make.
func ParseTaskID(id string) (row int64, created time.Time, ok bool) {
	rest, ours := strings.CutPrefix(id, taskPrefix)
	number, micros, both := strings.Cut(rest, "-")
	row, errRow := strconv.ParseInt(number, 10, 64)
	since, errSince := strconv.ParseInt(micros, 10, 64)
	if !ours || !both || errRow != nil || errSince != nil {
		return 0, time.Time{}, false
	}
	return row, time.UnixMicro(since), true
}

// Completer tells a source which durable tasks are over, some at a time, and as
// often as it takes. What a crash makes it forget is driven again: a task may then run
// once more.
type Completer struct {
	source  Source
	onError func(error)
	wake    chan struct{}

	mu   sync.Mutex
	over []int64
}

const (
	completeBatch   = 1000
	completeTimeout = time.Second
	completePause   = 100 * time.Millisecond
)

// NewCompleter returns a completer that does nothing until Run is called. onError is
// told of every failure and must not block; nil is none.
func NewCompleter(source Source, onError func(error)) *Completer {
	if onError == nil {
		onError = func(error) {}
	}
	return &Completer{source: source, onError: onError, wake: make(chan struct{}, 1)}
}

// Over takes down that the task with this id is over: carried out, or given up for
// good. Ids of other tasks do no harm. It never blocks.
func (c *Completer) Over(taskID string) {
	row, _, ok := ParseTaskID(taskID)
	if !ok {
		return
	}
	c.mu.Lock()
	c.over = append(c.over, row)
	c.mu.Unlock()
	c.again()
}

// Run completes tasks until ctx ends, then once more, and returns nil. It should end
// after the workers.
func (c *Completer) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-c.wake:
		}
		if !c.complete(ctx) {
			select {
			case <-ctx.Done():
			case <-time.After(completePause):
			}
			c.again()
		}
	}
	c.complete(ctx)
	return nil
}

// again makes Run look once more.
func (c *Completer) again() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// complete reports whether nothing is left.
func (c *Completer) complete(ctx context.Context) bool {
	for {
		c.mu.Lock()
		rows := c.over
		if len(rows) > completeBatch {
			rows = rows[:completeBatch]
		}
		c.mu.Unlock()
		if len(rows) == 0 {
			return true
		}
		// The last one comes after the end of ctx.
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), completeTimeout)
		err := c.source.Complete(bounded, rows...)
		cancel()
		if err != nil {
			c.onError(err)
			return false
		}
		c.mu.Lock()
		c.over = c.over[len(rows):]
		c.mu.Unlock()
	}
}
