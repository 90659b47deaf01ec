package queue

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// Priority decides which tasks are started first when there is a choice. Every
// eighth time a worker fetches, the order is turned round, so that nothing starves.
type Priority int8

// The priorities.
const (
	PriorityLow    Priority = -1
	PriorityNormal Priority = 0
	PriorityHigh   Priority = 1
)

// NewTask is a task to be added. Only Payload is needed.
type NewTask struct {
	// Type selects the handler in a [Mux].
	Type string
	// Payload is a JSON document where it is a []byte or json.RawMessage; everything
	// else is encoded. At most Options.MaxPayload bytes.
	Payload any
	// Priority is PriorityNormal by default.
	Priority Priority
	// Delay is how long the task waits at least, by the clock of Redis, and At the
	// time before which it does not start; to the millisecond, and then within half a
	// second. Delay counts where both are given. Default at once.
	Delay time.Duration
	At    time.Time
	// ID tells the task from all others, 1 to 512 bytes; default a random one. A task
	// whose ID was added within OnceFor before is dropped, even if that one is done.
	ID string
	// OnceFor is how long an ID that was given is remembered; default 1 h.
	OnceFor time.Duration
	// Unique, at most 512 bytes: while a task with the same key waits, runs, is to be
	// retried or is a dead letter, the new one is dropped. Default none.
	Unique string
	// UniqueFor ends that earlier; default never.
	UniqueFor time.Duration
	// MaxAttempts is how often the task is tried; default Options.MaxAttempts.
	MaxAttempts int
	// Timeout bounds one run: its context ends with context.DeadlineExceeded. Default
	// none.
	Timeout time.Duration
	// Deadline is when the task has no purpose any more: it then becomes a dead letter
	// instead of being run, and the context of a run ends. Default none.
	Deadline time.Time
}

// Added is what became of a [NewTask].
type Added struct {
	ID string
	// Duplicate says that the task was dropped, because of its ID or of Unique.
	Duplicate bool
}

const (
	defaultOnce = time.Hour
	maxName     = 512
)

// Enqueue adds a task of which only the payload is given; see [NewTask].
//
// When it returns nil, Redis has the task. After an error other than [ErrPayload]
// Redis may have it all the same, if the answer was lost: a producer that repeats
// the call uses [Queue.Add] with an ID.
func (q *Queue) Enqueue(ctx context.Context, payload any) error {
	_, err := q.Add(ctx, NewTask{Payload: payload})
	return err
}

// Add adds tasks in one exchange with Redis, which runs them in this order where
// nothing else is said. One that is not valid keeps all from being added.
//
// When the error is nil, Redis has all of them. Otherwise it may have some; those
// with an ID can be added again without coming twice.
func (q *Queue) Add(ctx context.Context, tasks ...NewTask) ([]Added, error) {
	added := make([]Added, len(tasks))
	entries := make([]newEntry, len(tasks))
	scripted := false
	for i, t := range tasks {
		e, err := q.entry(t)
		if err != nil {
			return nil, fmt.Errorf("queue: add: %w", err)
		}
		entries[i], added[i].ID = e, e.id
		scripted = scripted || e.scripted
	}
	ctx, cancel := context.WithTimeout(ctx, q.o.RedisTimeout)
	defer cancel()
	// Where one needs the script all go through it, so that the order is kept.
	add := q.addPlain
	if scripted {
		add = q.addScripted
	}
	if err := add(ctx, entries, added); err != nil {
		return nil, fmt.Errorf("queue: add: %w", err)
	}
	return added, nil
}

// addPlain adds tasks that need no script: they are one command each.
func (q *Queue) addPlain(ctx context.Context, entries []newEntry, _ []Added) error {
	if len(entries) == 1 {
		return q.client.Do(ctx, q.xadd(entries[0])).Error()
	}
	commands := make(rueidis.Commands, len(entries))
	for i, e := range entries {
		commands[i] = q.xadd(e)
	}
	for _, r := range q.client.DoMulti(ctx, commands...) {
		if err := r.Error(); err != nil {
			return err
		}
	}
	return nil
}

func (q *Queue) addScripted(ctx context.Context, entries []newEntry, added []Added) error {
	calls := make([]rueidis.LuaExec, len(entries))
	for i, e := range entries {
		args := append([]string{e.id, e.once, e.unique, e.uniqueFor, e.due}, e.fields...)
		calls[i] = rueidis.LuaExec{Keys: q.keys.all, Args: args}
	}
	for i, r := range addScript.ExecMulti(ctx, q.client, calls...) {
		n, err := r.AsInt64()
		if err != nil {
			return err
		}
		added[i].Duplicate = n == 0
	}
	return nil
}

func (q *Queue) xadd(e newEntry) rueidis.Completed {
	add := q.client.B().Xadd().Key(q.keys.stream(e.priority.stream())).Id("*").FieldValue()
	for i := 0; i < len(e.fields); i += 2 {
		add = add.FieldValue(e.fields[i], e.fields[i+1])
	}
	return add.Build()
}

func (p Priority) stream() int {
	switch {
	case p > 0:
		return streamHigh
	case p < 0:
		return streamLow
	default:
		return streamNormal
	}
}

// newEntry is a task as Redis gets it.
type newEntry struct {
	id       string
	priority Priority
	fields   []string
	scripted bool // it needs add.lua, whose arguments follow
	// See there.
	once, unique, uniqueFor, due string
}

func (q *Queue) entry(t NewTask) (newEntry, error) {
	if len(t.ID) > maxName || len(t.Type) > maxName || len(t.Unique) > maxName {
		return newEntry{}, fmt.Errorf("%w: ID, Type or Unique is longer than %d bytes", ErrPayload, maxName)
	}
	raw, err := q.encode(t.Payload)
	if err != nil {
		return newEntry{}, err
	}
	e := newEntry{id: t.ID, priority: t.Priority, once: "0", unique: t.Unique, uniqueFor: "0", due: "+0"}
	if t.ID == "" {
		e.id = rand.Text()
	} else {
		if t.OnceFor <= 0 {
			t.OnceFor = defaultOnce
		}
		e.once = millis(max(t.OnceFor, time.Millisecond))
	}
	if t.UniqueFor > 0 {
		e.uniqueFor = millis(max(t.UniqueFor, time.Millisecond))
	}
	switch {
	case t.Delay > 0:
		e.due = "+" + millis(t.Delay)
	case t.At.After(time.Time{}):
		e.due = strconv.FormatInt(max(0, t.At.UnixMilli()), 10)
	}
	e.scripted = t.ID != "" || t.Unique != "" || e.due != "+0"
	e.fields = t.fields(e.id, raw)
	return e, nil
}

// fields are the names and values of a task's fields, as prelude.lua describes them.
func (t NewTask) fields(id, payload string) []string {
	f := append(make([]string, 0, 8), "id", id)
	if t.Type != "" {
		f = append(f, "type", t.Type)
	}
	f = append(f, "payload", payload)
	switch t.Priority.stream() {
	case streamHigh:
		f = append(f, "priority", "1")
	case streamLow:
		f = append(f, "priority", "-1")
	}
	if t.MaxAttempts > 0 {
		f = append(f, "max_attempts", strconv.Itoa(t.MaxAttempts))
	}
	if t.Timeout > 0 {
		f = append(f, "timeout", millis(max(t.Timeout, time.Millisecond)))
	}
	if t.Deadline.After(time.Time{}) {
		f = append(f, "deadline", strconv.FormatInt(max(1, t.Deadline.UnixMilli()), 10))
	}
	if t.Unique != "" {
		f = append(f, "unique", t.Unique)
	}
	return f
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
