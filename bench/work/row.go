package work

// Kind is an ability that a row asks for.
type Kind int

// The kinds. A contestant that lacks one says why.
const (
	Local    Kind = iota // answers from memory of its process
	Redis                // answers from Redis, with no local tier before it
	Many                 // reads many keys with one exchange
	Reload               // forgets a key on demand and loads it again
	Stampede             // shares loads among those who ask at once
)

// Row is one line of the table.
type Row struct {
	// Benchmark is the name of its benchmark function.
	Benchmark string
	// Procs is GOMAXPROCS; 0 stands for all cores.
	Procs int
	// Title says what is measured.
	Title string
	// Kind is what a contestant must be able to do.
	Kind Kind
	// Metric is the unit of the number that counts, as in the benchmark's output.
	Metric string
}

// Rows returns the lines of the table in their order.
func Rows() []Row {
	const perOp = "ns/op"
	return []Row{
		{"BenchmarkLocalHit", 0, "Local hit, one key, one goroutine", Local, perOp},
		{"BenchmarkLocalHitParallel", 1, "Local hit, one key, parallel on 1 core", Local, perOp},
		{"BenchmarkLocalHitParallel", 2, "Local hit, one key, parallel on 2 cores", Local, perOp},
		{"BenchmarkLocalHit10000Parallel", 0, "Local hit, 10,000 keys, parallel", Local, perOp},
		{"BenchmarkRedisHit", 0, "Redis hit, one key, 64 goroutines", Redis, perOp},
		{"BenchmarkRedisHit10000", 0, "Redis hit, 10,000 keys, 64 goroutines", Redis, perOp},
		{"BenchmarkRedisMany100", 0, "100 keys from Redis at once", Many, perOp},
		{"BenchmarkReload", 0, "Change, invalidate, read again", Reload, perOp},
		{"BenchmarkStampede", 0, "Stampede: loads of a cold key, 1,000 readers in 4 clients", Stampede, "loads/op"},
	}
}
