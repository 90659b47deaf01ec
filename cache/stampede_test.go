package cache_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

func TestStampedeCausesOneLoad(t *testing.T) {
	t.Parallel()
	const processes, callers = 4, 500
	db, server, p := newDatabase(), redistest.Shared(t), prefix(t)
	slow := func(ctx context.Context, id int64) (user, error) {
		u, err := db.load(ctx, id)
		<-time.After(50 * time.Millisecond) // a slow database
		return u, err
	}
	var caches []*users
	for range processes {
		caches = append(caches, open(t, server.Client(t), p, slow, patient(cache.Options{})))
	}
	for round := range 3 {
		var wg sync.WaitGroup
		for _, c := range caches {
			for range callers {
				wg.Go(func() {
					if u, err := c.Get(t.Context(), 1); err != nil || u.Version != 1 {
						t.Errorf("got %+v, %v", u, err)
					}
				})
			}
		}
		wg.Wait()
		if n := db.loads.Load(); n != int64(round+1) {
			t.Fatalf("round %d: %d loads in all", round, n)
		}
		if err := caches[0].Invalidate(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCancelledLeaderFailsNobody(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	c, _ := shared(t, g.slow(db.load), cache.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	leader := getAsync(ctx, c, 1)
	receive(t, "load", g.began)
	var others []<-chan read
	for range 10 {
		others = append(others, getAsync(t.Context(), c, 1))
	}
	eventually(t, "all wait", func() bool { return c.Waiting(1) == 11 })
	cancel()
	if r := receive(t, "leader", leader); !errors.Is(r.err, context.Canceled) {
		t.Errorf("the leader got %+v", r)
	}
	close(g.goOn)
	for _, ch := range others {
		if r := receive(t, "reader", ch); version(t, r.u, r.err) != 1 {
			t.Errorf("got %+v", r)
		}
	}
	if n := db.loads.Load(); n != 1 {
		t.Errorf("%d loads", n)
	}
}

func TestWaiterHonoursItsOwnContext(t *testing.T) {
	t.Parallel()
	g := newGate()
	c, _ := shared(t, g.slow(newDatabase().load), cache.Options{})
	leader := getAsync(t.Context(), c, 1)
	receive(t, "load", g.began)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Get(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(g.goOn)
	if r := receive(t, "leader", leader); version(t, r.u, r.err) != 1 {
		t.Errorf("the leader got %+v", r)
	}
}

func TestLoadSeesValuesButNotTheEndOfTheCaller(t *testing.T) {
	t.Parallel()
	type tag struct{}
	ended, loaded := make(chan struct{}), make(chan any, 1)
	c, _ := shared(t, func(ctx context.Context, _ int64) (user, error) {
		<-ended
		if ctx.Err() != nil {
			t.Errorf("the load ended with its caller: %v", ctx.Err())
		}
		loaded <- ctx.Value(tag{})
		return user{}, nil
	}, cache.Options{})
	ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), tag{}, "trace"), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Get(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(ended)
	if got := receive(t, "load", loaded); got != "trace" {
		t.Errorf("value %v", got)
	}
}

func TestLoaderThatBreaksBecomesAnError(t *testing.T) {
	t.Parallel()
	for name, load := range map[string]cache.Loader[int64, user]{
		"panic":   func(context.Context, int64) (user, error) { panic("boom") },
		"goexit":  func(context.Context, int64) (user, error) { runtime.Goexit(); return user{}, nil },
		"ignores": func(context.Context, int64) (user, error) { <-t.Context().Done(); return user{}, nil },
		"error":   func(context.Context, int64) (user, error) { return user{}, errors.New("no route to database") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := cache.Options{LeaseTTL: time.Hour}
			if name == "ignores" {
				o.LoadTimeout = 200 * time.Millisecond // the only one that is to exceed it
			}
			c, client := shared(t, load, o)
			_, err := c.Get(t.Context(), 1)
			if err == nil {
				t.Fatal("no error")
			}
			var panicked *cache.PanicError
			if errors.As(err, &panicked) != (name == "panic") {
				t.Errorf("got %v", err)
			}
			if name == "panic" && (panicked.Value != "boom" || !strings.Contains(string(panicked.Stack), "stampede_test.go")) {
				t.Errorf("panic %v at %s", panicked.Value, panicked.Stack)
			}
			if ms := pttl(t, client, cache.LeaseKey(c.Key(1))); ms != -2 {
				t.Errorf("others have to wait %d ms for the lease", ms)
			}
			if s := c.Stats(); s.Loads != 1 || s.LoadErrors != 1 {
				t.Errorf("stats: %+v", s)
			}
		})
	}
}

func TestPanicInEncodingBecomesAnError(t *testing.T) {
	t.Parallel()
	_, client := shared(t, newDatabase().load, cache.Options{})
	c := cache.New(client, prefix(t), func(context.Context, int64) (explosive, error) { return explosive{}, nil }, patient(cache.Options{}))
	defer c.Close()
	var panicked *cache.PanicError
	if _, err := c.Get(t.Context(), 1); !errors.As(err, &panicked) {
		t.Errorf("got %v", err)
	}
	if ms := pttl(t, client, cache.LeaseKey(c.Key(1))); ms != -2 {
		t.Errorf("the lease stays for %d ms", ms)
	}
}

type explosive struct{}

func (explosive) MarshalJSON() ([]byte, error) { panic("boom") }

func TestLoadErrorIsSharedAndNotStored(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	broken := errors.New("no route to database")
	var heal atomic.Bool
	c, client := shared(t, g.slow(func(ctx context.Context, id int64) (user, error) {
		if heal.Load() {
			return db.load(ctx, id)
		}
		return user{}, broken
	}), cache.Options{NegativeTTL: time.Minute})
	a := getAsync(t.Context(), c, 1)
	receive(t, "load", g.began)
	b := getAsync(t.Context(), c, 1)
	eventually(t, "both wait", func() bool { return c.Waiting(1) == 2 })
	close(g.goOn)
	for _, ch := range []<-chan read{a, b} {
		if r := receive(t, "reader", ch); !errors.Is(r.err, broken) {
			t.Errorf("got %+v", r)
		}
	}
	absent(t, client, c.Key(1))
	heal.Store(true)
	if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
		t.Errorf("after it healed: %+v", u)
	}
}

func TestLeaseOfADeadProcessDelaysByItsLifeAtMost(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"with the TTL of this cache", "that lives longer", "without TTL", "of another type"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			const leaseTTL = 500 * time.Millisecond
			c, client := shared(t, newDatabase().load, cache.Options{LeaseTTL: leaseTTL})
			lease := cache.LeaseKey(c.Key(1))
			least := leaseTTL * 9 / 10
			began := time.Now() // before the lease begins, or a pause in between would count
			switch kind {
			case "with the TTL of this cache":
				cli(t, client, "SET", lease, "dead", "PX", "500")
			case "that lives longer":
				cli(t, client, "SET", lease, "dead", "PX", "600000")
			case "without TTL":
				cli(t, client, "SET", lease, "dead")
				least = 0
			case "of another type":
				cli(t, client, "LPUSH", lease, "dead")
				least = 0
			}
			u, err := c.Get(t.Context(), 1)
			if version(t, u, err) != 1 {
				t.Errorf("got %+v", u)
			}
			if took := time.Since(began); took < least || took > 40*leaseTTL {
				t.Errorf("it took %v, want about %v", took, least)
			}
		})
	}
}

