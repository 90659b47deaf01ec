package tasks_test

import (
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/tasks"
)

// BenchmarkProcess10 works off tasks that do nothing, 10 at a time.
func BenchmarkProcess10(b *testing.B) { process(b, 10) }

// BenchmarkProcess100 works off tasks that do nothing, 100 at a time.
func BenchmarkProcess100(b *testing.B) { process(b, 100) }

// process measures the time from the start of the first task to the acknowledgement
// of the last one. Enqueueing and the start of the worker are not in it.
func process(b *testing.B, concurrency int) {
	b.Helper()
	perform(b, tasks.Process, func(b *testing.B, s setting) {
		b.Helper()
		n := max(50, int(float64(s.Pace(concurrency))*long.Seconds()))
		var took, cpu time.Duration
		for range b.N {
			t, c := s.processOnce(b, concurrency, n)
			took, cpu = took+t, cpu+c
		}
		done := float64(b.N * n)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(took.Nanoseconds())/done, "ns/task")
		if !s.Postgres {
			b.ReportMetric(float64(cpu.Nanoseconds())/done, "redis-ns/task")
		}
	})
}

func (s setting) processOnce(tb testing.TB, concurrency, n int) (took, cpu time.Duration) {
	tb.Helper()
	t := newTally(n)
	s.fill(tb, n)
	before := s.cpu(tb)
	stop, err := s.queue.Work(tb.Context(), concurrency, t.handle)
	if err != nil {
		tb.Fatal(err)
	}
	select {
	case <-t.last:
	case <-time.After(stuck):
		tb.Fatalf("%s: %d of %d tasks are not done after %v", s.ID, t.left.Load(), n, stuck)
	}
	s.settle(tb)
	took = time.Since(<-t.first)
	cpu = s.cpu(tb) - before
	if err := stop(); err != nil {
		tb.Fatal(err)
	}
	if err := t.check(); err != nil {
		tb.Fatalf("%s: %v", s.ID, err)
	}
	return took, cpu
}
