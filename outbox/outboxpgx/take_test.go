package outboxpgx_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

func confirm(_ context.Context, rows []outbox.Row) []error { return make([]error, len(rows)) }

func TestRowsArriveAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	pool := database(t)
	source := newSource(t, pool, outboxpgx.Options{})
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		outboxpgx.Enqueue(t.Context(), tx,
			outbox.Task{Queue: "mail", Type: "welcome", Payload: map[string]string{"to": "ä@b"}},
			outbox.Task{Queue: "bill", Durable: true}),
		outboxpgx.Invalidate(t.Context(), tx, "user", "1", "it's {2}", "1"),
		tx.Commit(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	exec(t, pool, `SELECT speedlayer.outbox_invalidate_tag('users', 'all'), speedlayer.outbox_invalidate_all('user')`)
	var got []string
	taken, delivered, err := source.Take(t.Context(), 100, func(_ context.Context, rows []outbox.Row) []error {
		for _, row := range rows {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %v", row.Kind, row.Target, row.Key, row.Payload, row.Durable)))
			if age := time.Since(row.CreatedAt); age < -time.Minute || age > time.Minute || row.Waited <= 0 || row.Waited > time.Minute || row.Repeated {
				t.Errorf("created at %v, waited %v, repeated %v", row.CreatedAt, row.Waited, row.Repeated)
			}
		}
		return make([]error, len(rows))
	})
	if err != nil || taken != 6 || delivered != 6 {
		t.Errorf("Take: %d, %d, %v, want 6 rows", taken, delivered, err)
	}
	slices.Sort(got)
	want := []string{
		`invalidate user 1  false`, `invalidate user it's {2}  false`, `invalidate_all user   false`, `invalidate_tag users all  false`,
		`task bill  null true`, `task mail welcome {"to":"ä@b"} false`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("took\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// Durable tasks stay, invalidations are kept for a while by their keys, tasks are gone.
	if stay := value[string](t, pool, `SELECT string_agg(key, ',') FROM speedlayer.outbox`); stay != "" {
		t.Errorf("the rows %q stay, want the durable task", stay)
	}
	kept := value[string](t, pool, `SELECT string_agg(format('%s %s %s', kind, target, keys), ', ' ORDER BY kind) FROM speedlayer.outbox_recent`)
	if want := `invalidate user {1,"it's {2}"}, invalidate_all user {""}, invalidate_tag users {all}`; kept != want {
		t.Errorf("kept %q, want %q", kept, want)
	}
	if taken, _, err := source.Take(t.Context(), 100, confirm); err != nil || taken != 0 {
		t.Errorf("another Take: %d rows, %v, want none", taken, err)
	}
}

// TestNothingIsLostOrInventedWhileRelaysAreKilled lets transactions commit out of
// the order of their ids while relays die between delivery and commit, by the end
// of their context or of their connection.
func TestNothingIsLostOrInventedWhileRelaysAreKilled(t *testing.T) {
	t.Parallel()
	for _, concurrent := range []bool{false, true} {
		t.Run(fmt.Sprintf("concurrent=%v", concurrent), func(t *testing.T) {
			t.Parallel()
			pool := database(t)
			exec(t, pool, `CREATE TABLE t (id int PRIMARY KEY); SELECT speedlayer.outbox_watch('t', 't', 'id')`)
			config := pool.Config()
			config.ConnConfig.RuntimeParams["application_name"] = "relay"
			ofRelays, err := pgxpool.NewWithConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(ofRelays.Close)
			const writers, each = 6, 120
			sink := newRecorder()
			var committed sync.Map
			var kills atomic.Int64
			done := make(chan struct{})
			var relays, writing sync.WaitGroup
			for range 3 {
				source := newSource(t, ofRelays, outboxpgx.Options{Concurrent: concurrent})
				relays.Go(func() {
					for {
						select {
						case <-done:
							return
						default:
						}
						ctx, cancel := context.WithCancel(t.Context())
						_, _, _ = source.Take(ctx, 20, func(ctx context.Context, rows []outbox.Row) []error {
							results := sink.Deliver(ctx, rows)
							fate := rand.IntN(4)
							if kills.Load() == 0 { // somebody must die
								fate = 0
							}
							switch fate {
							case 0:
								kills.Add(1)
								cancel()
							case 1: // the connection of some relay, maybe this one's
								kills.Add(1)
								_, _ = pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
									WHERE datname = current_database() AND state = 'idle in transaction' AND application_name = 'relay' LIMIT 1`)
							}
							return results
						})
						cancel()
					}
				})
			}
			for w := range writers {
				writing.Go(func() {
					for i := range each {
						id := w*each + i
						err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
							if _, err := tx.Exec(t.Context(), `INSERT INTO t VALUES ($1)`, id); err != nil {
								return err
							}
							if _, err := tx.Exec(t.Context(), `SELECT pg_sleep($1)`, rand.Float64()*0.01); err != nil {
								return err
							}
							if id%5 == 0 {
								return errors.New("changed my mind")
							}
							return nil
						})
						if (err == nil) == (id%5 == 0) {
							t.Errorf("transaction %d: %v", id, err)
						}
						if err == nil {
							committed.Store(fmt.Sprint(id), true)
						}
					}
				})
			}
			writing.Wait()
			await(t, "all rows are delivered and marked", func() bool {
				return value[int](t, pool, `SELECT count(*) FROM speedlayer.outbox WHERE delivered_at IS NULL`) == 0
			})
			close(done)
			relays.Wait()
			sink.mu.Lock()
			defer sink.mu.Unlock()
			n := 0
			committed.Range(func(key, _ any) bool {
				n++
				if sink.keys[key.(string)] == 0 {
					t.Errorf("row %s was committed and never delivered", key)
				}
				return true
			})
			if n != writers*each*4/5 || len(sink.keys) != n {
				t.Errorf("%d rows committed, %d delivered, want %d", n, len(sink.keys), writers*each*4/5)
			}
			if kills.Load() == 0 || len(sink.ids) == n {
				t.Errorf("%d kills and %d deliveries of %d rows: nobody was killed between delivery and commit", kills.Load(), len(sink.ids), n)
			}
		})
	}
}

func TestOnlyOneRelayTakesAtATimeUnlessTheyAreConcurrent(t *testing.T) {
	t.Parallel()
	for _, concurrent := range []bool{false, true} {
		pool := database(t)
		a := newSource(t, pool, outboxpgx.Options{Concurrent: concurrent})
		b := newSource(t, pool, outboxpgx.Options{Concurrent: concurrent})
		exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', '1', '2', '3', '4')`)
		var first, second []int64
		taken, delivered, err := a.Take(t.Context(), 3, func(_ context.Context, rows []outbox.Row) []error {
			for _, row := range rows {
				first = append(first, row.ID)
			}
			if _, _, err := b.Take(t.Context(), 3, func(_ context.Context, rows []outbox.Row) []error {
				for _, row := range rows {
					second = append(second, row.ID)
				}
				return make([]error, len(rows))
			}); err != nil {
				t.Error(err)
			}
			return make([]error, len(rows))
		})
		if err != nil || taken != 3 || delivered != 3 {
			t.Errorf("Take: %d, %d, %v, want 3 rows", taken, delivered, err)
		}
		if want := map[bool]int{false: 0, true: 1}[concurrent]; len(second) != want {
			t.Errorf("concurrent=%v: the second relay took %v beside %v, want %d rows", concurrent, second, first, want)
		}
		if slices.ContainsFunc(second, func(id int64) bool { return slices.Contains(first, id) }) {
			t.Errorf("both took a row: %v and %v", first, second)
		}
	}
}

// TestABulkUpdateGoesThroughInBoundedMemory runs while no other test does: it measures
// the memory of the process.
func TestABulkUpdateGoesThroughInBoundedMemory(t *testing.T) {
	pool := database(t)
	const rows = 100_000
	exec(t, pool, `CREATE TABLE t (id int PRIMARY KEY, a int);
		INSERT INTO t SELECT n, 0 FROM generate_series(1, 100000) n;
		SELECT speedlayer.outbox_watch('t', 't', 'id', columns => '{a}')`)
	exec(t, pool, `UPDATE t SET a = 1`)
	source := newSource(t, pool, outboxpgx.Options{})
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	seen, largest, peak := make([]bool, rows+1), 0, uint64(0)
	start, total, pauses := time.Now(), 0, 0
	for {
		taken, delivered, err := source.Take(t.Context(), 1000, func(_ context.Context, batch []outbox.Row) []error {
			for _, row := range batch {
				var id int
				if _, err := fmt.Sscan(row.Key, &id); err != nil {
					t.Error(err)
				}
				seen[id] = true
			}
			largest = max(largest, len(batch))
			if total%10_000 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapAlloc)
			}
			return make([]error, len(batch))
		})
		if err != nil && pauses < 20 { // a Take has a second, less than a pause of the machine may be
			pauses++
			continue
		}
		if err != nil || taken != delivered {
			t.Fatalf("Take: %d, %d, %v", taken, delivered, err)
		}
		if taken == 0 {
			break
		}
		total += taken
	}
	t.Logf("%d rows in %v, largest batch %d, %d KiB more heap at most", total, time.Since(start), largest, (int64(peak)-int64(before.HeapAlloc))>>10)
	if total != rows || slices.Contains(seen[1:], false) {
		t.Errorf("%d rows were taken, want each of %d once", total, rows)
	}
	if largest > 1000 {
		t.Errorf("a batch of %d rows, want at most 1,000", largest)
	}
	// All rows at once would be 30 MiB.
	if peak > before.HeapAlloc+20<<20 {
		t.Errorf("the heap grew by %d KiB", (peak-before.HeapAlloc)>>10)
	}
}

func TestAStalledSinkHoldsRowLocksNoLongerThanTheDeadline(t *testing.T) {
	t.Parallel()
	for name, heeds := range map[string]bool{"it heeds its context": true, "the process is frozen": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := database(t)
			source := newSource(t, pool, outboxpgx.Options{})
			exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', '1')`)
			// On a machine that is so busy that the time is over before the sink has the row,
			// or before anybody asks for the lock, it has another one.
			var held time.Duration
			for try := 0; held < 100*time.Millisecond; try++ {
				if try == 20 {
					t.Fatalf("the row was locked for %v, want about half a second", held)
				}
				held = lockedByAStalledSink(t, pool, source, heeds)
			}
			if held > 20*time.Second {
				t.Errorf("the row was locked for %v, want about half a second", held)
			}
			await(t, "another Take gets the row", func() bool { // a session that ends gives up its locks in turn
				_, delivered, err := source.Take(t.Context(), 10, confirm)
				return err == nil && delivered == 1
			})
		})
	}
}

// lockedByAStalledSink has a sink stall with a row for half a second, and returns how
// long the row was locked for somebody else; 0 where the sink did not get it.
func lockedByAStalledSink(t *testing.T, pool *pgxpool.Pool, source *outboxpgx.Source, heeds bool) time.Duration {
	t.Helper()
	stalled, release, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		began := false
		_, delivered, err := source.Take(ctx, 10, func(ctx context.Context, rows []outbox.Row) []error {
			began = true
			close(stalled)
			if heeds {
				<-ctx.Done()
			} else {
				<-release
			}
			return make([]error, len(rows))
		})
		if began && err == nil || delivered != 0 {
			t.Errorf("Take: %d delivered, %v, want an error", delivered, err)
		}
	}()
	var held time.Duration
	select {
	case <-stalled:
		start := time.Now()
		exec(t, pool, `SELECT FROM speedlayer.outbox FOR UPDATE`) // waits for the lock
		held = time.Since(start)
	case <-over:
	}
	close(release)
	<-over
	return held
}

func TestRefusedRowsStepBehindOthersAndComeBack(t *testing.T) {
	t.Parallel()
	pool := database(t)
	source := newSource(t, pool, outboxpgx.Options{})
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', 'away', 'unknown', 'good')`)
	deliver := func(_ context.Context, rows []outbox.Row) []error {
		results := make([]error, len(rows))
		for i, row := range rows {
			switch row.Key {
			case "away":
				results[i] = errors.New("redis is away")
			case "unknown":
				results[i] = fmt.Errorf("%w: no key space %q", outbox.ErrRefused, row.Target)
			}
		}
		return results
	}
	if taken, delivered, err := source.Take(t.Context(), 10, deliver); err != nil || taken != 3 || delivered != 1 {
		t.Fatalf("Take: %d, %d, %v, want one of three delivered", taken, delivered, err)
	}
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', 'new')`)
	exec(t, pool, `SELECT pg_sleep(0.05)`) // both are due again
	var order []string
	if _, _, err := source.Take(t.Context(), 10, func(ctx context.Context, rows []outbox.Row) []error {
		for _, row := range rows {
			order = append(order, row.Key)
		}
		return deliver(ctx, rows)
	}); err != nil {
		t.Fatal(err)
	}
	if len(order) != 3 || order[0] != "new" {
		t.Errorf("taken in the order %q, want the new row first and then both that were refused", order)
	}
	exec(t, pool, `UPDATE speedlayer.outbox SET attempts = 100, due = now()`)
	before := value[time.Time](t, pool, `SELECT clock_timestamp()`)
	if _, _, err := source.Take(t.Context(), 10, deliver); err != nil {
		t.Fatal(err)
	}
	now := value[time.Time](t, pool, `SELECT clock_timestamp()`)
	// The pauses began at some time between these two.
	pause := func(key string) (longest, shortest float64) {
		const due = `SELECT extract(epoch FROM due - $2)::float8 FROM speedlayer.outbox WHERE key = $1`
		return value[float64](t, pool, due, key, before), value[float64](t, pool, due, key, now)
	}
	if longest, shortest := pause("away"); longest <= 0 || shortest > 0.5 {
		t.Errorf("a row that waits for Redis pauses for %v to %v s, want at most 0.5", shortest, longest)
	}
	if longest, shortest := pause("unknown"); longest < 5 || shortest > 10 {
		t.Errorf("a row that is refused pauses for %v to %v s, want 10", shortest, longest)
	}
	rows, oldest, err := source.Backlog(t.Context())
	if err != nil || rows != 2 || oldest < 50*time.Millisecond || oldest > time.Minute {
		t.Errorf("Backlog: %d, %v, %v, want 2 rows from the beginning of the test", rows, oldest, err)
	}
}

func TestASourceThatLosesCountMarksNothing(t *testing.T) {
	t.Parallel()
	pool := database(t)
	source := newSource(t, pool, outboxpgx.Options{})
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', '1', '2')`)
	if _, _, err := source.Take(t.Context(), 10, func(context.Context, []outbox.Row) []error { return []error{nil} }); err == nil {
		t.Error("one result for two rows is no error")
	}
	if taken, _, err := source.Take(t.Context(), 10, confirm); err != nil || taken != 2 {
		t.Errorf("the next Take: %d, %v, want both rows", taken, err)
	}
}

func TestTakeWorksWhereTransactionsAreSerializableByDefault(t *testing.T) {
	t.Parallel()
	pool := database(t)
	exec(t, pool, `ALTER DATABASE `+pool.Config().ConnConfig.Database+` SET default_transaction_isolation = serializable`)
	pool.Reset()
	source := newSource(t, pool, outboxpgx.Options{})
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', '1')`)
	_, delivered, err := source.Take(t.Context(), 10, func(ctx context.Context, rows []outbox.Row) []error {
		exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', '2')`)
		return confirm(ctx, rows)
	})
	if err != nil || delivered != 1 {
		t.Errorf("Take: %d, %v", delivered, err)
	}
}
