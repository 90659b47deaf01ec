package commits_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/bench/commits"
)

// BenchmarkDelivered commits about 200 times a second and measures the time from the
// answer to COMMIT until the entry is dropped from Redis.
func BenchmarkDelivered(b *testing.B) {
	deliverAll(b, *samples, func() time.Duration { return 2500*time.Microsecond + rand.N(5*time.Millisecond) })
}

// BenchmarkDeliveredIdle does the same while so little happens that whoever follows is
// asleep.
func BenchmarkDeliveredIdle(b *testing.B) {
	deliverAll(b, max(3, *samples/5), func() time.Duration { return 100*time.Millisecond + rand.N(100*time.Millisecond) })
}

func deliverAll(b *testing.B, n int, pause func() time.Duration) {
	b.Helper()
	for _, w := range ways() {
		if w.ID == "plain" {
			continue
		}
		b.Run(w.ID, func(b *testing.B) {
			heard := make(chan delivery, commits.Users)
			p := open(b, w, func(id int64) { heard <- delivery{id, time.Now()} })
			took := deliver(b, p, n, pause, heard)
			slices.Sort(took)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(took[(n-1)/2]), "p50-ns")
			b.ReportMetric(float64(took[(99*n+99)/100-1]), "p99-ns")
			b.ReportMetric(float64(took[n-1]), "max-ns")
		})
	}
}

type delivery struct {
	id int64
	at time.Time
}

// deliver changes n rows, each once, and returns how long the entry of each stayed.
func deliver(b *testing.B, p commits.Place, n int, pause func() time.Duration, heard <-chan delivery) []time.Duration {
	b.Helper()
	conn, err := pgx.Connect(context.Background(), p.DSN)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.Background())
	committed := make([]time.Time, n)
	for i := range committed {
		time.Sleep(pause())
		if err := commits.Transaction(context.Background(), conn, int64(i)+1); err != nil {
			b.Fatal(err)
		}
		committed[i] = time.Now()
	}
	took, left := make([]time.Duration, n), n
	seen := make([]bool, n)
	for left > 0 {
		select {
		case d := <-heard:
			if i := d.id - 1; !seen[i] { // at least once
				seen[i] = true
				took[i] = max(0, d.at.Sub(committed[i])) // who follows may know before the client does
				left--
			}
		case <-time.After(10 * time.Second):
			b.Fatalf("%d of %d changes were not delivered", left, n)
		}
	}
	return took
}
