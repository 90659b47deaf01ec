package tasks_test

import (
	"context"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/tasks"
)

// enqueuePace is about how many tasks a second a contestant enqueues.
const enqueuePace = 10_000

// BenchmarkEnqueue1 enqueues one task after the other.
func BenchmarkEnqueue1(b *testing.B) { enqueue(b, 1) }

// BenchmarkEnqueue64 enqueues one task after the other in each of 64 goroutines.
func BenchmarkEnqueue64(b *testing.B) { enqueue(b, 64) }

func enqueue(b *testing.B, goroutines int) {
	b.Helper()
	perform(b, tasks.Enqueue, func(b *testing.B, s setting) {
		b.Helper()
		s.enqueueAll(b, func(n int) error { return s.enqueueFrom(goroutines, n) })
	})
}

// BenchmarkEnqueueBatch enqueues 100 tasks with one call.
func BenchmarkEnqueueBatch(b *testing.B) {
	perform(b, tasks.Batch, func(b *testing.B, s setting) {
		b.Helper()
		batcher := s.queue.(tasks.Batcher)
		s.enqueueAll(b, func(n int) error {
			for from := 0; from < n; from += 100 {
				if err := batcher.EnqueueMany(context.Background(), mails(from, min(n, from+100))); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// enqueueAll measures a way to enqueue n tasks, and fails if Redis has another number.
func (s setting) enqueueAll(b *testing.B, add func(n int) error) {
	b.Helper()
	n := max(100, int(enqueuePace*long.Seconds())/100*100)
	if err := s.queue.Enqueue(context.Background(), tasks.NewMail(0)); err != nil { // connects
		b.Fatal(err)
	}
	before, start := s.cpu(b), time.Now()
	for range b.N {
		if err := add(n); err != nil {
			b.Fatal(err)
		}
	}
	took, cpu := time.Since(start), s.cpu(b)-before
	waiting, err := s.queue.Unsettled(context.Background())
	if err != nil || waiting != int64(b.N*n+1) {
		b.Fatalf("%s: %d tasks wait, want %d (%v)", s.ID, waiting, b.N*n+1, err)
	}
	done := float64(b.N * n)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took.Nanoseconds())/done, "ns/task")
	if !s.Postgres {
		b.ReportMetric(float64(cpu.Nanoseconds())/done, "redis-ns/task")
	}
}
