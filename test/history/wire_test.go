package history_test

// Versions of a row count from 1. Every goneEvery-th says that there is no such row.
const goneEvery = 5

// The keys. What a local tier misses shows only where nothing is written for longer
// than the bound on staleness; races show where much is written.
const (
	quietKey = 0 // written on command only
	// One for each worker of the beginning, written in bursts by that worker, through
	// its remote cache, with rests between the bursts that are longer than the bound.
	firstBurstKey = 1
	firstHotKey   = firstBurstKey + owners // written all the time by everybody
	keysOfRig     = firstHotKey + 4
)

// Each worker has two caches under the same prefix. To the promises they are like
// two processes: what one of them promises for itself, it does not promise for the
// other.
const (
	remote = iota // reads go through Redis
	local         // with a local tier
	cachesPerWorker
)

// settings is what a worker learns at its start, as JSON in its environment.
type settings struct {
	Worker   int
	Control  string // where the test listens
	Replies  string // Redis, for the connection that carries the commands
	Pushes   string // Redis, for all other connections
	Database string
	Prefix   string
	Plant    string // the bug that this worker has
	FillSHA  string // digest of the script that stores what was loaded
}

// The bugs.
const (
	plantLeaseless = "leaseless" // a load is stored whatever became of its lease
	plantDeaf      = "deaf"      // pushed invalidations are lost
)

// command is what the test tells a worker.
type command struct {
	Do string
}

const (
	doGate  = "gate"  // let loads of the quiet key stop between load and fill
	doTouch = "touch" // write the quiet key
	doStop  = "stop"
)

// event is what a worker tells the test, one JSON object a line. Instants are
// those of now.
type event struct {
	Kind    string `json:"kind"`
	Worker  int    `json:"worker"`
	Cache   int    `json:"cache"`
	Key     int    `json:"key"`
	Version int64  `json:"version,omitempty"`

	// A read runs from Start to End. A write sends its UPDATE at Start, has the answer
	// at Written, which is when it calls Invalidate, and that returns at End.
	Start   int64 `json:"start"`
	Written int64 `json:"written,omitempty"`
	End     int64 `json:"end"`

	Gone        bool   `json:"gone,omitempty"`        // a read that found no such row
	Source      string `json:"source,omitempty"`      // of a read
	Stored      bool   `json:"stored,omitempty"`      // what the read loaded was stored in Redis
	Unavailable bool   `json:"unavailable,omitempty"` // the read loaded because Redis could not be asked
	Confirmed   bool   `json:"confirmed,omitempty"`   // of a write
	Err         string `json:"err,omitempty"`
}

// The kinds of events.
const (
	kindRead    = "read"
	kindWrite   = "write"
	kindSettled = "settled" // no invalidation of this cache that had failed before Start is open at End
	kindGated   = "gated"   // a load stopped at the gate; it holds the lease
	kindFailed  = "failed"  // something that never happens in a correct run
	kindStopped = "stopped"
)

// who numbers the caches of all workers.
func (e event) who() int { return e.Worker*cachesPerWorker + e.Cache }
