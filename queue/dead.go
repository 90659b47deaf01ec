package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// DeadTask is a dead letter: a task that was given up.
type DeadTask struct {
	ID string
	// Payload is what the producer wrote, at most its first 64 KiB. It need not be
	// JSON.
	Payload []byte
	// Size is the size in bytes of the whole payload. When it is more than 64 KiB and
	// the payload is no JSON or larger than Options.MaxPayload, Redis has no more of
	// it than stands in Payload.
	Size int64
	// Error is what went wrong in the last run, at most 1 KiB of it.
	Error string
	// Attempts and Crashes count the runs that ended in an error and those whose
	// worker vanished.
	Attempts, Crashes int
	// CreatedAt is when a worker saw the task first, DiedAt when it was given up.
	CreatedAt, DiedAt time.Time
}

const (
	maxListedPayload = 64 << 10
	maxListedDead    = 1000
	// keptPayload is how much is stored of a payload that can never run: enough to
	// see where it came from, not enough to fill Redis.
	keptPayload = maxListedPayload
)

// ErrNoDeadTask means that there is no dead letter with that id.
var ErrNoDeadTask = errors.New("no such dead task")

// Dead returns the newest dead letters, at most limit and at most 1,000.
func (q *Queue) Dead(ctx context.Context, limit int) ([]DeadTask, error) {
	limit = min(limit, maxListedDead)
	if limit <= 0 {
		return nil, nil
	}
	letters, err := q.exec(ctx, deadScript, strconv.Itoa(limit), strconv.Itoa(maxListedPayload)).ToArray()
	if err != nil {
		return nil, fmt.Errorf("queue: list dead tasks: %w", err)
	}
	dead := make([]DeadTask, 0, len(letters))
	for _, letter := range letters {
		d, err := parseDead(letter)
		if err != nil {
			return nil, fmt.Errorf("queue: list dead tasks: %w", err)
		}
		dead = append(dead, d)
	}
	return dead, nil
}

func parseDead(letter rueidis.RedisMessage) (DeadTask, error) {
	f := fields{}
	f.read(letter, 8)
	return DeadTask{
		ID:        f.text(0),
		Payload:   []byte(f.text(1)),
		Size:      f.number(2),
		Error:     f.text(3),
		Attempts:  int(f.number(4)),
		Crashes:   int(f.number(5)),
		CreatedAt: time.UnixMilli(f.number(6)),
		DiedAt:    time.UnixMilli(f.number(7)),
	}, f.err
}

// RetryDead makes a dead letter an ordinary task again, due at once and with all
// its attempts; the id stays. It returns [ErrNoDeadTask] for an unknown id, and
// [ErrPayload] for a letter of which only the first 64 KiB were kept.
func (q *Queue) RetryDead(ctx context.Context, id string) error {
	n, err := q.exec(ctx, reviveScript, id).AsInt64()
	switch {
	case err != nil:
		return fmt.Errorf("queue: retry dead task: %w", err)
	case n == 0:
		return fmt.Errorf("queue: retry dead task %q: %w", id, ErrNoDeadTask)
	case n < 0:
		return fmt.Errorf("queue: retry dead task %q: %w: only its first %d bytes were kept", id, ErrPayload, keptPayload)
	}
	return nil
}
