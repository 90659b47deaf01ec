package crash_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
	"github.com/speedlayer/speedlayer/queue"
)

// rig is a database, a Redis, and a worker that never dies.
type rig struct {
	database string
	pool     *pgxpool.Pool
	redis    *redistest.Server
	queue    *queue.Queue

	mu        sync.Mutex
	runs      map[string]int // of tasks, by payload
	committed []string       // what transactions wrote that committed
	undone    []string       // and that did not
	unknown   []string       // and whose answer was lost
}

// newRig's queue completes durable tasks.
func newRig(t *testing.T, database string) *rig {
	t.Helper()
	r := &rig{database: database, redis: redistest.Start(t), runs: map[string]int{}}
	pool, err := pgxpool.New(t.Context(), r.database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	r.pool = pool
	if _, err := pool.Exec(t.Context(), outboxpgx.Schema()); err != nil {
		t.Fatal(err)
	}
	r.queue = queue.New(r.redis.Client(t), "tasks", queue.Options{})

	source := outboxpgx.NewSource(pool, outboxpgx.Options{})
	completer := outbox.NewCompleter(source, func(err error) { t.Logf("complete: %v", err) })
	worker := queue.NewWorker(r.queue, func(_ context.Context, task queue.Task) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.runs[string(task.Payload)]++
		return nil
	}, queue.WorkerOptions{Concurrency: 8, OnEvent: func(e queue.Event) {
		if e.Kind == queue.EventDone || e.Kind == queue.EventDead {
			completer.Over(e.TaskID)
		}
	}})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = worker.Run(ctx) })
	running.Go(func() { _ = completer.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		source.Close()
	})
	return r
}

var errChangedMyMind = errors.New("changed my mind")

// write commits transactions, each with a task and an invalidation, and rolls some
// back, until stop is called.
func (r *rig) write(t *testing.T, writers int) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var next atomic.Int64
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for ctx.Err() == nil {
				name := strconv.FormatInt(next.Add(1), 10)
				keep := rand.IntN(5) > 0
				err := pgx.BeginFunc(t.Context(), r.pool, func(tx pgx.Tx) error { // to its end, whatever ctx says
					if err := outboxpgx.Enqueue(t.Context(), tx, outbox.Task{
						Queue: "tasks", Payload: name, Durable: rand.IntN(2) == 0,
					}); err != nil {
						return err
					}
					if err := outboxpgx.Invalidate(t.Context(), tx, "t", name); err != nil {
						return err
					}
					if !keep {
						return errChangedMyMind
					}
					return nil
				})
				r.mu.Lock()
				switch {
				case err == nil:
					r.committed = append(r.committed, name)
				case errors.Is(err, errChangedMyMind):
					r.undone = append(r.undone, name)
				default: // the database was killed
					r.unknown = append(r.unknown, name)
				}
				r.mu.Unlock()
				select { // so that batches hold a few rows
				case <-ctx.Done():
				case <-time.After(rand.N(20 * time.Millisecond)):
				}
			}
		})
	}
	return func() {
		cancel()
		writing.Wait()
	}
}

// count is the answer to a query for a number.
func (r *rig) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	err := r.pool.QueryRow(t.Context(), sql, args...).Scan(&n)
	if err != nil { // once more: of a pool's connections some may be from before a crash
		err = r.pool.QueryRow(t.Context(), sql, args...).Scan(&n)
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// noneUnknown fails the test if a transaction failed for a reason that nobody meant.
func (r *rig) noneUnknown(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.unknown) > 0 {
		t.Errorf("%d transactions failed", len(r.unknown))
	}
}

func (r *rig) commits() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.committed)
}

// locks is how many locks relays hold on what others need.
func (r *rig) locks(t *testing.T) int {
	t.Helper()
	return r.count(t, `SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
		WHERE application_name = $1 AND datname = current_database()
		AND (locktype = 'advisory' OR relation = 'speedlayer.outbox'::regclass AND mode <> 'AccessShareLock')`, relayName)
}

// judge compares what was committed with what arrived.
func (r *rig) judge(t *testing.T) {
	t.Helper()
	tasks, keys := r.deliveries(t, deliveredTasks), r.deliveries(t, deliveredKeys)
	r.mu.Lock()
	defer r.mu.Unlock()
	again, repeated := 0, 0
	for _, name := range r.committed {
		task := strconv.Quote(name)
		if keys[name] == 0 {
			t.Errorf("%s was committed and its invalidation never delivered", name)
		}
		if runs := r.runs[task]; runs == 0 {
			t.Errorf("task %s never ran", name)
		} else if runs > 1 {
			again += runs - 1
			t.Errorf("task %s ran %d times", name, runs)
		}
		// A relay that is killed between a task and its count leaves none.
		repeated += max(0, keys[name]-1) + max(0, tasks[task]-1)
	}
	for _, name := range r.undone {
		if task := strconv.Quote(name); keys[name]+tasks[task]+r.runs[task] > 0 {
			t.Errorf("%s was rolled back and delivered", name)
		}
	}
	for _, name := range r.unknown {
		if runs := r.runs[strconv.Quote(name)]; runs > 1 {
			t.Errorf("task %s ran %d times", name, runs)
		}
	}
	t.Logf("%d transactions committed and %d did not; of %d rows %d were delivered once more; %d tasks ran once more",
		len(r.committed), len(r.undone), 2*len(r.committed), repeated, again)
}

// deliveries is how often relays delivered what.
func (r *rig) deliveries(t *testing.T, key string) map[string]int {
	t.Helper()
	client := r.redis.Client(t)
	counts, err := client.Do(t.Context(), client.B().Hgetall().Key(key).Build()).AsIntMap()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]int, len(counts))
	for name, n := range counts {
		found[name] = int(n)
	}
	return found
}

// settled says what is still to be done.
func (r *rig) settled(t *testing.T) error {
	t.Helper()
	if n := r.count(t, `SELECT count(*) FROM speedlayer.outbox WHERE delivered_at IS NULL`); n > 0 {
		return fmt.Errorf("%d rows wait", n)
	}
	if n := r.count(t, `SELECT count(*) FROM speedlayer.outbox WHERE durable`); n > 0 {
		return fmt.Errorf("%d durable tasks are not completed", n)
	}
	stats, err := r.queue.Stats(t.Context())
	if err != nil {
		return err
	}
	if n := stats.Waiting + stats.Running + stats.Scheduled + stats.Retrying + stats.Dead; n > 0 {
		return fmt.Errorf("%d tasks are in the queue", n)
	}
	return nil
}
