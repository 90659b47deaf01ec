package sessiontest

import (
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/ownredis"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// patience is how long anything here waits before it fails the test: far longer
// than a healthy test needs on a busy machine.
const patience = 20 * time.Second

// homes are the Redis of the tests that run. The server's file outlives its process,
// not the machine: no write waits for the disk.
var homes = ownredis.New("sessiontest", "SESSIONTEST_REDIS",
	redistest.WithArgs("--appendonly", "yes", "--appendfsync", "no"))

// Redis returns a client of an empty Redis that belongs to this test alone. Client
// and Redis end with the test. Further calls with the same tb return further
// clients of the same Redis, as other processes have them; a subtest has a tb, and
// thus a Redis, of its own, and may also use its parent's client.
//
// Where a redis-server is on the PATH, it is one: a process on a free loopback port,
// which takes some 50 ms to start. Elsewhere it is miniredis inside the process, and
// the test's log says so. That one cannot push, so that local tiers never become
// ready, and its clock stands still: nothing in it ever expires, but [Expire] works.
//
// The environment variable SESSIONTEST_REDIS forces one of them: "server", as is
// wise where all tests must count, or "miniredis". A test that cannot have what it
// asks for fails.
func Redis(tb testing.TB) rueidis.Client {
	tb.Helper()
	return homes.Redis(tb)
}

// Outage makes the Redis of a test unavailable until end is called, or to the test's
// end: connections break, new ones are refused. Its data survive, so that a test can
// see that nobody was logged out. It belongs to the test that called [Redis]. When
// end returns, all clients that Redis returned to that test are connected again; local
// tiers follow a little later. Calling end again does nothing.
//
// A manager with a local tier goes on finding sessions in it for Options.MaxStaleness.
// A test that wants its 503 at once turns the tier off, with Options.LocalBytes -1.
func Outage(tb testing.TB) (end func()) {
	tb.Helper()
	return homes.Outage(tb)
}
