package queue_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// BenchmarkProcess measures how fast one worker gets through tasks that do
// nothing and lie in the queue already.
func BenchmarkProcess(b *testing.B) {
	for _, concurrency := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("concurrency=%d", concurrency), func(b *testing.B) {
			const tasks = 1000
			server := redistest.Start(b)
			q := queue.New(server.Client(b), "email_queue", queue.Options{})
			add := make([]queue.NewTask, tasks)
			for i := range add {
				add[i].Payload = []byte(`{"to":"max@example.com","subject":"Willkommen!","body":"Hallo Max"}`)
			}
			done := make(chan struct{}, tasks)
			w := queue.NewWorker(q, func(context.Context, queue.Task) error {
				done <- struct{}{}
				return nil
			}, queue.WorkerOptions{Concurrency: concurrency})
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() { ended <- w.Run(ctx) }()
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				b.StopTimer()
				if _, err := q.Add(b.Context(), add...); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				for range tasks {
					<-done
				}
				n += tasks
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "tasks/s")
			cancel()
			if err := <-ended; err != nil {
				b.Error(err)
			}
		})
	}
}

// BenchmarkEnqueue measures one producer.
func BenchmarkEnqueue(b *testing.B) {
	q := queue.New(redistest.Shared(b).Client(b), redistest.Prefix(b), queue.Options{})
	payload := []byte(`{"to":"max@example.com","subject":"Willkommen!","body":"Hallo Max"}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := q.Enqueue(b.Context(), payload); err != nil {
			b.Fatal(err)
		}
	}
}
