package cachetest

import (
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/ownredis"
)

// choiceVariable forces one kind of Redis; see [Redis].
const choiceVariable = "CACHETEST_REDIS"

// homes are the Redis of the tests that run.
var homes = ownredis.New("cachetest", choiceVariable)

// Redis returns a client of an empty Redis that belongs to this test alone. Client
// and Redis end with the test. Further calls with the same tb return further
// clients of the same Redis, as other processes have them; a subtest has a tb, and
// thus a Redis, of its own, and may also use its parent's client.
//
// Where a redis-server is on the PATH, it is one: a process on a free loopback port
// that keeps nothing on disk. Starting it takes some 50 ms. It may be used for
// anything: what FLUSHALL, CONFIG SET or CLIENT KILL do reaches no other test.
// (Tests could not share a server even under different database numbers: it tells
// all clients of a changed key, whatever their database, and so the tests would
// empty each other's local tiers.)
//
// Elsewhere it is miniredis inside the process, and the test's log says so. The
// promises of package cache about loads, fills and invalidations can be tested on
// it, but two things are different:
//
//   - It cannot push. Local tiers never become ready, and [WaitLocal] fails the
//     test; callers that wait for another process's load notice its end later.
//   - Its clock stands still. Nothing in it ever expires.
//
// The environment variable CACHETEST_REDIS forces one of them: "server", as is wise
// where all tests must count, or "miniredis". A test that cannot have what it asks
// for fails.
func Redis(tb testing.TB) rueidis.Client {
	tb.Helper()
	return homes.Redis(tb)
}
