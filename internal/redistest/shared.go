package redistest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

// The server of this test process and the error that kept it from starting.
// Package variables, because the tests of a process have nothing else in common.
var (
	sharedServer = sync.OnceValues(func() (*Server, error) {
		s, _, err := start() // its directory is removed by a later test process
		return s, err
	})
	prefixes atomic.Int64
)

// Shared returns the one server of this test process and starts it on first use.
// Tests run on it in parallel, each under its own [Prefix]; a test that needs a
// fault, FLUSHALL or CONFIG SET takes a private server from [Start].
//
// The server lives until the process ends. It owns goroutines, which
// [IgnoreLeaks] tells goleak about.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	s, err := sharedServer()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// Prefix returns the beginning of key names that no other call in this process
// returns, as "TestFoo-7:". It holds no braces and no glob characters.
func Prefix(tb testing.TB) string {
	tb.Helper()
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, tb.Name())
	return fmt.Sprintf("%.40s-%d:", name, prefixes.Add(1))
}

// IgnoreLeaks names the goroutines that may outlive the tests of a package. Pass
// them to goleak.VerifyTestMain. A running server owns three: one waits for the
// process, two read its output; so they matter to users of [Shared], while servers
// from [Start] leave nothing behind. A closed rueidis cluster client may own some for up
// to 5 s: they sleep, before a refresh of the topology and before the connections
// that it made obsolete are closed.
func IgnoreLeaks() []goleak.Option {
	const process = "github.com/speedlayer/speedlayer/internal/supervise.(*Process)."
	return []goleak.Option{
		goleak.IgnoreAnyFunction(process + "wait"),
		goleak.IgnoreAnyFunction(process + "drain"),
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient)._refresh.func2"),
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient).redirectOrNew.func1"),
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"),
	}
}
