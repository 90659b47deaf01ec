package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// ErrNotFound means that the queue has no task of that id: it is done, or was deleted.
var ErrNotFound = errors.New("no such task")

// findPart is how many entries of a stream one script looks at: each may carry a
// payload of Options.MaxPayload.
const findPart = 100

// Find returns the task with that id, wherever it is. What is kept is found at once;
// what waits or runs is looked for from the front, a part at a time, as long as ctx
// lasts: in a queue of a million waiting tasks that takes seconds.
//
// The error is [ErrNotFound] where there is none. What other programs pushed to the
// plain list has an id once a worker has seen it.
func (q *Queue) Find(ctx context.Context, id string) (TaskInfo, error) {
	// A task that moves against the direction of the search is missed by one pass.
	for range 2 {
		for position := streamAgain; position <= streamSuspects; position++ {
			t, err := q.findIn(ctx, position, id)
			if err == nil {
				return t, nil
			}
			if !errors.Is(err, ErrNotFound) {
				return TaskInfo{}, fmt.Errorf("queue: find: %w", err)
			}
		}
	}
	return TaskInfo{}, fmt.Errorf("queue: find: %w", ErrNotFound)
}

// findIn looks among the tasks that are kept and in one stream.
func (q *Queue) findIn(ctx context.Context, position int, id string) (TaskInfo, error) {
	for after := ""; ; {
		reply, err := q.exec(ctx, findScript, id, strconv.Itoa(position), after, strconv.Itoa(findPart), strconv.Itoa(maxListedPayload)).ToArray()
		if err != nil {
			return TaskInfo{}, err
		}
		f := fields{values: reply}
		if len(reply) == 1 {
			after = f.text(0)
			switch {
			case f.err != nil:
				return TaskInfo{}, f.err
			case after == "":
				return TaskInfo{}, ErrNotFound
			}
			continue
		}
		return q.parseFound(reply, id)
	}
}

func (q *Queue) parseFound(reply []rueidis.RedisMessage, id string) (TaskInfo, error) {
	if len(reply) != 5 {
		return TaskInfo{}, fmt.Errorf("%d parts instead of 5", len(reply))
	}
	f := fields{values: reply}
	state, score, worker, idle := State(f.text(0)), f.text(1), f.text(2), f.number(3)
	if f.err != nil {
		return TaskInfo{}, f.err
	}
	t, err := q.parseInfo(reply[4], state)
	if err != nil {
		return TaskInfo{}, err
	}
	t.ID = id
	switch state {
	case StateScheduled, StateRetrying:
		t.DueAt = timeOf(score)
	case StateRunning:
		t.Worker = worker
		t.StartedAt = time.Now().Add(-time.Duration(max(0, idle)) * time.Millisecond)
	}
	return t, nil
}
