package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// State is where a task stands.
type State string

// The states.
const (
	StateWaiting   State = "waiting"   // for a worker
	StateRunning   State = "running"   // claimed by a worker
	StateScheduled State = "scheduled" // not due yet
	StateRetrying  State = "retrying"  // failed or put off, and not due yet
	StateDead      State = "dead"      // given up
)

// TaskInfo is a task as people look at it.
type TaskInfo struct {
	ID, Type string
	State    State
	Priority Priority
	// Payload is what the producer wrote, at most its first 64 KiB. It need not be JSON.
	Payload []byte
	// Size is the size in bytes of the whole payload. Of one that no worker would accept
	// (see [ErrPayload]) a dead letter may hold no more than stands in Payload.
	Size int64
	// Error is what went wrong last, at most 1 KiB of it.
	Error string
	// Attempts and Crashes count the runs that ended in an error and those whose worker
	// vanished.
	Attempts, Crashes int
	// MaxAttempts is after how many such runs it is given up, where the handler of its
	// type does not say otherwise.
	MaxAttempts int
	// CreatedAt is when the task was added, DueAt when it is to run, StartedAt when it
	// was claimed, DiedAt when it was given up; zero where that does not apply. All by
	// the clock of Redis but for StartedAt.
	CreatedAt, DueAt, StartedAt, DiedAt time.Time
	// Worker is who runs it: host, process and a random part.
	Worker string
}

// Page is a part of a list.
type Page struct {
	Tasks []TaskInfo
	// Next is the cursor of the following page; empty on the last one.
	Next string
}

const (
	maxListedPayload = 64 << 10
	maxListed        = 1000
	// keptPayload is how much is stored of a payload that can never run: enough to
	// see where it came from, not enough to fill Redis.
	keptPayload = maxListedPayload
)

// ErrCursor means that a cursor is none that [Queue.List] returned for that state.
var ErrCursor = errors.New("not a cursor of this list")

// List returns the tasks in one state, limit of them at most, and at most 1,000: what
// waits in the order in which it is started, what is kept with the first due first,
// dead letters with the newest first. An empty cursor begins. Tasks that move
// meanwhile may be missing or come twice. What other programs pushed to the plain list
// is listed once a worker has seen it.
func (q *Queue) List(ctx context.Context, state State, cursor string, limit int) (Page, error) {
	limit = max(1, min(limit, maxListed))
	var page Page
	var err error
	switch state {
	case StateWaiting, StateRunning:
		page, err = q.listEntries(ctx, state, cursor, limit)
	case StateScheduled, StateRetrying, StateDead:
		page, err = q.listKept(ctx, state, cursor, limit)
	default:
		err = fmt.Errorf("no such state: %q", state)
	}
	if err != nil {
		return Page{}, fmt.Errorf("queue: list: %w", err)
	}
	return page, nil
}

// listEntries goes through the streams. The cursor is a stream's position and the
// last entry that was listed.
func (q *Queue) listEntries(ctx context.Context, state State, cursor string, limit int) (Page, error) {
	position, after := streamAgain, ""
	if cursor != "" {
		at, entry, ok := strings.Cut(cursor, ":")
		n, err := strconv.Atoi(at)
		if !ok || err != nil || n < streamAgain || n > streamSuspects || !isEntryID(entry) {
			return Page{}, ErrCursor
		}
		position, after = n, entry
	}
	var page Page
	for ; position <= streamSuspects; position, after = position+1, "" {
		want := limit - len(page.Tasks)
		found, err := q.exec(ctx, listEntriesScript, strconv.Itoa(position), string(state), after,
			strconv.Itoa(want), strconv.Itoa(maxListedPayload)).ToArray()
		if err != nil {
			return Page{}, err
		}
		for _, m := range found {
			t, entry, err := q.parseListed(m, state)
			if err != nil {
				return Page{}, err
			}
			page.Tasks, after = append(page.Tasks, t), entry
		}
		if len(found) == want {
			page.Next = strconv.Itoa(position) + ":" + after
			return page, nil
		}
	}
	return page, nil
}

func isEntryID(s string) bool {
	ms, seq, ok := strings.Cut(s, "-")
	_, errMS := strconv.ParseUint(ms, 10, 63)
	_, errSeq := strconv.ParseUint(seq, 10, 63)
	return ok && errMS == nil && errSeq == nil
}

func (q *Queue) parseListed(m rueidis.RedisMessage, state State) (TaskInfo, string, error) {
	f := fields{}
	f.read(m, 4)
	entry, worker, idle := f.text(0), f.text(1), f.number(2)
	if f.err != nil {
		return TaskInfo{}, "", f.err
	}
	t, err := q.parseInfo(f.values[3], state)
	if err != nil {
		return TaskInfo{}, "", err
	}
	if t.ID == "" {
		t.ID = entry
	}
	if state == StateRunning {
		t.Worker = worker
		t.StartedAt = time.Now().Add(-time.Duration(max(0, idle)) * time.Millisecond)
	}
	return t, entry, nil
}

// listKept pages by rank.
func (q *Queue) listKept(ctx context.Context, state State, cursor string, limit int) (Page, error) {
	skip := 0
	if cursor != "" {
		n, err := strconv.ParseUint(cursor, 10, 31)
		if err != nil {
			return Page{}, ErrCursor
		}
		skip = int(n)
	}
	found, err := q.exec(ctx, listKeptScript, string(state), strconv.Itoa(skip), strconv.Itoa(limit),
		strconv.Itoa(maxListedPayload)).ToArray()
	if err != nil {
		return Page{}, err
	}
	page := Page{Tasks: make([]TaskInfo, 0, len(found))}
	for _, m := range found {
		f := fields{}
		f.read(m, 3)
		id, score := f.text(0), f.text(1)
		if f.err != nil {
			return Page{}, f.err
		}
		t, err := q.parseInfo(f.values[2], state)
		if err != nil {
			return Page{}, err
		}
		t.ID = id
		if state != StateDead {
			t.DueAt = timeOf(score)
		}
		page.Tasks = append(page.Tasks, t)
	}
	if len(found) == limit {
		page.Next = strconv.Itoa(skip + limit)
	}
	return page, nil
}

// parseInfo reads the fields of a task.
func (q *Queue) parseInfo(m rueidis.RedisMessage, state State) (TaskInfo, error) {
	values, err := m.AsStrSlice()
	if err != nil {
		return TaskInfo{}, err
	}
	t := TaskInfo{State: state, MaxAttempts: q.o.MaxAttempts}
	for i := 0; i+1 < len(values); i += 2 {
		value := values[i+1]
		switch values[i] {
		case "id":
			t.ID = value
		case "type":
			t.Type = value
		case "payload":
			t.Payload = []byte(value)
		case "size":
			t.Size = numberOf(value)
		case "priority":
			t.Priority = Priority(max(-1, min(1, numberOf(value))))
		case "created":
			t.CreatedAt = timeOf(value)
		case "attempts":
			t.Attempts = int(numberOf(value))
		case "max_attempts":
			if n := numberOf(value); n > 0 {
				t.MaxAttempts = int(n)
			}
		case "crashes":
			t.Crashes = int(numberOf(value))
		case "error":
			t.Error = value
		case "died":
			t.DiedAt = timeOf(value)
		}
	}
	return t, nil
}
