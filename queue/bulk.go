package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

const (
	// bulkPart is how many ids are read at a time, and bulkParts how often.
	bulkPart, bulkParts = 10_000, 10
	// MaxBulk bounds one call of [Queue.RetryAll] or [Queue.DeleteAll].
	MaxBulk = bulkPart * bulkParts
)

// RetryAll does what [Queue.Retry] does to all tasks in one state, which is
// [StateScheduled], [StateRetrying] or [StateDead]; of the first two, to those that
// are not due yet. It deals with each task once at most, and with none that has left
// the state meanwhile. n is how many there were; more says that there may be others,
// because of [MaxBulk].
//
// The error is [ErrPayload] where only the beginning of a payload was kept; the other
// tasks are retried all the same. After any other error some more than n may have been
// retried, if an answer was lost.
func (q *Queue) RetryAll(ctx context.Context, state State) (n int, more bool, err error) {
	n, more, err = q.bulk(ctx, "retry", state)
	if err != nil {
		err = fmt.Errorf("queue: retry all: %w", err)
	}
	return n, more, err
}

// DeleteAll does what [Queue.Delete] does to all tasks in one state, as RetryAll does.
func (q *Queue) DeleteAll(ctx context.Context, state State) (n int, more bool, err error) {
	n, more, err = q.bulk(ctx, "delete", state)
	if err != nil {
		err = fmt.Errorf("queue: delete all: %w", err)
	}
	return n, more, err
}

// bulk reads ids alone, a snapshot at a time: pages of whole tasks would shift under
// its own hands, and bring payloads that nobody looks at.
func (q *Queue) bulk(ctx context.Context, what string, state State) (n int, more bool, err error) {
	switch state {
	case StateScheduled, StateRetrying, StateDead:
	default:
		return 0, false, fmt.Errorf("%w: %q", ErrState, state)
	}
	// What is due runs without help.
	notDue := "0"
	if what == "retry" && state != StateDead {
		notDue = "1"
	}
	var curtailed error
	seen := map[string]struct{}{}
	for range bulkParts {
		ids, err := q.exec(ctx, keptIDsScript, string(state), strconv.Itoa(bulkPart), notDue).AsStrSlice()
		if err != nil {
			return n, false, err
		}
		more = len(ids) == bulkPart
		fresh := unseen(ids, seen)
		for len(fresh) > 0 {
			part := fresh[:min(len(fresh), maxKept)]
			fresh = fresh[len(part):]
			changed, err := q.kept(ctx, what, state, part)
			n += changed
			if errors.Is(err, ErrPayload) {
				curtailed = err
			} else if err != nil {
				return n, false, err
			}
		}
		if !more {
			break
		}
	}
	return n, more, curtailed
}

// unseen returns those of the ids that are not among the seen ones, where it puts them.
func unseen(ids []string, seen map[string]struct{}) []string {
	fresh := ids[:0]
	for _, id := range ids {
		if _, old := seen[id]; !old {
			seen[id] = struct{}{}
			fresh = append(fresh, id)
		}
	}
	return fresh
}

// ErrState means that what was asked for cannot be done to tasks in that state.
var ErrState = errors.New("not possible for tasks in this state")
