package nearcache_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/nearcache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

type watcher struct {
	*nearcache.Tracker
	changes chan string
	gaps    atomic.Int64
	states  chan error
}

func track(t *testing.T, server *redistest.Server, prefixes ...string) *watcher {
	t.Helper()
	return trackClient(t, server.Client(t), prefixes...)
}

// trackClient is patient: no pause of a busy machine is a gap.
func trackClient(t *testing.T, client rueidis.Client, prefixes ...string) *watcher {
	t.Helper()
	return trackWithin(t, 6*time.Second, client, prefixes...)
}

func trackWithin(t *testing.T, staleness time.Duration, client rueidis.Client, prefixes ...string) *watcher {
	t.Helper()
	w := &watcher{changes: make(chan string, 1000), states: make(chan error, 100)}
	w.Tracker = nearcache.NewTracker(client, nearcache.TrackerOptions{
		Prefixes: prefixes, MaxStaleness: staleness,
		OnChange: func(name string) { w.changes <- name },
		OnGap:    func() { w.gaps.Add(1) },
		OnState:  func(err error) { w.states <- err },
	})
	t.Cleanup(w.Close)
	return w
}

// patience is how long a test waits for what must happen.
const patience = time.Minute

func receive[T any](t *testing.T, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("%v passed and not yet: %s", patience, what)
		panic("unreachable")
	}
}

func (w *watcher) state(t *testing.T, ready bool) {
	t.Helper()
	if err := receive(t, "news", w.states); (err == nil) != ready {
		t.Fatalf("news: %v, want ready = %v", err, ready)
	}
}

func TestChangesOfTrackedKeysAreReported(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	w := track(t, server, "a:", "{a:")
	w.state(t, true)
	if !w.Fresh(w.Now()) {
		t.Error("ready and not fresh")
	}
	woken, stop := w.Watch("{a:1}:lease")
	defer stop()
	server.CLI(t, "SET", "b:1", "x")
	server.CLI(t, "SET", "a:1", "x")
	if name := receive(t, "push", w.changes); name != "a:1" {
		t.Errorf("pushed: %s", name)
	}
	server.CLI(t, "SET", "{a:1}:lease", "x")
	receive(t, "wake", woken)
	gaps := w.gaps.Load()
	server.CLI(t, "FLUSHALL")
	w.state(t, false)
	w.state(t, true)
	if w.gaps.Load() <= gaps {
		t.Error("a flush was not reported")
	}
}

func TestALostConnectionIsAGap(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	w := track(t, server, "a:")
	w.state(t, true)
	gaps := w.gaps.Load()
	server.CLI(t, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
	w.state(t, false)
	w.state(t, true)
	if w.gaps.Load() <= gaps {
		t.Error("no gap reported")
	}
	server.CLI(t, "SET", "a:2", "x")
	if name := receive(t, "push", w.changes); name != "a:2" {
		t.Errorf("pushed: %s", name)
	}
}

// A heartbeat that was sent before the freeze is good for a second, no longer.
func TestAFrozenServerIsNotTrustedForLongerThanTheBound(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	w := trackWithin(t, time.Second, server.Client(t), "a:")
	w.state(t, true)
	server.Freeze(t)
	frozen := w.Now()
	if w.Fresh(frozen + int64(time.Second)) {
		t.Error("fresh for longer than a second after the freeze")
	}
	w.state(t, false)
	server.Thaw(t)
	w.state(t, true)
}

// Redis accepts CLIENT TRACKING from a client that cannot take pushes.
func TestAClientWithoutPushesIsNeverReady(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t, func(o *rueidis.ClientOption) { o.AlwaysRESP2, o.DisableCache = true, true })
	w := trackClient(t, client, "a:")
	w.state(t, false)
	if w.Fresh(w.Now()) {
		t.Error("fresh without pushes")
	}
}
