package cachetest

import (
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// choiceVariable forces one kind of Redis; see [Redis].
const choiceVariable = "CACHETEST_REDIS"

// home is the Redis of one test.
type home struct {
	connect func(testing.TB) rueidis.Client
	mini    bool
}

// homes are the Redis of the tests that run. A package variable, because nothing
// else connects two calls of Redis in one test.
var homes = struct {
	sync.Mutex
	of map[testing.TB]home
}{of: map[testing.TB]home{}}

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
	h, ok := homeOf(tb)
	if !ok {
		h = newHome(tb)
		homes.Lock()
		homes.of[tb] = h
		homes.Unlock()
		tb.Cleanup(func() {
			homes.Lock()
			defer homes.Unlock()
			delete(homes.of, tb)
		})
	}
	return h.connect(tb)
}

func homeOf(tb testing.TB) (home, bool) {
	tb.Helper()
	homes.Lock()
	defer homes.Unlock()
	h, ok := homes.of[tb]
	return h, ok
}

func newHome(tb testing.TB) home {
	tb.Helper()
	_, missing := exec.LookPath("redis-server")
	switch choice := os.Getenv(choiceVariable); choice {
	case "server":
		if missing != nil {
			tb.Fatalf("cachetest: %s=server, but there is none: install redis-server "+
				"(apt-get install redis-server, brew install redis) or unset %s: %v",
				choiceVariable, choiceVariable, missing)
		}
	case "miniredis":
		return newMini(tb)
	case "":
		if missing != nil {
			tb.Log("cachetest: no redis-server on the PATH: using miniredis, on which local tiers stay off and nothing expires")
			return newMini(tb)
		}
	default:
		tb.Fatalf("cachetest: %s=%s is neither server (install redis-server for it) nor miniredis (nothing to install)",
			choiceVariable, choice)
	}
	return newServer(tb)
}

func newServer(tb testing.TB) home {
	tb.Helper()
	s := redistest.Start(tb)
	// An orderly shutdown takes a tenth of a second, and there is nothing to save.
	tb.Cleanup(func() { s.Kill(tb) })
	return home{connect: func(tb testing.TB) rueidis.Client {
		tb.Helper()
		return s.Client(tb)
	}}
}

func newMini(tb testing.TB) home {
	tb.Helper()
	server := miniredis.RunT(tb)
	return home{mini: true, connect: func(tb testing.TB) rueidis.Client {
		tb.Helper()
		client, err := rueidis.NewClient(rueidis.ClientOption{
			InitAddress:       []string{server.Addr()},
			ForceSingleClient: true,
			AlwaysRESP2:       true, // with DisableCache: miniredis knows no CLIENT TRACKING
			DisableCache:      true,
		})
		if client != nil {
			tb.Cleanup(client.Close) // ForceSingleClient returns a client beside the error
		}
		if err != nil {
			tb.Fatalf("cachetest: connect to miniredis: %v", err)
		}
		return client
	}}
}
