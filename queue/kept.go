package queue

import (
	"context"
	"fmt"
)

// maxKept bounds one call of kept.lua.
const maxKept = 500

// Retry makes tasks that are scheduled, retried or dead due at once, and returns how
// many of these ids there were. A dead letter gets all its attempts again and has no
// deadline any more; the id stays. The error is [ErrPayload] where only the beginning
// of a payload was kept; the other tasks are retried all the same.
func (q *Queue) Retry(ctx context.Context, ids ...string) (int, error) {
	n, err := q.kept(ctx, "retry", "", ids)
	if err != nil {
		return n, fmt.Errorf("queue: retry: %w", err)
	}
	return n, nil
}

// Delete deletes tasks that are scheduled, retried or dead, and returns how many of
// these ids there were.
func (q *Queue) Delete(ctx context.Context, ids ...string) (int, error) {
	n, err := q.kept(ctx, "delete", "", ids)
	if err != nil {
		return n, fmt.Errorf("queue: delete: %w", err)
	}
	return n, nil
}

// kept does something to those of the tasks that are kept, in one state unless that is
// empty.
func (q *Queue) kept(ctx context.Context, what string, only State, ids []string) (total int, err error) {
	for len(ids) > 0 {
		n := min(len(ids), maxKept)
		reply, scriptErr := q.exec(ctx, keptScript, append([]string{what, string(only)}, ids[:n]...)...).ToArray()
		if scriptErr != nil {
			return total, scriptErr
		}
		f := fields{}
		f.values = reply
		if len(reply) == 0 {
			return total, fmt.Errorf("script returned nothing")
		}
		total += int(f.number(0))
		if len(reply) > 1 && f.err == nil {
			err = fmt.Errorf("task %q: %w: only its first %d bytes were kept", f.text(1), ErrPayload, keptPayload)
		}
		if f.err != nil {
			return total, f.err
		}
		ids = ids[n:]
	}
	return total, err
}
