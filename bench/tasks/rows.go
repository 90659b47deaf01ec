package tasks

// Row is one line of the table about tasks.
type Row struct {
	Benchmark string
	Title     string
	Kind      Kind
	Metric    string // the number that counts, in nanoseconds
	NoRedis   bool   // it is a number about Redis, which some do without
}

// The rows' numbers, as the benchmarks print them.
const (
	PerTask   = "ns/task"
	RedisTime = "redis-ns/task"
	Median    = "p50-ns"
	Late      = "p99-ns"
)

// Rows returns the lines of the table in their order.
func Rows() []Row {
	return []Row{
		{"BenchmarkProcess10", "Process, 10 at a time", Process, PerTask, false},
		{"BenchmarkProcess100", "Process, 100 at a time", Process, PerTask, false},
		{"BenchmarkEnqueue1", "Enqueue, 1 goroutine", Enqueue, PerTask, false},
		{"BenchmarkEnqueue64", "Enqueue, 64 goroutines", Enqueue, PerTask, false},
		{"BenchmarkEnqueueBatch", "Enqueue 100 with one call, a task", Batch, PerTask, false},
		{"BenchmarkProcess10", "Redis CPU, process, 10 at a time", Process, RedisTime, true},
		{"BenchmarkProcess100", "Redis CPU, process, 100 at a time", Process, RedisTime, true},
		{"BenchmarkEnqueue1", "Redis CPU, enqueue, 1 goroutine", Enqueue, RedisTime, true},
		{"BenchmarkEnqueue64", "Redis CPU, enqueue, 64 goroutines", Enqueue, RedisTime, true},
		{"BenchmarkEnqueueBatch", "Redis CPU, enqueue 100 with one call", Batch, RedisTime, true},
		{"BenchmarkStartLatency", "Start of a task by an idle worker, p50", Latency, Median, false},
		{"BenchmarkStartLatency", "Start of a task by an idle worker, p99", Latency, Late, false},
	}
}
