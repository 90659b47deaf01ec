package tasks_test

import (
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/tasks"
)

// What the queue must not fall behind. Each is a ratio within one attempt, with much
// room below what docs/benchmarks.md shows: a busy machine shall not fail it, the loss
// of batches shall.
const (
	leadOverAsynq      = 3   // times as fast
	redisShareOfAsynq  = 0.3 // of its processor time
	leadingConcurrency = 100
	attempts           = 4
)

// TestTheQueueKeepsItsLead fails if the queue has lost what makes it fast: one fetch
// and one acknowledgement for many tasks.
func TestTheQueueKeepsItsLead(t *testing.T) {
	var fast, cheap bool
	for range attempts {
		our, ourCPU := pace(t, "speedlayer")
		their, theirCPU := pace(t, "asynq")
		lead, share := float64(their)/float64(our), float64(ourCPU)/float64(theirCPU)
		fast, cheap = fast || lead >= leadOverAsynq, cheap || share <= redisShareOfAsynq
		t.Logf("%.1f times as fast as asynq, with %.2f of the processor time of Redis", lead, share)
		if fast && cheap {
			return
		}
	}
	t.Errorf("in none of %d attempts %v times as fast as asynq with at most %v of the processor time of Redis",
		attempts, leadOverAsynq, redisShareOfAsynq)
}

// pace is the time and the processor time of Redis that a task takes.
func pace(t *testing.T, id string) (took, cpu time.Duration) {
	t.Helper()
	for _, c := range tasks.All() {
		if c.ID != id {
			continue
		}
		t.Run(id, func(t *testing.T) {
			n := c.Pace(leadingConcurrency) / 4
			took, cpu = open(t, c).processOnce(t, leadingConcurrency, n)
			took, cpu = took/time.Duration(n), cpu/time.Duration(n)
		})
		return took, cpu
	}
	t.Fatalf("there is no contestant %s", id)
	return 0, 0
}

// TestRowsHaveBenchmarks: a row whose benchmark was renamed would be missing in the
// table.
func TestRowsHaveBenchmarks(t *testing.T) {
	benchmarks := map[string]func(*testing.B){
		"BenchmarkProcess10": BenchmarkProcess10, "BenchmarkProcess100": BenchmarkProcess100,
		"BenchmarkEnqueue1": BenchmarkEnqueue1, "BenchmarkEnqueue64": BenchmarkEnqueue64,
		"BenchmarkEnqueueBatch": BenchmarkEnqueueBatch, "BenchmarkStartLatency": BenchmarkStartLatency,
	}
	for _, row := range tasks.Rows() {
		if benchmarks[row.Benchmark] == nil {
			t.Errorf("row %q names %s, which is not in the list", row.Title, row.Benchmark)
		}
	}
}
