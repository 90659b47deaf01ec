package sessiontest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// choiceVariable forces one kind of Redis; see [Redis].
const choiceVariable = "SESSIONTEST_REDIS"

// patience is how long anything here waits before it fails the test: far longer
// than a healthy test needs on a busy machine.
const patience = 20 * time.Second

// home is the Redis of one test.
type home struct {
	connect  func(testing.TB) rueidis.Client
	down, up func(testing.TB)
	clients  *clients
}

// clients are those that were handed out.
type clients struct {
	sync.Mutex
	all []rueidis.Client
}

// homes are the Redis of the tests that run. A package variable, because nothing
// else connects two calls in one test.
var homes = struct {
	sync.Mutex
	of map[testing.TB]home
}{of: map[testing.TB]home{}}

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
	client := h.connect(tb)
	h.clients.Lock()
	defer h.clients.Unlock()
	h.clients.all = append(h.clients.all, client)
	return client
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
	h, ok := homeOf(tb)
	if !ok {
		tb.Fatal("sessiontest: Outage: this test has no Redis; call Redis with the same testing.TB before")
	}
	h.down(tb)
	var once sync.Once
	return func() {
		tb.Helper()
		once.Do(func() {
			h.up(tb)
			h.reconnect(tb)
		})
	}
}

// reconnect returns when every client has an answer.
func (h home) reconnect(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	h.clients.Lock()
	defer h.clients.Unlock()
	for _, client := range h.clients.all {
		for {
			err := client.Do(ctx, client.B().Ping().Build()).Error()
			if err == nil || errors.Is(err, rueidis.ErrClosing) { // a client may end before its test
				break
			}
			if ctx.Err() != nil {
				tb.Fatalf("sessiontest: a client is not connected %v after the outage: %v", patience, err)
			}
			time.Sleep(time.Millisecond)
		}
	}
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
			tb.Fatalf("sessiontest: %s=server, but there is none: install redis-server or unset %s: %v",
				choiceVariable, choiceVariable, missing)
		}
	case "miniredis":
		return newMini(tb)
	case "":
		if missing != nil {
			tb.Log("sessiontest: no redis-server on the PATH: using miniredis, on which local tiers stay off and nothing expires")
			return newMini(tb)
		}
	default:
		tb.Fatalf("sessiontest: %s=%s is neither server nor miniredis", choiceVariable, choice)
	}
	return newServer(tb)
}

func newServer(tb testing.TB) home {
	tb.Helper()
	// The file outlives the process, not the machine: no write waits for the disk.
	s := redistest.Start(tb, redistest.WithArgs("--appendonly", "yes", "--appendfsync", "no"))
	// An orderly shutdown takes a tenth of a second, and there is nothing to save.
	tb.Cleanup(func() { s.Kill(tb) })
	return home{
		clients: &clients{},
		connect: func(tb testing.TB) rueidis.Client {
			tb.Helper()
			return s.Client(tb)
		},
		down: s.Kill,
		up:   s.Restart,
	}
}

func newMini(tb testing.TB) home {
	tb.Helper()
	server := miniredis.RunT(tb)
	return home{
		clients: &clients{},
		connect: func(tb testing.TB) rueidis.Client {
			tb.Helper()
			client, err := rueidis.NewClient(rueidis.ClientOption{
				InitAddress:       []string{server.Addr()},
				ForceSingleClient: true,
				AlwaysRESP2:       true, // with DisableCache: miniredis knows no CLIENT TRACKING
				DisableCache:      true,
				PipelineMultiplex: -1, // one connection, so that an answer after an outage speaks for all
			})
			if client != nil {
				tb.Cleanup(client.Close) // ForceSingleClient returns a client beside the error
			}
			if err != nil {
				tb.Fatalf("sessiontest: connect to miniredis: %v", err)
			}
			return client
		},
		down: func(testing.TB) { server.Close() },
		up: func(tb testing.TB) {
			tb.Helper()
			if err := server.Restart(); err != nil {
				tb.Fatalf("sessiontest: restart miniredis: %v", err)
			}
		},
	}
}
