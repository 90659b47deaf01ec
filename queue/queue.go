package queue

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

// Options are the options of [New]. All processes that work on one queue should
// use the same.
type Options struct {
	// MaxAttempts is how often a task is tried before it becomes a dead letter, where
	// neither the task nor its type says otherwise; default 10.
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
	// Lease is how long a worker holds its tasks without a sign of life, which it
	// gives four times as often; default 6 s. With more than 7 s, what a dead worker
	// held is not taken up within 10 s. After ten of them Redis forgets the dead worker.
	Lease time.Duration
	// Bridge makes workers also take what other programs push to the plain list whose
	// key is the queue's name: LPUSH email_queue '{"to":…}'. It is moved, never popped.
	// Such tasks have no type and the normal priority. Default off.
	Bridge bool
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

// New returns the queue of that name; it must not be empty. Braces, white space and control characters in it
// are escaped. The client stays the caller's; it must outlive the queue's workers.
func New(client rueidis.Client, name string, o Options) *Queue {
	return &Queue{client: client, name: name, keys: newKeys(name), o: o.withDefaults()}
}

// Name is the queue's name as given to [New].
func (q *Queue) Name() string { return q.name }

// exec runs a script with the queue's keys within the timeout.
func (q *Queue) exec(ctx context.Context, s *redisx.Script, args ...string) rueidis.RedisResult {
	return q.execWith(ctx, s, q.keys.all, args)
}

// execWith runs one of the scripts that have keys of their own.
func (q *Queue) execWith(ctx context.Context, s *redisx.Script, keys, args []string) rueidis.RedisResult {
	ctx, cancel := context.WithTimeout(ctx, q.o.RedisTimeout)
	defer cancel()
	return s.Exec(ctx, q.client, keys, args)
}
