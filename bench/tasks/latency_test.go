package tasks_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/tasks"
)

// BenchmarkStartLatency gives an idle worker a task now and then, and measures the time
// from the call of Enqueue to the start of the handler.
func BenchmarkStartLatency(b *testing.B) {
	perform(b, tasks.Latency, func(b *testing.B, s setting) {
		b.Helper()
		began := make(chan time.Time, 1)
		stop, err := s.queue.Work(b.Context(), 10, func(tasks.Mail) { began <- time.Now() })
		if err != nil {
			b.Fatal(err)
		}
		s.sample(b, began) // connects, and loads scripts
		var took []time.Duration
		// Those who look at intervals of a second get fewer tasks, or it would take hours.
		for end := time.Now().Add(latencyBudget()); len(took) < *samples && (time.Now().Before(end) || len(took) < 3); {
			time.Sleep(5*time.Millisecond + rand.N(20*time.Millisecond+s.Interval))
			took = append(took, s.sample(b, began))
		}
		if err := stop(); err != nil {
			b.Fatal(err)
		}
		slices.Sort(took)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(quantile(took, 0.5)), "p50-ns")
		b.ReportMetric(float64(quantile(took, 0.99)), "p99-ns")
		b.ReportMetric(float64(len(took)), "samples")
	})
}

// latencyBudget is enough for all samples of those who need no interval.
func latencyBudget() time.Duration { return time.Duration(*samples) * 40 * time.Millisecond }

func (s setting) sample(b *testing.B, began <-chan time.Time) time.Duration {
	b.Helper()
	start := time.Now()
	if err := s.queue.Enqueue(context.Background(), tasks.NewMail(0)); err != nil {
		b.Fatal(err)
	}
	select {
	case at := <-began:
		return at.Sub(start)
	case <-time.After(stuck):
		b.Fatalf("%s: a task was not started within %v", s.ID, stuck)
		return 0
	}
}

// quantile of sorted values: the smallest one that the share q of them does not exceed.
func quantile(sorted []time.Duration, q float64) time.Duration {
	i := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}
