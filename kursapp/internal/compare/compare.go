package compare

import (
	"errors"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// ErrRunning is the error of a Start while a comparison runs.
var ErrRunning = errors.New("compare: a comparison is running")

// The bounds of a comparison.
const (
	MinRequests    = 100
	MaxRequests    = 20_000
	MaxConcurrency = 64
)

// Request is what to compare. What is outside of the bounds counts as the bound.
type Request struct {
	// Requests is how many reads each way makes.
	Requests int
	// Concurrency is how many of them at the same time.
	Concurrency int
	// UserID is the user that is read.
	UserID int64
}

func (r Request) bounded() Request {
	r.Requests = min(max(r.Requests, MinRequests), MaxRequests)
	r.Concurrency = min(max(r.Concurrency, 1), MaxConcurrency)
	return r
}

// State is where a comparison is.
type State string

// The states.
const (
	Running   State = "running"
	Done      State = "done"
	Cancelled State = "cancelled"
	Failed    State = "failed"
)

// Failure says why a comparison failed.
type Failure string

// The failures.
const (
	NoFailure    Failure = ""
	RedisGone    Failure = "redis_gone"     // Redis could not be asked, or takes nothing
	RedisEmpty   Failure = "redis_empty"    // Redis does not keep what is stored there
	DatabaseGone Failure = "database_gone"  // the database could not be asked
	UserGone     Failure = "user_not_found" // somebody deleted the user
	TooSlow      Failure = "too_slow"       // the deadline came first
	Internal     Failure = "internal"
)

// Comparison is one comparison, as it is at the moment it was asked for.
type Comparison struct {
	ID      string
	State   State
	Failure Failure // of Failed
	Request Request

	StartedAt  time.Time
	FinishedAt time.Time // zero while it runs

	// Results are of the ways that have begun, in their order.
	Results []Result
	// NoLocal is true where memory could not be used, for instance because this Redis
	// cannot push. There is no result of it then.
	NoLocal bool
	// Clock is what an empty sample takes.
	Clock time.Duration
	// Database and Redis say what was asked: "SQLite", "Redis 7.2.4"; empty where
	// that is not known.
	Database, Redis string
}

// Way is where reads are answered.
type Way string

// The ways, in the order in which they run.
const (
	Database Way = "database"
	Redis    Way = "redis"
	Local    Way = "local"
)

// Result is what a way has brought. Durations are zero while there is no sample.
type Result struct {
	Way       Way
	Done      int64         // reads that were measured
	Errors    int64         // reads without an answer, or with a wrong one
	Elsewhere int64         // reads that another way answered
	Duration  time.Duration // from the moment when all workers begin until the last one ends

	P50, P90, P99, Min, Max, Mean time.Duration

	Histogram      []Bucket // without empty ones
	ReadsPerSample int
}

// Throughput is how many reads a second were measured.
func (r Result) Throughput() float64 {
	if r.Duration <= 0 {
		return 0
	}
	return float64(r.Done) / r.Duration.Seconds()
}

// failure is the error that ends a comparison.
type failure struct {
	is    Failure
	cause error
}

func (f *failure) Error() string {
	if f.cause == nil {
		return "compare: " + string(f.is)
	}
	return "compare: " + string(f.is) + ": " + f.cause.Error()
}

func (f *failure) Unwrap() error { return f.cause }

// databaseFailure says what an error of the database or of a loader means. Nil: it is
// about one read only.
func databaseFailure(err error) error {
	switch kurs.CodeOf(err) {
	case kurs.CodeUserNotFound:
		return &failure{UserGone, err}
	case kurs.CodeUnavailable:
		return &failure{DatabaseGone, err}
	}
	return nil
}
