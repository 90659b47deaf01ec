package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

// Options are the options of [New]. All processes that work on one queue should
// use the same.
type Options struct {
	// MaxAttempts is how often a task is tried before it becomes a dead letter;
	// default 10.
	MaxAttempts int
	// Backoff is the delay before the next try after attempt tries have failed,
	// attempt counting from 1. Default [Backoff] with 1 s and 15 min.
	Backoff func(attempt int) time.Duration
	// MaxCrashes is how many workers a task may take down before it becomes a dead
	// letter; default 3.
	MaxCrashes int
	// MaxDead is how many dead letters are kept; the oldest go first. Default 10,000.
	MaxDead int
	// MaxPayload is the size of the largest payload in bytes; default 1 MiB.
	MaxPayload int
	// RedisTimeout bounds one exchange with Redis; default 1 s.
	RedisTimeout time.Duration
	// Lease is how long a worker holds a task without renewing its claim, which it
	// does four times as often; default 6 s. With more than 7 s, what a dead worker
	// held is not taken up within 10 s.
	Lease time.Duration
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxAttempts, 10)
	setDefault(&o.MaxCrashes, 3)
	setDefault(&o.MaxDead, 10_000)
	setDefault(&o.MaxPayload, 1<<20)
	setDefault(&o.RedisTimeout, time.Second)
	setDefault(&o.Lease, 6*time.Second)
	if o.Backoff == nil {
		o.Backoff = Backoff(time.Second, 15*time.Minute)
	}
	return o
}

func setDefault[T int | time.Duration](value *T, otherwise T) {
	if *value <= 0 {
		*value = otherwise
	}
}

// Backoff returns delays that double from first up to limit, each shortened at
// random by up to a half, so that tasks that failed together do not come back
// together.
func Backoff(first, limit time.Duration) func(attempt int) time.Duration {
	first = max(first, time.Millisecond)
	limit = max(first, limit)
	return func(attempt int) time.Duration {
		delay := limit
		if shift := max(attempt, 1) - 1; shift < 62 && first <= limit>>shift {
			delay = first << shift
		}
		return delay - rand.N(delay/2+1) //nolint:gosec // jitter is no secret
	}
}

// Queue is one queue of tasks, for producers and for those who look at it. A
// [Worker] runs its tasks. It is safe for concurrent use, needs no closing and
// does nothing by itself.
type Queue struct {
	client rueidis.Client
	name   string
	keys   keys
	o      Options
}

// New returns the queue of that name, which is the key of the list that producers
// push to; it must not be empty. Braces, white space and control characters in it
// are escaped. The client stays the caller's; it must outlive the queue's workers.
func New(client rueidis.Client, name string, o Options) *Queue {
	return &Queue{client: client, name: name, keys: newKeys(name), o: o.withDefaults()}
}

// Name is the queue's name as given to [New].
func (q *Queue) Name() string { return q.name }

// ErrPayload is in the errors of payloads that no worker would accept: no JSON, or
// larger than Options.MaxPayload.
var ErrPayload = errors.New("payload cannot be a task")

// Enqueue appends a task. A []byte or json.RawMessage is taken as the JSON
// document that it holds; everything else is encoded.
//
// When it returns nil, Redis has the task. After an error other than [ErrPayload]
// the task may be in the queue all the same, if the answer of Redis was lost: see
// [Queue.Remove].
func (q *Queue) Enqueue(ctx context.Context, payload any) error {
	raw, err := q.encode(payload)
	if err != nil {
		return fmt.Errorf("queue: enqueue: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, q.o.RedisTimeout)
	defer cancel()
	push := q.client.B().Lpush().Key(q.keys.pending).Element(rueidis.BinaryString(raw)).Build()
	if err := q.client.Do(ctx, push).Error(); err != nil {
		return fmt.Errorf("queue: enqueue: %w", err)
	}
	return nil
}

// Remove takes one task with exactly this payload back, if no worker has claimed
// it yet, and reports whether it did. It makes up for an Enqueue whose reason has
// gone, or whose outcome is unknown. It takes longer the longer the queue is.
func (q *Queue) Remove(ctx context.Context, payload any) (bool, error) {
	raw, err := q.encode(payload)
	if err != nil {
		return false, fmt.Errorf("queue: remove: %w", err)
	}
	n, err := q.exec(ctx, removeScript, rueidis.BinaryString(raw)).AsInt64()
	if err != nil {
		return false, fmt.Errorf("queue: remove: %w", err)
	}
	return n == 1, nil
}

func (q *Queue) encode(payload any) ([]byte, error) {
	var raw []byte
	switch p := payload.(type) {
	case json.RawMessage:
		raw = p
	case []byte:
		raw = p
	default:
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false) // people read it with redis-cli
		if err := e.Encode(payload); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPayload, err)
		}
		raw = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	}
	return raw, q.check(raw)
}

// check reports what keeps raw from being a task.
func (q *Queue) check(raw []byte) error {
	if len(raw) > q.o.MaxPayload {
		return fmt.Errorf("%w: %s", ErrPayload, q.tooLarge())
	}
	if !json.Valid(raw) {
		return fmt.Errorf("%w: it is not JSON", ErrPayload)
	}
	return nil
}

func (q *Queue) tooLarge() string {
	return fmt.Sprintf("it is larger than %d bytes", q.o.MaxPayload)
}

// Stats counts the tasks of a queue.
type Stats struct {
	Pending  int64 // no worker has looked at them
	Running  int64
	Retrying int64 // failed, postponed or handed back, and not yet started again
	Dead     int64
}

// Stats returns the counts of one moment.
func (q *Queue) Stats(ctx context.Context) (Stats, error) {
	n, err := q.exec(ctx, statsScript).AsIntSlice()
	if err != nil {
		return Stats{}, fmt.Errorf("queue: stats: %w", err)
	}
	if len(n) != 4 {
		return Stats{}, fmt.Errorf("queue: stats: %d numbers instead of 4", len(n))
	}
	return Stats{Pending: n[0], Running: n[1], Retrying: n[2], Dead: n[3]}, nil
}

// exec runs a script with the queue's keys within the timeout.
func (q *Queue) exec(ctx context.Context, s *redisx.Script, args ...string) rueidis.RedisResult {
	ctx, cancel := context.WithTimeout(ctx, q.o.RedisTimeout)
	defer cancel()
	return s.Exec(ctx, q.client, q.keys.all, args)
}
