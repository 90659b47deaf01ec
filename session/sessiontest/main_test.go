package sessiontest_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/session"
)

// TestMain ignores no leaks: nothing of this package outlives a test.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeTB is a test inside a test, which may fail. Like the real one it ends the
// goroutine that calls Fatalf. A method that is not here panics.
type fakeTB struct {
	testing.TB
	mu       sync.Mutex
	failures []string
	logs     []string
	cleanups []func()
}

func (f *fakeTB) Helper()                  {}
func (f *fakeTB) Name() string             { return "fake" }
func (f *fakeTB) Context() context.Context { return context.Background() }

func (f *fakeTB) Fatal(args ...any) { f.fail(fmt.Sprint(args...)) }

func (f *fakeTB) Fatalf(format string, args ...any) { f.fail(fmt.Sprintf(format, args...)) }

func (f *fakeTB) fail(message string) {
	f.mu.Lock()
	f.failures = append(f.failures, message)
	f.mu.Unlock()
	runtime.Goexit()
}

func (f *fakeTB) Log(args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.logs = append(f.logs, fmt.Sprint(args...))
}

func (f *fakeTB) Cleanup(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cleanups = append(f.cleanups, fn)
}

// run calls body in a goroutine of its own and reports whether it came to its end.
func (f *fakeTB) run(body func()) (returned bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		body()
		returned = true
	}()
	<-done
	return returned
}

// end is the end of the inner test.
func (f *fakeTB) end() {
	for len(f.cleanups) > 0 {
		last := len(f.cleanups) - 1
		fn := f.cleanups[last]
		f.cleanups = f.cleanups[:last]
		fn()
	}
}

// inner returns an inner test that ends with the outer one at the latest.
func inner(t *testing.T) *fakeTB {
	t.Helper()
	f := &fakeTB{}
	t.Cleanup(f.end)
	return f
}

// wantFatal fails unless body failed the inner test once, with all of these words,
// and went no further.
func wantFatal(t *testing.T, f *fakeTB, body func(), words ...string) {
	t.Helper()
	if f.run(body) {
		t.Error("the test went on after its failure")
	}
	if len(f.failures) != 1 {
		t.Fatalf("failures: %q, want one", f.failures)
	}
	for _, word := range words {
		if !strings.Contains(f.failures[0], word) {
			t.Errorf("the message lacks %q:\n%s", word, f.failures[0])
		}
	}
}

// backends are the kinds of Redis. Tests on them set the environment and therefore
// do not run in parallel.
var backends = []string{"server", "miniredis"}

type profile struct {
	Name string `json:"name"`
}

type manager = session.Manager[int64, profile]

func newManager(tb testing.TB, client rueidis.Client, o session.Options) *manager {
	tb.Helper()
	if o.RedisTimeout == 0 {
		o.RedisTimeout = 20 * time.Second
	}
	m := session.New[int64, profile](client, o)
	tb.Cleanup(m.Close)
	return m
}
