package redisx_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/internal/redisx"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, redistest.IgnoreLeaks()...)
}

// open returns a client whose loop runs until the test's end.
func open(t *testing.T, url string, lo redisx.LazyOptions) *redisx.Lazy {
	t.Helper()
	opt, err := redisx.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	l := redisx.Open(opt, lo)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		l.Close()
	})
	return l
}

// patience is how long a test waits for what must happen.
const patience = time.Minute

// eventually fails the test unless the condition comes to hold.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", patience, what)
		case <-tick.C:
		}
	}
}

// set writes a key with a deadline of some seconds and fails the test if that takes
// much longer.
func set(t *testing.T, c rueidis.Client, key string) error {
	t.Helper()
	return setWithin(t, c, key, 5*time.Second)
}

func setWithin(t *testing.T, c rueidis.Client, key string, limit time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	began := time.Now()
	err := c.Do(ctx, c.B().Set().Key(key).Value("v").Build()).Error()
	if took := time.Since(began); took > limit+20*time.Second {
		t.Errorf("SET took %v in spite of its deadline", took)
	}
	return err
}

func TestLazyConnectsWhenRedisComesLater(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Kill(t)
	l := open(t, s.URL(), redisx.LazyOptions{})
	eventually(t, "the failed attempt is reported", func() bool {
		return l.Err() != nil && !errors.Is(l.Err(), redisx.ErrNotConnected)
	})
	if err := set(t, l, "k"); !errors.Is(err, redisx.ErrNotConnected) {
		t.Errorf("SET while Redis is down: %v, want ErrNotConnected", err)
	}
	s.Restart(t)
	eventually(t, "SET works", func() bool { return set(t, l, "k") == nil })
	if got := s.CLI(t, "GET", "k"); got != "v" {
		t.Errorf("GET k = %q, want v", got)
	}
	eventually(t, "healthy", l.Healthy)
}

func TestLazyFailsFastWhileRedisIsKilled(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	l := open(t, s.URL(), redisx.LazyOptions{})
	eventually(t, "healthy", l.Healthy)
	s.Kill(t)
	if err := set(t, l, "k"); !redisx.Unavailable(err) {
		t.Errorf("SET after the kill: %v, want an error that means unavailable", err)
	}
	eventually(t, "unhealthy", func() bool { return !l.Healthy() })
	if err := set(t, l, "k"); !redisx.Unavailable(err) {
		t.Errorf("SET while unhealthy: %v, want an error that means unavailable", err)
	}
	s.Restart(t)
	eventually(t, "healthy again", l.Healthy)
	if err := set(t, l, "k"); err != nil {
		t.Errorf("SET after the restart: %v", err)
	}
}

func TestLazyIsBoundedWhileRedisIsFrozen(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	l := open(t, s.URL(), redisx.LazyOptions{})
	eventually(t, "healthy", l.Healthy)
	s.Freeze(t)
	frozen := time.Now()
	for time.Since(frozen) < 3*time.Second {
		if err := setWithin(t, l, "k", 500*time.Millisecond); !redisx.Unavailable(err) {
			t.Fatalf("SET against a frozen server: %v, want an error that means unavailable", err)
		}
	}
	eventually(t, "unhealthy", func() bool { return !l.Healthy() })
	s.Thaw(t)
	eventually(t, "healthy again", l.Healthy)
	if err := set(t, l, "k"); err != nil {
		t.Errorf("SET after the thaw: %v", err)
	}
}

