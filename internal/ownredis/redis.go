package ownredis

import (
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

const install = "install redis-server (apt-get install redis-server, brew install redis)"

// Homes are the Redis of the tests that run. A package keeps them in a variable,
// because nothing else connects two of its calls in one test.
type Homes struct {
	owner, variable string
	options         []redistest.Option

	mu sync.Mutex
	of map[testing.TB]*home
}

// New returns the homes of tests that use a package, whose name begins all messages.
// The environment variable forces one kind of Redis, "server" or "miniredis"; the
// options are those of a server.
func New(owner, variable string, options ...redistest.Option) *Homes {
	return &Homes{owner: owner, variable: variable, options: options, of: map[testing.TB]*home{}}
}

// home is the Redis of one test.
type home struct {
	mini     bool
	connect  func(testing.TB) rueidis.Client
	down, up func(testing.TB)

	mu      sync.Mutex
	clients []rueidis.Client // that were handed out
}

// Redis returns a client of the test's Redis, which the first call starts. Both end
// with the test.
func (h *Homes) Redis(tb testing.TB) rueidis.Client {
	tb.Helper()
	own, ok := h.find(tb)
	if !ok {
		own = h.start(tb)
		h.mu.Lock()
		h.of[tb] = own
		h.mu.Unlock()
		tb.Cleanup(func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			delete(h.of, tb)
		})
	}
	client := own.connect(tb)
	own.mu.Lock()
	defer own.mu.Unlock()
	own.clients = append(own.clients, client)
	return client
}

// Mini reports whether the test has a Redis, and it is miniredis.
func (h *Homes) Mini(tb testing.TB) bool {
	tb.Helper()
	own, ok := h.find(tb)
	return ok && own.mini
}

func (h *Homes) find(tb testing.TB) (*home, bool) {
	tb.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	own, ok := h.of[tb]
	return own, ok
}

func (h *Homes) start(tb testing.TB) *home {
	tb.Helper()
	_, missing := exec.LookPath("redis-server")
	switch choice := os.Getenv(h.variable); choice {
	case "server":
		if missing != nil {
			tb.Fatalf("%s: %s=server, but there is none: %s or unset %s: %v", h.owner, h.variable, install, h.variable, missing)
		}
	case "miniredis":
		return h.startMini(tb)
	case "":
		if missing != nil {
			tb.Log(h.owner + ": no redis-server on the PATH: using miniredis, on which local tiers stay off and nothing expires")
			return h.startMini(tb)
		}
	default:
		tb.Fatalf("%s: %s=%s is neither server (%s for it) nor miniredis (nothing to install)",
			h.owner, h.variable, choice, install)
	}
	return h.startServer(tb)
}

func (h *Homes) startServer(tb testing.TB) *home {
	tb.Helper()
	s := redistest.Start(tb, h.options...)
	// An orderly shutdown takes a tenth of a second, and there is nothing to save.
	tb.Cleanup(func() { s.Kill(tb) })
	return &home{
		connect: func(tb testing.TB) rueidis.Client {
			tb.Helper()
			return s.Client(tb)
		},
		down: s.Kill,
		up:   s.Restart,
	}
}
