package cachetest_test

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

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/cache/cachetest"
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

func (f *fakeTB) Helper()      {}
func (f *fakeTB) Name() string { return "fake" }

func (f *fakeTB) Fatal(args ...any) { f.fail(fmt.Sprint(args...)) }

func (f *fakeTB) Fatalf(format string, args ...any) { f.fail(fmt.Sprintf(format, args...)) }

func (f *fakeTB) fail(message string) {
	f.mu.Lock()
	f.failures = append(f.failures, message)
	f.mu.Unlock()
	runtime.Goexit()
}

func (f *fakeTB) Log(args ...any) { f.Logf("%s", fmt.Sprint(args...)) }

func (f *fakeTB) Logf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.logs = append(f.logs, fmt.Sprintf(format, args...))
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

type user struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// newUsers returns a cache with a local tier, so patient that no busy machine makes
// it give up.
func newUsers(t *testing.T, client rueidis.Client, load cache.Loader[int64, user], o cache.Observer) *cache.Cache[int64, user] {
	t.Helper()
	c := cache.New(client, "cache:user", load, cache.Options{
		LoadTimeout: 40 * time.Second, RedisTimeout: 20 * time.Second, LocalBytes: 1 << 20, Observer: o,
	})
	t.Cleanup(c.Close)
	return c
}

func do(t *testing.T, client rueidis.Client, args ...string) rueidis.RedisResult {
	t.Helper()
	return client.Do(t.Context(), client.B().Arbitrary(args...).Build())
}

// wait receives from a channel that a goroutine of the test answers on.
func wait[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("no answer after 20 s")
		panic("unreachable")
	}
}

var _ cache.Loader[int64, user] = (&cachetest.Source[int64, user]{}).Load

var _ cache.Observer = (*cachetest.Recorder)(nil)

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
