package tasks_test

import (
	"context"
	"flag"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/redisserver"
	"github.com/speedlayer/speedlayer/bench/tasks"
	"github.com/speedlayer/speedlayer/internal/pgtest"
)

var (
	// rotate lets another contestant begin, so that over several runs none always
	// comes first.
	rotate = flag.Int("rotate", 0, "which contestant begins")
	// long is how long a contestant works in a benchmark, about.
	long = flag.Duration("long", 20*time.Millisecond, "about how long each contestant works")
	// samples is how many tasks an idle worker is given.
	samples = flag.Int("samples", 5, "how many tasks an idle worker gets")
)

// stuck is how long nothing may happen before a benchmark gives up.
const stuck = time.Minute

// contestants are those who can do a kind of work, in this run's order.
func contestants(k tasks.Kind) []tasks.Contestant {
	able := tasks.Able(k)
	n := *rotate % len(able)
	return append(able[n:len(able):len(able)], able[:n]...)
}

// setting is a contestant with servers of its own, which nobody else has used.
type setting struct {
	tasks.Contestant
	queue tasks.Queue
	redis *redisserver.Server
}

// perform runs a sub-benchmark for each contestant.
func perform(b *testing.B, k tasks.Kind, measure func(*testing.B, setting)) {
	b.Helper()
	for _, c := range contestants(k) {
		b.Run(c.ID, func(b *testing.B) { measure(b, open(b, c)) })
	}
}

func open(tb testing.TB, c tasks.Contestant) setting {
	tb.Helper()
	redis, err := redisserver.Start(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(redis.Stop)
	place := tasks.Place{Redis: redis.Addr(), Prefix: "bench-"}
	if c.Postgres {
		place.Postgres = pgtest.Database(tb)
	}
	q, err := c.Open(context.Background(), place)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(q.Close)
	return setting{c, q, redis}
}

// cpu is how much processor time Redis has used so far.
func (s setting) cpu(tb testing.TB) time.Duration {
	tb.Helper()
	used, err := s.redis.CPU(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return used
}

// tally counts how often each task of a run was handled.
type tally struct {
	runs  []atomic.Int32
	left  atomic.Int64
	first chan time.Time // when the first task was handled
	last  chan time.Time // when the last was
	began atomic.Bool
}

func newTally(n int) *tally {
	t := &tally{runs: make([]atomic.Int32, n), first: make(chan time.Time, 1), last: make(chan time.Time, 1)}
	t.left.Store(int64(n))
	return t
}

func (t *tally) handle(m tasks.Mail) {
	if !t.began.Load() && t.began.CompareAndSwap(false, true) {
		t.first <- time.Now()
	}
	if t.runs[m.N].Add(1) == 1 && t.left.Add(-1) == 0 {
		t.last <- time.Now()
	}
}

// check says whether some task was not run once. Nothing crashes here, so nobody has
// a reason to run one twice.
func (t *tally) check() error {
	for n := range t.runs {
		if runs := t.runs[n].Load(); runs != 1 {
			return fmt.Errorf("task %d of %d was run %d times", n, len(t.runs), runs)
		}
	}
	return nil
}

// fill enqueues n tasks as fast as the contestant can.
func (s setting) fill(tb testing.TB, n int) {
	tb.Helper()
	if batcher, ok := s.queue.(tasks.Batcher); ok && s.Cannot[tasks.Batch] == "" {
		for from := 0; from < n; from += 100 {
			if err := batcher.EnqueueMany(context.Background(), mails(from, min(n, from+100))); err != nil {
				tb.Fatal(err)
			}
		}
		return
	}
	if err := s.enqueueFrom(64, n); err != nil {
		tb.Fatal(err)
	}
}

func mails(from, to int) []tasks.Mail {
	ms := make([]tasks.Mail, 0, to-from)
	for n := from; n < to; n++ {
		ms = append(ms, tasks.NewMail(int64(n)))
	}
	return ms
}

// enqueueFrom enqueues n tasks one at a time from so many goroutines.
func (s setting) enqueueFrom(goroutines, n int) error {
	var next atomic.Int64
	failed := make(chan error, goroutines)
	for range goroutines {
		go func() {
			for {
				i := next.Add(1) - 1
				if i >= int64(n) {
					failed <- nil
					return
				}
				if err := s.queue.Enqueue(context.Background(), tasks.NewMail(i)); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	var first error
	for range goroutines {
		if err := <-failed; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// settle waits until no task is left, not even an acknowledgement.
func (s setting) settle(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stuck)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		left, err := s.queue.Unsettled(ctx)
		if err != nil {
			tb.Fatal(err)
		}
		if left == 0 {
			return
		}
		select {
		case <-ctx.Done():
			tb.Fatalf("%s: %d tasks are not settled", s.ID, left)
		case <-tick.C:
		}
	}
}
