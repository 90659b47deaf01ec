package limits

// Row is one line of the table about rate limits.
type Row struct {
	Benchmark string
	Title     string
	Kind      Kind
	Metric    string
	Unit      Unit
}

// Kind is what a row measures.
type Kind int

// The kinds.
const (
	Admit  Kind = iota // requests under one rule that are admitted
	Admit3             // under three rules
	Deny               // requests that are refused
)

// Unit says what a number is.
type Unit int

// The units.
const (
	Nanoseconds Unit = iota
	Counts           // mostly small; they are not compared as ratios
)

// The rows' numbers, as the benchmarks print them.
const (
	PerRequest         = "ns/request"
	RedisPerRequest    = "redis-ns/request"
	CommandsPerRequest = "commands/request"
	AllocsPerRequest   = "allocs/request"
)

// Rows returns the lines of the table in their order.
func Rows() []Row {
	return []Row{
		{"BenchmarkAdmitMany64", "Admitted, 64 goroutines, 10,000 subjects", Admit, PerRequest, Nanoseconds},
		{"BenchmarkAdmitOne64", "Admitted, 64 goroutines, one subject", Admit, PerRequest, Nanoseconds},
		{"BenchmarkAdmit1", "Admitted, one goroutine", Admit, PerRequest, Nanoseconds},
		{"BenchmarkAdmitMany64", "Processor time of Redis, 10,000 subjects", Admit, RedisPerRequest, Nanoseconds},
		{"BenchmarkAdmitOne64", "Processor time of Redis, one subject", Admit, RedisPerRequest, Nanoseconds},
		{"BenchmarkAdmit1", "Commands executed, one goroutine", Admit, CommandsPerRequest, Counts},
		{"BenchmarkAdmitMany64", "Commands executed, 64 goroutines", Admit, CommandsPerRequest, Counts},
		{"BenchmarkAdmitMany64", "Allocations, 64 goroutines", Admit, AllocsPerRequest, Counts},
		{"BenchmarkThreeRules64", "Three rules, 64 goroutines, 10,000 subjects", Admit3, PerRequest, Nanoseconds},
		{"BenchmarkThreeRules64", "Three rules: processor time of Redis", Admit3, RedisPerRequest, Nanoseconds},
		{"BenchmarkDenied64", "Denied, 64 goroutines, 1,000 subjects", Deny, PerRequest, Nanoseconds},
		{"BenchmarkDenied1", "Denied, one goroutine", Deny, PerRequest, Nanoseconds},
		{"BenchmarkDenied1", "Denied: commands executed", Deny, CommandsPerRequest, Counts},
		{"BenchmarkDenied1", "Denied: allocations", Deny, AllocsPerRequest, Counts},
	}
}
