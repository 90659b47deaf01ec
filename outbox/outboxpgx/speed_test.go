package outboxpgx_test

import (
	"context"
	"slices"
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

// BenchmarkCommit updates one row in a transaction, eight writers at a time: on a
// table that nobody watches, on a watched one while a relay works, on one that is
// watched for each row, and with a NOTIFY in each transaction, as a comparison.
// The server of the tests syncs nothing to disk, which makes commits cheap and so
// the outbox look dear.
func BenchmarkCommit(b *testing.B) {
	for _, way := range []struct{ name, setup string }{
		{"plain", ``},
		{"outbox", `SELECT speedlayer.outbox_watch('t', 't', 'id')`},
		{"columns", `SELECT speedlayer.outbox_watch('t', 't', 'id', columns => '{a}')`},
		{"tags", `SELECT speedlayer.outbox_watch('t', 't', 'id', tags => '{"ts": "all"}')`},
		{"each row", `SELECT speedlayer.outbox_watch('t', 't', 'id', each_row => true)`},
		{"notify", `CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
			'BEGIN PERFORM pg_notify(''other'', NEW.id::text); RETURN NULL; END';
			CREATE TRIGGER tell AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tell()`},
	} {
		b.Run(way.name, func(b *testing.B) {
			pool := wideDatabase(b)
			exec(b, pool, `CREATE TABLE t (id int PRIMARY KEY, a int) WITH (fillfactor = 50);
				INSERT INTO t SELECT n, 0 FROM generate_series(1, 10000) n;`+way.setup)
			stop := relayFor(b, pool, nil)
			var next atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			start := time.Now()
			var writers sync.WaitGroup
			for range 8 {
				writers.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						err := pgx.BeginFunc(b.Context(), pool, func(tx pgx.Tx) error {
							_, err := tx.Exec(b.Context(), `UPDATE t SET a = a + 1 WHERE id = $1`, 1+n*7919%10000)
							return err
						})
						if err != nil {
							b.Error(err)
						}
					}
				})
			}
			writers.Wait()
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "commits/s")
			b.StopTimer()
			stop()
		})
	}
}

// BenchmarkLatency measures the time from commit to the sink, of single
// transactions with pauses that let the relay be in each of its states.
func BenchmarkLatency(b *testing.B) {
	pool := wideDatabase(b)
	exec(b, pool, `CREATE TABLE t (id bigint PRIMARY KEY); SELECT speedlayer.outbox_watch('t', 't', 'id')`)
	arrived := make(chan time.Time, 1)
	stop := relayFor(b, pool, func() { arrived <- time.Now() })
	defer stop()
	var took []time.Duration
	for n := range b.N {
		// From none to 400 ms, most of them short.
		pause := time.Duration(n%20*n%20) * time.Millisecond
		exec(b, pool, `SELECT pg_sleep($1)`, pause.Seconds())
		exec(b, pool, `INSERT INTO t VALUES ($1)`, n)
		committed := time.Now()
		took = append(took, max(0, (<-arrived).Sub(committed)))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

func wideDatabase(b *testing.B) *pgxpool.Pool {
	b.Helper()
	config, err := pgxpool.ParseConfig(pgtest.Database(b))
	if err != nil {
		b.Fatal(err)
	}
	config.MaxConns = 16
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	exec(b, pool, outboxpgx.Schema())
	return pool
}

// relayFor runs a relay until stop.
func relayFor(b *testing.B, pool *pgxpool.Pool, tell func()) (stop func()) {
	b.Helper()
	source := outboxpgx.NewSource(pool, outboxpgx.Options{})
	o := outbox.Options{OnError: func(err error) { b.Log(err) }}
	sink := newRecorder()
	relay := outbox.NewRelay(source, sinkThatTells{sink, tell}, o)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = relay.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
		source.Close()
	}
}

type sinkThatTells struct {
	*recorder

	tell func()
}

func (s sinkThatTells) Deliver(ctx context.Context, rows []outbox.Row) []error {
	if s.tell != nil {
		for range rows {
			s.tell()
		}
		return make([]error, len(rows))
	}
	return s.recorder.Deliver(ctx, rows)
}
