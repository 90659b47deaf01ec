package limits_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/limits"
	"github.com/speedlayer/speedlayer/bench/redisserver"
)

var (
	// rotate lets another contestant begin, so that over several runs none always
	// comes first.
	rotate = flag.Int("rotate", 0, "which contestant begins")
	// long is how long a contestant works in a benchmark.
	long = flag.Duration("long", 20*time.Millisecond, "how long each contestant works")
)

// contestants are those who can do a kind of work, in this run's order.
func contestants(k limits.Kind) []limits.Contestant {
	able := limits.Able(k)
	n := *rotate % len(able)
	return append(able[n:len(able):len(able)], able[:n]...)
}

// setting is a contestant with a Redis of its own, which nobody else has used.
type setting struct {
	limits.Contestant
	limits.Limiter
	redis *redisserver.Server
	rules []limits.Rule
}

func open(tb testing.TB, c limits.Contestant, rules ...limits.Rule) setting {
	tb.Helper()
	redis, err := redisserver.Start(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(redis.Stop)
	l, err := c.Open(context.Background(), redis.Addr(), rules...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(l.Close)
	return setting{c, l, redis, rules}
}

// take charges one.
func (s setting) take(tb testing.TB, subject string) limits.Decision {
	tb.Helper()
	d, err := s.Take(context.Background(), subject, 1)
	if err != nil {
		tb.Fatalf("%s: %v", s.ID, err)
	}
	return d
}

// work is one benchmark: requests of subjects in goroutines, each of which has subjects
// of its own where there are enough.
type work struct {
	kind       limits.Kind
	goroutines int
	subjects   int
	rules      []limits.Rule
	denied     bool
	decided    []atomic.Int64 // requests of each subject
	names      []string
}

// client is a subject that a goroutine asks for.
type client struct {
	name    string
	decided *atomic.Int64
}

// perform runs a sub-benchmark for each contestant. Each has a number of its own.
func (w work) perform(b *testing.B) {
	b.Helper()
	for _, c := range contestants(w.kind) {
		b.Run(c.ID, func(b *testing.B) {
			for range b.N {
				w.decided = make([]atomic.Int64, w.subjects)
				w.names = make([]string, w.subjects)
				for i := range w.names {
					w.names[i] = fmt.Sprintf("203.0.%d.%d", i>>8, i&255)
				}
				w.measure(b, open(b, c, w.rules...))
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func (w work) measure(b *testing.B, s setting) {
	b.Helper()
	began := time.Now()
	w.warm(b, s)
	var before, after runtime.MemStats
	commands, redis := s.commands(b), s.cpu(b)
	runtime.ReadMemStats(&before)
	start := time.Now()
	done, err := w.run(s, *long)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	commands, redis = s.commands(b)-commands, s.cpu(b)-redis
	if err != nil {
		b.Fatalf("%s: %v", s.ID, err)
	}
	w.check(b, s, began, commands, done)
	per := func(v float64) float64 { return v / float64(done) }
	b.ReportMetric(per(float64(took.Nanoseconds())), limits.PerRequest)
	b.ReportMetric(per(float64(redis.Nanoseconds())), limits.RedisPerRequest)
	b.ReportMetric(per(float64(commands)), limits.CommandsPerRequest)
	b.ReportMetric(per(float64(after.Mallocs-before.Mallocs)), limits.AllocsPerRequest)
}

// warm connects, brings the scripts to Redis and makes the counters. Where denials are
// measured, it uses the limits up, and where they are remembered it goes on until they
// are: memory is ready when it hears Redis.
func (w work) warm(b *testing.B, s setting) {
	b.Helper()
	if w.denied {
		for _, name := range w.names {
			if !s.take(b, name).Allowed {
				b.Fatalf("%s: the first request is denied", s.ID)
			}
		}
	}
	end := time.Now().Add(20 * time.Second)
	for {
		before := s.commands(b)
		done, err := w.run(s, *long/10)
		if err != nil {
			b.Fatalf("%s: %v", s.ID, err)
		}
		commands := s.commands(b) - before
		if !w.denied || !s.Remembers || commands == 0 {
			return
		}
		if time.Now().After(end) {
			b.Fatalf("%s: %d denials still cost %d commands", s.ID, done, commands)
		}
	}
}

// run lets the subjects of each goroutine take turns until the time is over, and each
// of them at least once. It returns the number of requests.
func (w work) run(s setting, long time.Duration) (int64, error) {
	var done atomic.Int64
	end := time.Now().Add(long)
	err := together(w.goroutines, func(g int) error {
		var mine []client
		for i := g % w.subjects; i < w.subjects; i += w.goroutines {
			mine = append(mine, client{w.names[i], &w.decided[i]})
		}
		n := 0
		for n < len(mine) || n%16 != 0 || time.Now().Before(end) {
			c := mine[n%len(mine)]
			d, err := s.Take(context.Background(), c.name, 1)
			if err != nil {
				return err
			}
			if d.Allowed == w.denied || d.Remaining < 0 || d.Remaining >= w.rules[0].Limit {
				return fmt.Errorf("%s: %+v", c.name, d)
			}
			c.decided.Add(1)
			n++
		}
		done.Add(int64(n))
		return nil
	})
	return done.Load(), err
}

// check compares what is left with what was charged, and where the decisions came from.
// Charges that share a script may share commands.
func (w work) check(b *testing.B, s setting, began time.Time, commands, requests int64) {
	b.Helper()
	if remembered := w.denied && s.Remembers; remembered && commands > requests/10+1000 || !remembered && commands < requests/200 {
		b.Fatalf("%s: %d requests cost %d commands", s.ID, requests, commands)
	}
	if w.denied {
		return
	}
	limit := w.rules[0].Limit
	for i := 0; i < w.subjects; i += max(1, w.subjects/10) {
		want := limit - w.decided[i].Load() - 1
		got := s.take(b, w.names[i]).Remaining
		drained := int64(0)
		if s.Drains { // and one, for what rounds
			drained = 1 + int64(math.Ceil(float64(limit)*float64(time.Since(began))/float64(w.rules[0].Window)))
		}
		if got < want || got > want+drained {
			b.Fatalf("%s: %d of %d remain, want %d to %d", s.ID, got, limit, want, want+drained)
		}
	}
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

// commands is how many commands Redis has executed so far, those of scripts included.
// INFO is the benchmark's own, and a PING is nobody's request here.
func (s setting) commands(tb testing.TB) int64 {
	tb.Helper()
	counts, err := s.redis.Commands(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	var sum int64
	for name, n := range counts {
		if name != "info" && name != "ping" {
			sum += n
		}
	}
	return sum
}

func (s setting) cpu(tb testing.TB) time.Duration {
	tb.Helper()
	d, err := s.redis.CPU(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// TestRowsHaveBenchmarks: a row whose benchmark was renamed would be missing in the
// table.
func TestRowsHaveBenchmarks(t *testing.T) {
	t.Parallel()
	benchmarks := map[string]func(*testing.B){
		"BenchmarkAdmitMany64": BenchmarkAdmitMany64, "BenchmarkAdmitOne64": BenchmarkAdmitOne64,
		"BenchmarkAdmit1": BenchmarkAdmit1, "BenchmarkThreeRules64": BenchmarkThreeRules64,
		"BenchmarkDenied64": BenchmarkDenied64, "BenchmarkDenied1": BenchmarkDenied1,
	}
	for _, row := range limits.Rows() {
		if benchmarks[row.Benchmark] == nil {
			t.Errorf("row %q names %s, which does not exist", row.Title, row.Benchmark)
		}
	}
}
