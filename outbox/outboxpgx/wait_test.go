package outboxpgx_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

// countNotifications listens beside the relays and counts, until the test's end.
func countNotifications(t *testing.T, pool *pgxpool.Pool) *atomic.Int64 {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pool.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	exec(t, conn, `LISTEN speedlayer_outbox`)
	ctx, cancel := context.WithCancel(t.Context())
	n := new(atomic.Int64)
	var listening sync.WaitGroup
	listening.Go(func() {
		for {
			if _, err := conn.WaitForNotification(ctx); err != nil {
				_ = conn.Close(context.Background())
				return
			}
			n.Add(1)
		}
	})
	t.Cleanup(func() {
		cancel()
		listening.Wait()
	})
	return n
}

func TestASleepingRelayIsWokenByEveryWayOfWriting(t *testing.T) {
	t.Parallel()
	pool := database(t)
	exec(t, pool, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
		SELECT speedlayer.outbox_watch('a', 'a', 'id'); SELECT speedlayer.outbox_watch('b', 'b', 'id', each_row => true)`)
	sink := newRecorder()
	// Polling would take an hour.
	run(t, newSource(t, pool, outboxpgx.Options{}), sink, outbox.Options{PollInterval: time.Hour})
	for i, write := range []func(key string) error{
		func(key string) error {
			_, err := pool.Exec(t.Context(), `INSERT INTO a VALUES ($1::text::int)`, key)
			return err
		},
		func(key string) error {
			_, err := pool.Exec(t.Context(), `INSERT INTO b VALUES ($1::text::int)`, key)
			return err
		},
		func(key string) error { return outboxpgx.Invalidate(t.Context(), pool, "a", key) },
		func(key string) error {
			return outboxpgx.Enqueue(t.Context(), pool, outbox.Task{Queue: "mail", Type: key})
		},
		func(key string) error {
			_, err := pool.Exec(t.Context(), `SELECT speedlayer.outbox_enqueue('mail', '{}', $1)`, key)
			return err
		},
	} {
		awaitAsleep(t, pool)
		key := fmt.Sprint(i)
		if err := write(key); err != nil {
			t.Fatal(err)
		}
		sink.await(t, "row "+key+" arrives without a poll", func() bool { return sink.times(key) > 0 })
	}
}

func TestNotificationsAreSentOnlyWhileARelaySleeps(t *testing.T) {
	t.Parallel()
	pool := database(t)
	exec(t, pool, `CREATE TABLE t (id int PRIMARY KEY); SELECT speedlayer.outbox_watch('t', 't', 'id')`)
	count := countNotifications(t, pool)
	exec(t, pool, `INSERT INTO t SELECT generate_series(-99, 0)`) // nobody is there to be woken
	sink := newRecorder()
	for range 2 { // two relays, as in two processes
		run(t, newSource(t, pool, outboxpgx.Options{}), sink, outbox.Options{})
	}
	// A handful notify where the machine is free. On a busy one a relay takes longer to
	// wake, and until then each transaction does, so there are several tries; without
	// the flag all transactions would, in each of them.
	const writers, each, tries = 4, 250, 10
	for try := range tries {
		awaitAsleep(t, pool)
		before := count.Load()
		var writing sync.WaitGroup
		for w := range writers {
			writing.Go(func() {
				for i := range each {
					if _, err := pool.Exec(t.Context(), `INSERT INTO t VALUES ($1)`, 1+(try*writers+w)*each+i); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writing.Wait()
		sink.await(t, "all rows arrive", func() bool { return sink.distinct() == 100+(try+1)*writers*each })
		await(t, "a relay slept and somebody notified it", func() bool { return count.Load() > before })
		n := count.Load() - before
		t.Logf("%d notifications for %d transactions", n, writers*each)
		if n <= writers*each/2 {
			return
		}
	}
	t.Errorf("most transactions notified, %d times over, though the relays were busy nearly all the time", tries)
}

func TestARelayThatCannotListenPolls(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]func(*pgxpool.Pool) outboxpgx.Options{
		"blocked": func(pool *pgxpool.Pool) outboxpgx.Options {
			nowhere := pool.Config().ConnConfig
			nowhere.Port = 1 // nobody listens there
			return outboxpgx.Options{Listen: nowhere}
		},
		"switched off": func(*pgxpool.Pool) outboxpgx.Options { return outboxpgx.Options{PollOnly: true} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := database(t)
			sink := newRecorder()
			var failures atomic.Int64
			began := time.Now()
			run(t, newSource(t, pool, o(pool)), sink, outbox.Options{OnError: func(err error) {
				if strings.Contains(err.Error(), "listen") {
					failures.Add(1)
				}
			}})
			count := countNotifications(t, pool)
			for i := range 3 {
				key := fmt.Sprint(i)
				exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', $1)`, key)
				sink.await(t, "row "+key+" arrives by polling", func() bool { return sink.times(key) > 0 })
				exec(t, pool, `SELECT pg_sleep(0.3)`) // the relay goes to sleep
				if value[bool](t, pool, asleep) {
					t.Error("a relay that hears nothing makes writers notify")
				}
			}
			if n := count.Load(); n != 0 {
				t.Errorf("%d notifications for nobody", n)
			}
			// It tries again after five seconds.
			least := map[string]int64{"blocked": 1}[name]
			n, most := failures.Load(), least*(1+int64(time.Since(began)/(5*time.Second)))
			if n < least || n > most {
				t.Errorf("%d failures were reported in %v, want %d to %d", n, time.Since(began), least, most)
			}
		})
	}
}

