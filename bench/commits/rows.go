package commits

// Row is one line of the table about commits.
type Row struct {
	Benchmark string
	Title     string
	Metric    string // the number that counts, in nanoseconds
	Delivered bool   // it is about when others know
}

// The rows' numbers, as the benchmarks print them.
const (
	PerCommit = "ns/commit"
	Median    = "p50-ns"
	Late      = "p99-ns"
)

// Rows returns the lines of the table in their order.
func Rows() []Row {
	return []Row{
		{"BenchmarkCommits", "`BEGIN`, `UPDATE`, `COMMIT`", PerCommit, false},
		{"BenchmarkCommitsSlowDisk", "The same, a flush takes 1 ms more", PerCommit, false},
		{"BenchmarkCommitsStatement", "`UPDATE` alone", PerCommit, false},
		{"BenchmarkDelivered", "From commit to Redis, 200/s, p50", Median, true},
		{"BenchmarkDelivered", "From commit to Redis, 200/s, p99", Late, true},
		{"BenchmarkDeliveredIdle", "From commit to Redis, 7/s, p50", Median, true},
		{"BenchmarkDeliveredIdle", "From commit to Redis, 7/s, p99", Late, true},
	}
}
