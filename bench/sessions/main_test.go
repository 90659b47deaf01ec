package sessions_test

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/redisserver"
	"github.com/speedlayer/speedlayer/bench/sessions"
)

var (
	// rotate lets another contestant begin, so that over several runs none always
	// comes first.
	rotate = flag.Int("rotate", 0, "which contestant begins")
	// long is how long a contestant works in a benchmark.
	long = flag.Duration("long", 20*time.Millisecond, "how long each contestant works")
	// minute is what counts as a minute: the interval between two renewals.
	minute = flag.Duration("minute", 100*time.Millisecond, "how long a minute is")
	// many is how many sessions the memory of Redis is measured with.
	many = flag.Int("sessions", 500, "how many sessions are stored")
)

// contestants are those who can do a kind of work, in this run's order.
func contestants(k sessions.Kind) []sessions.Contestant {
	able := sessions.Able(k)
	n := *rotate % len(able)
	return append(able[n:len(able):len(able)], able[:n]...)
}

// setting is a contestant with a Redis of its own, which nobody else has used.
type setting struct {
	sessions.Contestant
	store sessions.Store
	redis *redisserver.Server
}

// perform runs a sub-benchmark for each contestant. Each has a number of its own.
func perform(b *testing.B, k sessions.Kind, touch time.Duration, measure func(*testing.B, setting)) {
	b.Helper()
	for _, c := range contestants(k) {
		b.Run(c.ID, func(b *testing.B) {
			s := open(b, c, touch)
			for range b.N {
				measure(b, s)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func open(tb testing.TB, c sessions.Contestant, touch time.Duration) setting {
	tb.Helper()
	s := setting{Contestant: c, redis: server(tb)}
	s.store = s.connect(tb, touch)
	tb.Cleanup(s.store.Close)
	return s
}

func server(tb testing.TB, args ...string) *redisserver.Server {
	tb.Helper()
	redis, err := redisserver.Start(context.Background(), args...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(redis.Stop)
	return redis
}

func (s setting) connect(tb testing.TB, touch time.Duration) sessions.Store {
	tb.Helper()
	store, err := s.Open(context.Background(), sessions.Place{Redis: s.redis.Addr(), TouchInterval: touch})
	if err != nil {
		tb.Fatal(err)
	}
	return store
}

func (s setting) login(tb testing.TB, user int64) string {
	tb.Helper()
	token, err := s.store.Login(context.Background(), sessions.NewProfile(user))
	if err != nil {
		tb.Fatalf("%s: login: %v", s.ID, err)
	}
	return token
}

// client is a user with a session.
type client struct {
	want  sessions.Profile
	visit sessions.Visitor
}

func (s setting) client(user int64, token string) client {
	return client{sessions.NewProfile(user), s.store.Visitor(token)}
}

// call does what a request does and compares what it finds.
func (c client) call(ctx context.Context) error {
	got, err := c.visit(ctx)
	if err != nil {
		return fmt.Errorf("user %d: %w", c.want.UserID, err)
	}
	if got != c.want {
		return fmt.Errorf("user %d: session of %+v, want %+v", c.want.UserID, got, c.want)
	}
	return nil
}

// together calls work in so many goroutines, each with its number, and returns the
// first error.
func together(goroutines int, work func(g int) error) error {
	var group sync.WaitGroup
	var once sync.Once
	var first error
	for g := range goroutines {
		group.Go(func() {
			if err := work(g); err != nil {
				once.Do(func() { first = err })
			}
		})
	}
	group.Wait()
	return first
}

// each calls work with the numbers from 0 to n-1, from 64 goroutines.
func each(n int, work func(i int) error) error {
	var next atomic.Int64
	return together(64, func(int) error {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return nil
			}
			if err := work(i); err != nil {
				return err
			}
		}
	})
}

// commands is how many commands Redis has executed so far, those of scripts included.
// INFO is the benchmark's own, and heartbeats are not asked for by requests.
func (s setting) commands(tb testing.TB) int64 {
	tb.Helper()
	counts, err := s.redis.Commands(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	var sum int64
	for name, n := range counts {
		if name == "info" || name == "ping" && s.Heartbeat {
			continue
		}
		sum += n
	}
	return sum
}

// TestRowsHaveBenchmarks: a row whose benchmark was renamed would be missing in the
// table.
func TestRowsHaveBenchmarks(t *testing.T) {
	t.Parallel()
	benchmarks := map[string]func(*testing.B){
		"BenchmarkVisit1": BenchmarkVisit1, "BenchmarkVisit64": BenchmarkVisit64,
		"BenchmarkMinute": BenchmarkMinute, "BenchmarkLogin64": BenchmarkLogin64,
		"BenchmarkMemory1": BenchmarkMemory1, "BenchmarkMemory10": BenchmarkMemory10,
		"BenchmarkMemoryPacked1": BenchmarkMemoryPacked1,
	}
	for _, row := range sessions.Rows() {
		if benchmarks[row.Benchmark] == nil {
			t.Errorf("row %q names %s, which does not exist", row.Title, row.Benchmark)
		}
	}
}