func TestATransactionThatStraddlesTheFallingAsleepWaitsForThePoll(t *testing.T) {
	t.Parallel()
	pool := database(t)
	sink := newRecorder()
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := outboxpgx.Invalidate(t.Context(), tx, "t", "1"); err != nil { // nobody sleeps
		t.Fatal(err)
	}
	run(t, newSource(t, pool, outboxpgx.Options{}), sink, outbox.Options{})
	awaitAsleep(t, pool)
	exec(t, pool, `SELECT pg_sleep(0.2)`) // the relay is in its long sleep
	count := countNotifications(t, pool)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	sink.await(t, "the row arrives by polling", func() bool { return sink.times("1") == 1 })
	if n := count.Load(); n != 0 {
		t.Errorf("%d notifications: the transaction did not straddle anything", n)
	}
}

func TestAStandbyDoesNotMakeWritersNotify(t *testing.T) {
	t.Parallel()
	pool := database(t)
	leader, standby := newSource(t, pool, outboxpgx.Options{}), newSource(t, pool, outboxpgx.Options{})
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', '1')`)
	_, _, err := leader.Take(t.Context(), 10, func(ctx context.Context, rows []outbox.Row) []error {
		if taken, _, err := standby.Take(ctx, 10, confirm); err != nil || taken != 0 {
			t.Errorf("the standby took %d rows, %v", taken, err)
		}
		if err := standby.Wait(ctx, 100*time.Millisecond); err != nil {
			t.Error(err)
		}
		if value[bool](t, pool, asleep) {
			t.Error("the standby set the flag while the leader was at work")
		}
		return make([]error, len(rows))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestARelayDoesNotCallAnotherOneAsleepThatTookRowsJustNow(t *testing.T) {
	t.Parallel()
	pool := database(t)
	busy, other := newSource(t, pool, outboxpgx.Options{}), newSource(t, pool, outboxpgx.Options{})
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', '1')`)
	if _, delivered, err := busy.Take(t.Context(), 10, confirm); err != nil || delivered != 1 {
		t.Fatalf("Take: %d, %v", delivered, err)
	}
	// As if no time passed between the two, however slow the machine.
	exec(t, pool, `UPDATE speedlayer.outbox_relay SET taken_at = clock_timestamp() + interval '1 minute'`)
	if _, _, err := other.Take(t.Context(), 10, confirm); err != nil { // it gets the lock, and no rows
		t.Fatal(err)
	}
	if err := other.Wait(t.Context(), time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if value[bool](t, pool, asleep) {
		t.Error("a relay set the flag while another one is at work")
	}
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', '2')`)
	if _, delivered, err := other.Take(t.Context(), 10, confirm); err != nil || delivered != 1 {
		t.Fatalf("Take: %d, %v", delivered, err)
	}
	if err := other.Wait(t.Context(), time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if !value[bool](t, pool, asleep) {
		t.Error("a relay that took the last rows itself may not sleep")
	}
}

func TestARelayThatStopsTakesTheFlagAlong(t *testing.T) {
	t.Parallel()
	pool := database(t)
	_, stop := run(t, newSource(t, pool, outboxpgx.Options{}), newRecorder(), outbox.Options{})
	awaitAsleep(t, pool)
	stop()
	if value[bool](t, pool, asleep) {
		t.Error("writers go on to notify a relay that has stopped")
	}
}

func TestTheFlagOfAKilledRelayRunsOut(t *testing.T) {
	t.Parallel()
	pool := database(t)
	source := newSource(t, pool, outboxpgx.Options{})
	const flag = `SELECT extract(epoch FROM coalesce(asleep_until, 'epoch') - $1)::float8 FROM speedlayer.outbox_relay`
	before := value[time.Time](t, pool, `SELECT clock_timestamp()`)
	if err := source.Wait(t.Context(), time.Millisecond); err != nil { // as if it ended here
		t.Fatal(err)
	}
	after := value[time.Time](t, pool, `SELECT clock_timestamp()`)
	if longest, shortest := value[float64](t, pool, flag, before), value[float64](t, pool, flag, after); longest <= 5 || shortest > 10 {
		t.Errorf("the flag is set for %v to %v s, want 5 to 10", shortest, longest)
	}
}

func TestWaitEndsWhenARefusedRowIsDue(t *testing.T) {
	t.Parallel()
	pool := database(t)
	source := newSource(t, pool, outboxpgx.Options{})
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', '1');
		UPDATE speedlayer.outbox SET due = clock_timestamp() + interval '0.2 s'`)
	if err := source.Wait(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if taken, _, err := source.Take(t.Context(), 10, confirm); err != nil || taken != 1 {
		t.Errorf("after Wait: %d rows, %v, want the one that is due", taken, err)
	}
}

func TestTheRelayOutlivesARestartOfPostgreSQL(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	pool, err := pgxpool.New(t.Context(), server.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	exec(t, pool, outboxpgx.Schema())
	sink := newRecorder()
	run(t, newSource(t, pool, outboxpgx.Options{}), sink, outbox.Options{})
	awaitAsleep(t, pool)
	server.Kill(t)
	server.Restart(t)
	await(t, "the database answers", func() bool { return pool.Ping(t.Context()) == nil })
	await(t, "the relay listens again", func() bool {
		return value[int](t, pool, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND state = 'idle' AND query LIKE '%greatest(due%'`) == 1 // the last thing before a nap
	})
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', '1')`)
	sink.await(t, "the row arrives", func() bool { return sink.times("1") == 1 })
}

func TestEnqueueIsPartOfTheTransaction(t *testing.T) {
	t.Parallel()
	pool := database(t)
	changed := errors.New("changed my mind")
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		return errors.Join(
			outboxpgx.Enqueue(t.Context(), tx, outbox.Task{Queue: "mail"}),
			outboxpgx.Invalidate(t.Context(), tx, "user", "1"), changed)
	})
	if !errors.Is(err, changed) {
		t.Fatal(err)
	}
	if got := written(t, pool); len(got) != 0 {
		t.Errorf("a rolled back transaction wrote %q", got)
	}
	many := make([]outbox.Task, 5000)
	for i := range many {
		many[i] = outbox.Task{Queue: "mail", Type: fmt.Sprintf("%04d", i), Payload: i}
	}
	if err := outboxpgx.Enqueue(t.Context(), pool, many...); err != nil {
		t.Fatal(err)
	}
	if got := written(t, pool); len(got) != 5000 || got[4999] != "task mail 4999" {
		t.Errorf("%d rows for 5,000 tasks", len(got))
	}
	if err := outboxpgx.Enqueue(t.Context(), pool, outbox.Task{Queue: "mail", Payload: func() {}}); err == nil {
		t.Error("a payload that is no JSON is no error")
	}
	if err := errors.Join(outboxpgx.Enqueue(t.Context(), pool), outboxpgx.Invalidate(t.Context(), pool, "user")); err != nil {
		t.Errorf("nothing to write: %v", err)
	}
	if got := written(t, pool); !slices.Equal(got, []string{}) {
		t.Errorf("wrote %q, want nothing", got)
	}
}
