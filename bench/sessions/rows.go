package sessions

// Row is one line of the table about sessions.
type Row struct {
	Benchmark string
	Title     string
	Kind      Kind
	Metric    string
	Unit      Unit
}

// Unit says what a number is.
type Unit int

// The units.
const (
	Nanoseconds Unit = iota
	Bytes
	Counts // mostly small; they are not compared as ratios
)

// The rows' numbers, as the benchmarks print them.
const (
	PerRequest         = "ns/request"
	CommandsPerRequest = "commands/request"
	AllocsPerRequest   = "allocs/request"
	CommandsPerMinute  = "commands/minute"
	WritesPerMinute    = "writes/minute"
	Heartbeats         = "heartbeats/s"
	PerLogin           = "ns/login"
	PerLogout          = "ns/logout"
	UsedBytes          = "used-B/session"
	KeyBytes           = "key-B/session"
	Keys               = "keys/session"
)

// Rows returns the lines of the table in their order.
func Rows() []Row {
	return []Row{
		{"BenchmarkVisit1", "Hot lookup, one goroutine", Visit, PerRequest, Nanoseconds},
		{"BenchmarkVisit64", "Hot lookup, 64 goroutines, 1,000 sessions", Visit, PerRequest, Nanoseconds},
		{"BenchmarkVisit1", "Commands executed for a lookup, one goroutine", Visit, CommandsPerRequest, Counts},
		{"BenchmarkVisit64", "Commands executed for a lookup, 64 goroutines", Visit, CommandsPerRequest, Counts},
		{"BenchmarkVisit1", "Allocations for a lookup", Visit, AllocsPerRequest, Counts},
		{"BenchmarkMinute", "A session's minute, 600 requests: commands received", Visit, CommandsPerMinute, Counts},
		{"BenchmarkMinute", "A session's minute, 600 requests: writes", Visit, WritesPerMinute, Counts},
		{"BenchmarkLogin64", "Login, 64 goroutines", Change, PerLogin, Nanoseconds},
		{"BenchmarkLogin64", "Logout, 64 goroutines", Change, PerLogout, Nanoseconds},
		{"BenchmarkMemory1", "Memory of Redis for a session, one a user", Room, UsedBytes, Bytes},
		{"BenchmarkMemory1", "`MEMORY USAGE` of its keys, one a user", Room, KeyBytes, Bytes},
		{"BenchmarkMemory1", "Keys for a session, one a user", Room, Keys, Counts},
		{"BenchmarkMemoryPacked1", "Memory of Redis for a session, one a user, `hash-max-listpack-value` 256", Room, UsedBytes, Bytes},
		{"BenchmarkMemory10", "Memory of Redis for a session, ten a user", Room, UsedBytes, Bytes},
		{"BenchmarkMemory10", "`MEMORY USAGE` of its keys, ten a user", Room, KeyBytes, Bytes},
		{"BenchmarkMemory10", "Keys for a session, ten a user", Room, Keys, Counts},
	}
}