func TestNobodyWaitsForTheLeaseMeansNoLoad(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c, client := shared(t, db.load, cache.Options{})
	cli(t, client, "SET", cache.LeaseKey(c.Key(1)), "other", "PX", "60000")
	ctx, cancel := context.WithCancel(t.Context())
	got := getAsync(ctx, c, 1)
	eventually(t, "the reader waits", func() bool { return c.Waiting(1) == 1 })
	cancel()
	if r := receive(t, "reader", got); !errors.Is(r.err, context.Canceled) {
		t.Errorf("got %+v", r)
	}
	c.Close() // waits for flights: within LeaseTTL only if they gave up
	if n := db.loads.Load(); n != 0 {
		t.Errorf("%d loads for nobody", n)
	}
}

func TestWhoGivesUpWaitingForASlotGivesTheLeaseBack(t *testing.T) {
	t.Parallel()
	g := newGate()
	c, client := shared(t, g.slow(newDatabase().load), cache.Options{MaxLoads: 1, LoadTimeout: 10 * time.Minute})
	busy := getAsync(t.Context(), c, 1)
	receive(t, "load", g.began)
	ctx, cancel := context.WithCancel(t.Context())
	got := getAsync(ctx, c, 2)
	eventually(t, "the second reader has the lease", func() bool { return pttl(t, client, cache.LeaseKey(c.Key(2))) > 0 })
	cancel()
	if r := receive(t, "reader", got); !errors.Is(r.err, context.Canceled) {
		t.Errorf("got %+v", r)
	}
	eventually(t, "the lease is given back", func() bool { return pttl(t, client, cache.LeaseKey(c.Key(2))) == -2 })
	close(g.goOn)
	receive(t, "first reader", busy)
}