func TestLazyFirstContactWithFrozenServerIsBounded(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Freeze(t)
	opt, err := redisx.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	l := redisx.Open(opt, redisx.LazyOptions{Timeout: 100 * time.Millisecond})
	defer l.Close()
	began := time.Now()
	if err := l.TryConnect(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("TryConnect: %v, want deadline exceeded", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("TryConnect took %v with a timeout of 100 ms", took)
	}
}

func TestLazyVerifyDecidesAboutAvailability(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	var bad atomic.Bool
	bad.Store(true)
	errMismatch := errors.New("wrong eviction policy")
	l := open(t, s.URL(), redisx.LazyOptions{
		PingInterval: 20 * time.Millisecond, RetryInterval: 20 * time.Millisecond,
		Verify: func(ctx context.Context, c rueidis.Client) error {
			if bad.Load() {
				return errMismatch
			}
			return c.Do(ctx, c.B().Ping().Build()).Error()
		},
	})
	eventually(t, "mismatch reported", func() bool { return errors.Is(l.Err(), errMismatch) })
	if err := set(t, l, "k"); !errors.Is(err, redisx.ErrNotConnected) || !errors.Is(err, errMismatch) {
		t.Errorf("SET before Verify passed: %v", err)
	}
	if got := s.CLI(t, "EXISTS", "k"); got != "0" {
		t.Error("a refused command reached Redis")
	}
	bad.Store(false)
	eventually(t, "healthy", l.Healthy)
	if err := set(t, l, "k"); err != nil {
		t.Errorf("SET after Verify passed: %v", err)
	}
	bad.Store(true)
	eventually(t, "refused again", func() bool { return errors.Is(set(t, l, "k"), redisx.ErrNotConnected) })
}

func TestLazyReportsThatAServerIsRejectedAfterItWasGone(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Kill(t)
	errMismatch := errors.New("somebody else's")
	reasons := make(chan error, 100)
	open(t, s.URL(), redisx.LazyOptions{
		PingInterval: 10 * time.Millisecond, RetryInterval: 10 * time.Millisecond,
		Verify: func(ctx context.Context, c rueidis.Client) error {
			return errors.Join(errMismatch, c.Do(ctx, c.B().Ping().Build()).Error())
		},
		OnDown: func(err error) { reasons <- err },
	})
	if err := <-reasons; errors.Is(err, errMismatch) {
		t.Fatalf("the first reason is %v, want that the server is gone", err)
	}
	s.Restart(t)
	select {
	case err := <-reasons:
		if !errors.Is(err, errMismatch) {
			t.Errorf("the second reason is %v, want the rejection", err)
		}
	case <-time.After(patience):
		t.Error("nobody was told that the server is there and rejected")
	}
}

func TestLazyReportsEachChangeOnce(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Kill(t)
	events := make(chan string, 100)
	l := open(t, s.URL(), redisx.LazyOptions{
		PingInterval: 10 * time.Millisecond, RetryInterval: 10 * time.Millisecond, Timeout: patience / 2,
		OnConnect: func() { events <- "up" },
		OnDown:    func(error) { events <- "down" },
	})
	expect := func(want string) {
		t.Helper()
		select {
		case got := <-events:
			if got != want {
				t.Fatalf("event %q, want %q", got, want)
			}
		case <-time.After(patience):
			t.Fatalf("no event, want %q", want)
		}
	}
	expect("down")
	s.Restart(t)
	expect("up")
	eventually(t, "healthy", l.Healthy)
	s.Kill(t)
	expect("down")
	s.Restart(t)
	expect("up")
	if len(events) != 0 {
		t.Errorf("one more event: %s", <-events)
	}
}

func TestLazyRefusesEveryKindOfCallBeforeConnection(t *testing.T) {
	t.Parallel()
	opt, err := redisx.ParseURL("redis://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	l := redisx.Open(opt, redisx.LazyOptions{})
	defer l.Close()
	ctx := t.Context()
	get := func() rueidis.Completed { return l.B().Get().Key("k").Build() }
	cached := func() rueidis.Cacheable { return l.B().Get().Key("k").Cache() }
	dedicated, release := l.Dedicate()
	defer release()
	stream := l.DoStream(ctx, get())
	_, streamErr := stream.WriteTo(io.Discard)
	multiStream := l.DoMultiStream(ctx, get())
	_, multiStreamErr := multiStream.WriteTo(io.Discard)
	hooks := dedicated.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: func(rueidis.PubSubMessage) {}})
	invalidations := dedicated.SetOnInvalidations(func([]rueidis.RedisMessage) {})
	for name, err := range map[string]error{
		"Do":                           l.Do(ctx, get()).Error(),
		"DoMulti":                      l.DoMulti(ctx, get(), get())[1].Error(),
		"DoCache":                      l.DoCache(ctx, cached(), time.Second).Error(),
		"DoMultiCache":                 l.DoMultiCache(ctx, rueidis.CT(cached(), time.Second))[0].Error(),
		"DoStream":                     streamErr,
		"DoMultiStream":                multiStreamErr,
		"Receive":                      l.Receive(ctx, l.B().Subscribe().Channel("c").Build(), nil),
		"Dedicated":                    l.Dedicated(func(rueidis.DedicatedClient) error { panic("called") }),
		"Dedicate, Do":                 dedicated.Do(ctx, dedicated.B().Get().Key("k").Build()).Error(),
		"Dedicate, SetPubSubHooks":     <-hooks,
		"Dedicate, SetOnInvalidations": <-invalidations,
	} {
		if !errors.Is(err, redisx.ErrNotConnected) {
			t.Errorf("%s: %v, want ErrNotConnected", name, err)
		}
	}
	if n := l.Nodes(); len(n) != 0 {
		t.Errorf("Nodes: %v, want none", n)
	}
}

func TestLazyDedicatedClientFromBeforeStaysDead(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	l := open(t, s.URL(), redisx.LazyOptions{Verify: func(ctx context.Context, c rueidis.Client) error {
		return c.Do(ctx, c.B().Ping().Build()).Error()
	}})
	early := redisx.Open(rueidis.ClientOption{InitAddress: []string{s.Addr()}}, redisx.LazyOptions{})
	defer early.Close()
	dedicated, release := early.Dedicate()
	defer release()
	eventually(t, "connected", func() bool { return early.TryConnect(t.Context()) == nil })
	if err := dedicated.Do(t.Context(), dedicated.B().Ping().Build()).Error(); !errors.Is(err, redisx.ErrNotConnected) {
		t.Errorf("PING: %v, want ErrNotConnected", err)
	}
	eventually(t, "healthy", l.Healthy)
	fresh, release := l.Dedicate()
	defer release()
	if err := fresh.Do(t.Context(), fresh.B().Ping().Build()).Error(); err != nil {
		t.Errorf("PING on a dedicated client made after the connection: %v", err)
	}
}

func TestLazyCloseEndsRunAndCalls(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	opt, err := redisx.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	l := redisx.Open(opt, redisx.LazyOptions{})
	ended := make(chan error, 1)
	go func() { ended <- l.Run(t.Context()) }()
	eventually(t, "healthy", l.Healthy)
	l.Close()
	l.Close()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if err := set(t, l, "k"); !errors.Is(err, rueidis.ErrClosing) {
		t.Errorf("SET after Close: %v, want ErrClosing", err)
	}
	if err := l.TryConnect(t.Context()); !errors.Is(err, rueidis.ErrClosing) {
		t.Errorf("TryConnect after Close: %v, want ErrClosing", err)
	}
	if l.Healthy() {
		t.Error("healthy after Close")
	}
}
