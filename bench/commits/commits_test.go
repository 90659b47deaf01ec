package commits_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/bench/commits"
	"github.com/speedlayer/speedlayer/bench/pgserver"
	"github.com/speedlayer/speedlayer/bench/redisserver"
)

var (
	rotate  = flag.Int("rotate", 0, "which way begins")
	long    = flag.Duration("long", 50*time.Millisecond, "how long each way is measured")
	samples = flag.Int("samples", 5, "how many commits the latencies are of")

	// postgres and redis are the servers of this process.
	postgres  *pgserver.Server
	redis     *redisserver.Server
	databases atomic.Int64
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if postgres, err = pgserver.Start(context.Background()); err == nil {
		defer postgres.Stop()
		redis, err = redisserver.Start(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer redis.Stop()
	return m.Run()
}

// ways are all of them, in this run's order.
func ways() []commits.Way {
	all := commits.Ways()
	n := *rotate % len(all)
	return append(all[n:len(all):len(all)], all[:n]...)
}

// open makes a database for a way and starts whoever follows it.
func open(tb testing.TB, w commits.Way, heard commits.Heard) commits.Place {
	tb.Helper()
	dsn, err := postgres.Create(context.Background(), fmt.Sprintf("bench_%d", databases.Add(1)))
	if err != nil {
		tb.Fatal(err)
	}
	if err := w.Prepare(context.Background(), dsn); err != nil {
		tb.Fatal(err)
	}
	p := commits.Place{DSN: dsn, Redis: redis.Addr()}
	stop, err := w.Follow(context.Background(), p, heard)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := stop(); err != nil {
			tb.Errorf("%s: %v", w.ID, err)
		}
	})
	return p
}

// BenchmarkCommits lets 16 connections commit small transactions as fast as they can.
func BenchmarkCommits(b *testing.B) { commitAll(b, "", commits.Transaction) }

// BenchmarkCommitsStatement does the same with transactions of one statement, without
// BEGIN and COMMIT: whatever is added to one weighs most.
func BenchmarkCommitsStatement(b *testing.B) { commitAll(b, "", commits.Statement) }

// BenchmarkCommitsSlowDisk does the same as if each flush of the log took a millisecond
// longer, as that of a disk behind a network does: commit_delay makes the one that
// flushes wait, and the others join it if no lock keeps them from that.
func BenchmarkCommitsSlowDisk(b *testing.B) {
	commitAll(b, slowDisk, commits.Transaction)
}

const (
	connections = 16
	// turns are how often each way commits for a while: a machine that is busy for a
	// second hits them all.
	turns = 10
)

const slowDisk = "SET commit_delay = 1000; SET commit_siblings = 0"

func commitAll(b *testing.B, settings string, change change) {
	b.Helper()
	perCommit := takeTurns(b, *long, settings, change)
	for _, w := range ways() {
		b.Run(w.ID, func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(perCommit[w.ID], "ns/commit")
		})
	}
}

// takeTurns lets the ways commit in turn and returns the time of one commit of each.
func takeTurns(tb testing.TB, long time.Duration, settings string, change change) map[string]float64 {
	tb.Helper()
	writers := make(map[string]*writer)
	for _, w := range ways() {
		writers[w.ID] = connect(tb, open(tb, w, nil), settings, change)
	}
	for range turns {
		for _, w := range ways() {
			writers[w.ID].commit(tb, long/turns)
		}
	}
	perCommit := make(map[string]float64)
	for id, w := range writers {
		perCommit[id] = float64(w.took.Nanoseconds()) / float64(w.count.Load())
	}
	return perCommit
}

// TestTheOutboxKeepsItsLead fails if the outbox makes transactions wait for each
// other, as NOTIFY does. On a slow disk that is several times as slow, so a ratio
// within one attempt shows it with room for a busy machine.
func TestTheOutboxKeepsItsLead(t *testing.T) {
	const want, attempts = 2.5, 4
	for range attempts {
		perCommit := takeTurns(t, 500*time.Millisecond, slowDisk, commits.Transaction)
		lead := perCommit["notify"] / perCommit["outbox"]
		t.Logf("%.1f times the commits of NOTIFY, %.2f of those without outbox", lead, perCommit["plain"]/perCommit["outbox"])
		if lead >= want {
			return
		}
	}
	t.Errorf("in none of %d attempts %v times the commits of NOTIFY", attempts, want)
}

// writer is the connections of one way, how often they committed and how long that
// took.
type writer struct {
	change change
	conns  []*pgx.Conn
	count  atomic.Int64
	took   time.Duration
}

// change is a transaction.
type change func(ctx context.Context, conn *pgx.Conn, id int64) error

func connect(tb testing.TB, p commits.Place, settings string, change change) *writer {
	tb.Helper()
	w := &writer{change: change}
	for range connections {
		conn, err := pgx.Connect(context.Background(), p.DSN)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = conn.Close(context.Background()) })
		if _, err := conn.Exec(context.Background(), settings); err != nil {
			tb.Fatal(err)
		}
		// Whatever is compiled at its first use is compiled now.
		if err := w.change(context.Background(), conn, 1); err != nil {
			tb.Fatal(err)
		}
		w.conns = append(w.conns, conn)
	}
	return w
}

// commit lets all connections commit for a while.
func (w *writer) commit(tb testing.TB, long time.Duration) {
	tb.Helper()
	var over atomic.Bool
	ended := make(chan error, len(w.conns))
	began := time.Now()
	for _, conn := range w.conns {
		go func() {
			for !over.Load() {
				if err := w.change(context.Background(), conn, rand.Int64N(commits.Users)+1); err != nil {
					ended <- err
					return
				}
				w.count.Add(1)
			}
			ended <- nil
		}()
	}
	time.Sleep(long)
	over.Store(true)
	for range w.conns {
		if err := <-ended; err != nil {
			tb.Fatal(err)
		}
	}
	w.took += time.Since(began)
}