func TestWaitingProcessGetsWhatTheOtherLoaded(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	first, second, _ := pair(t, g.slow(db.load), cache.Options{})
	a := getAsync(t.Context(), first, 1)
	receive(t, "load", g.began)
	b := getAsync(t.Context(), second, 1)
	eventually(t, "the other process waits", func() bool { return second.Waiting(1) == 1 })
	close(g.goOn)
	for _, ch := range []<-chan read{a, b} {
		if r := receive(t, "reader", ch); version(t, r.u, r.err) != 1 {
			t.Errorf("got %+v", r)
		}
	}
	if first.Stats().Loads != 1 || second.Stats().Loads != 0 {
		t.Errorf("loads: %d and %d", first.Stats().Loads, second.Stats().Loads)
	}
}

func TestLoadsAreCapped(t *testing.T) {
	t.Parallel()
	const limit = 3
	var running, most atomic.Int64
	release := make(chan struct{})
	c, client := shared(t, func(_ context.Context, id int64) (user, error) {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		<-release
		return user{ID: id, Version: 1}, nil
	}, cache.Options{MaxLoads: limit, LoadTimeout: 600 * time.Millisecond, LeaseTTL: time.Minute})
	var reads []<-chan read
	for id := range int64(limit) {
		reads = append(reads, getAsync(t.Context(), c, id))
	}
	eventually(t, "all slots are taken", func() bool { return c.Stats().Loading == limit })
	began := time.Now()
	_, err := c.Get(t.Context(), 99)
	if took := time.Since(began); !errors.Is(err, cache.ErrOverloaded) || took < 250*time.Millisecond || took > 20*time.Second {
		t.Errorf("got %v after %v", err, took)
	}
	if ms := pttl(t, client, cache.LeaseKey(c.Key(99))); ms != -2 {
		t.Errorf("others have to wait %d ms for the lease", ms)
	}
	// The loads ignore their end: their callers have an answer, their slots stay taken.
	for _, ch := range reads {
		if r := receive(t, "reader", ch); !errors.Is(r.err, context.DeadlineExceeded) {
			t.Errorf("got %+v", r)
		}
	}
	if s := c.Stats(); s.Loading != limit || s.Overloaded != 1 {
		t.Errorf("stats: %+v", s)
	}
	close(release)
	var wg sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for id := range int64(50) {
		wg.Go(func() {
			// So many for so few slots: some may have to ask again.
			u, err := c.Get(ctx, id)
			for ctx.Err() == nil && (errors.Is(err, cache.ErrOverloaded) || errors.Is(err, context.DeadlineExceeded)) {
				u, err = c.Get(ctx, id)
			}
			if err != nil || u.ID != id {
				t.Errorf("afterwards: %+v, %v", u, err)
			}
		})
	}
	wg.Wait()
	if most.Load() > limit {
		t.Errorf("%d loads at once", most.Load())
	}
}
