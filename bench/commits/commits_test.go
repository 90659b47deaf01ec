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
func open(b *testing.B, w commits.Way, heard commits.Heard) commits.Place {
	b.Helper()
	dsn, err := postgres.Create(context.Background(), fmt.Sprintf("bench_%d", databases.Add(1)))
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Prepare(context.Background(), dsn); err != nil {
		b.Fatal(err)
	}
	p := commits.Place{DSN: dsn, Redis: redis.Addr()}
	stop, err := w.Follow(context.Background(), p, heard)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := stop(); err != nil {
			b.Errorf("%s: %v", w.ID, err)
		}
	})
	return p
}

// BenchmarkCommits lets 16 connections commit small transactions as fast as they can.
func BenchmarkCommits(b *testing.B) { commitAll(b, "") }

// BenchmarkCommitsSlowDisk does the same as if each flush of the log took a millisecond
// longer, as that of a disk behind a network does: commit_delay makes the one that
// flushes wait, and the others join it if no lock keeps them from that.
func BenchmarkCommitsSlowDisk(b *testing.B) {
	commitAll(b, "SET commit_delay = 1000; SET commit_siblings = 0")
}

const connections = 16

func commitAll(b *testing.B, settings string) {
	b.Helper()
	for _, w := range ways() {
		b.Run(w.ID, func(b *testing.B) {
			p := open(b, w, nil)
			var took time.Duration
			var done int64
			for range b.N {
				n, t := commit(b, p, settings)
				done, took = done+n, took+t
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(took.Nanoseconds())/float64(done), "ns/commit")
		})
	}
}

// commit commits for a while and returns how often, and how long it took.
func commit(b *testing.B, p commits.Place, settings string) (int64, time.Duration) {
	b.Helper()
	ended := make(chan error, connections)
	var count atomic.Int64
	var over atomic.Bool
	start := make(chan struct{})
	for range connections {
		conn, err := pgx.Connect(context.Background(), p.DSN)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := conn.Exec(context.Background(), settings); err != nil {
			b.Fatal(err)
		}
		go func() {
			defer conn.Close(context.Background())
			<-start
			for !over.Load() {
				if err := commits.Update(context.Background(), conn, rand.Int64N(commits.Users)+1); err != nil {
					ended <- err
					return
				}
				count.Add(1)
			}
			ended <- nil
		}()
	}
	began := time.Now()
	close(start)
	time.Sleep(*long)
	over.Store(true)
	for range connections {
		if err := <-ended; err != nil {
			b.Fatal(err)
		}
	}
	return count.Load(), time.Since(began)
}
