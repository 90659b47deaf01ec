package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// bounded fails the test if f takes longer than limit, and returns how long it took.
func bounded(tb testing.TB, what string, limit time.Duration, f func()) time.Duration {
	tb.Helper()
	began := time.Now()
	f()
	took := time.Since(began)
	if took > limit {
		tb.Errorf("%s took %v, more than %v", what, took, limit)
	}
	return took
}

func TestWithoutRedisReadsComeFromTheLoader(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"killed", "frozen"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			db := newDatabase()
			c := open(t, server.Client(t), "u", db.load, cache.Options{RedisTimeout: 500 * time.Millisecond})
			if _, err := c.Get(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			if fault == "killed" {
				server.Kill(t)
			} else {
				server.Freeze(t)
			}
			db.write(1)
			bounded(t, "the first read", 10*time.Second, func() {
				e, err := c.Lookup(t.Context(), 1)
				if version(t, e.Value, err) != 2 || e.Source != cache.SourceLoader || e.Reason != cache.ReasonUnavailable || e.TTL != 0 {
					t.Errorf("got %+v", e)
				}
			})
			// Each would take 500 ms if it asked Redis.
			bounded(t, "100 reads with the breaker open", 20*time.Second, func() {
				for range 100 {
					if u, err := c.Get(t.Context(), 1); version(t, u, err) != 2 {
						t.Errorf("got %+v", u)
					}
				}
			})
			bounded(t, "Refresh", 10*time.Second, func() {
				if e, err := c.Refresh(t.Context(), 1); version(t, e.Value, err) != 2 {
					t.Errorf("got %+v", e)
				}
			})
			bounded(t, "GetMany", 10*time.Second, func() {
				many, err := c.GetMany(t.Context(), []int64{1, 404})
				if version(t, many[1], err) != 2 || len(many) != 1 {
					t.Errorf("got %+v", many)
				}
			})
			bounded(t, "Invalidate", 10*time.Second, func() {
				if err := c.Invalidate(t.Context(), 1); !isUnconfirmed(err) {
					t.Errorf("got %v, want ErrUnconfirmed", err)
				}
			})
			if fault == "killed" {
				server.Restart(t)
			} else {
				server.Thaw(t)
			}
			eventually(t, "reads come from Redis again", func() bool {
				e, err := c.Lookup(t.Context(), 1)
				return version(t, e.Value, err) == 2 && e.Source == cache.SourceRedis && !c.Stats().BreakerOpen
			})
			eventually(t, "the invalidation is repeated", func() bool { return c.Stats().Invalidated == 1 })
			if s := c.Stats(); s.Pending != 0 || s.Unconfirmed != 1 {
				t.Errorf("stats: %+v", s)
			}
		})
	}
}

// The old value survives the restart in the append-only file. The process that
// wrote never returns it.
func TestOldValueThatSurvivesARestartIsNotReturned(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.WithAppendOnly())
	db := newDatabase()
	c := open(t, server.Client(t), "u", db.load, cache.Options{})
	if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
		t.Fatal(u)
	}
	server.Kill(t)
	db.write(1)
	if err := c.Invalidate(t.Context(), 1); !isUnconfirmed(err) {
		t.Fatalf("got %v, want ErrUnconfirmed", err)
	}
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				if u, err := c.Get(t.Context(), 1); err != nil || u.Version != 2 {
					t.Errorf("got %+v, %v", u, err)
					return
				}
			}
		})
	}
	server.Restart(t)
	eventually(t, "the repetition is confirmed", func() bool { return c.Stats().Pending == 0 })
	eventually(t, "the new value is in Redis", func() bool {
		return server.CLI(t, "GET", c.Key(1)) == `{"id":1,"name":"Max","version":2}`
	})
	stop.Store(true)
	wg.Wait()
}

// That the value survives at all: else the test above would prove nothing.
func TestOldValueSurvivesARestart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.WithAppendOnly())
	c := open(t, server.Client(t), "u", newDatabase().load, patient(cache.Options{}))
	if _, err := c.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	server.Kill(t)
	server.Restart(t)
	if got := server.CLI(t, "GET", c.Key(1)); got != `{"id":1,"name":"Max","version":1}` {
		t.Errorf("after the restart: %q", got)
	}
}

// Without Redis, one load of a key at a time, and a reader only shares a load that
// began after its read did.
func TestWithoutRedisLoadsAreShared(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	first, _, m := pair(t, g.slow(db.load), cache.Options{})
	m.meddle(func(string) error { return errLost }, nil)
	a := getAsync(t.Context(), first, 1)
	receive(t, "first load", g.began)
	db.write(1)
	var later []<-chan read
	for range 50 {
		later = append(later, getAsync(t.Context(), first, 1))
	}
	eventually(t, "all wait", func() bool { return first.Waiting(1) == 51 })
	if n := db.loads.Load(); n != 1 {
		t.Errorf("%d loads of one key at once", n)
	}
	g.goOn <- struct{}{}
	if r := receive(t, "first reader", a); version(t, r.u, r.err) != 1 {
		t.Errorf("the first reader got %+v", r)
	}
	receive(t, "second load", g.began)
	g.goOn <- struct{}{}
	for _, ch := range later {
		if r := receive(t, "later reader", ch); version(t, r.u, r.err) != 2 {
			t.Errorf("a later reader got %+v", r)
		}
	}
	if n := db.loads.Load(); n != 2 {
		t.Errorf("%d loads, want 2", n)
	}
}

// The answer to a command is lost with the connection, but the command was carried
// out: nobody has to wait for the end of the lease.
func TestLostAnswersLeaveNoLeaseBehind(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"acquire", "fill"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			db := newDatabase()
			lossy := &lossyClient{Client: redistest.Shared(t).Client(t), script: script}
			c := open(t, lossy, prefix(t), db.load, patient(cache.Options{}))
			if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
				t.Errorf("got %+v", u)
			}
			if !lossy.lost.Load() {
				t.Fatal("nothing was lost")
			}
			if ms := pttl(t, lossy.Client, cache.LeaseKey(c.Key(1))); ms != -2 {
				t.Errorf("the lease stays for %d ms", ms)
			}
			if s := c.Stats(); s.BreakerOpen {
				t.Errorf("stats: %+v", s)
			}
		})
	}
}

// A caller whose own time is up says nothing about Redis.
func TestImpatientCallersDoNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	c := open(t, server.Client(t), "u", newDatabase().load, patient(cache.Options{}))
	server.Freeze(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Get(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if c.Stats().BreakerOpen {
		t.Error("the breaker opened")
	}
	server.Thaw(t)
}

// A Redis that is full, or refuses for another reason, is as good as none.
func TestRedisThatRefusesToWrite(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	db := newDatabase()
	c := open(t, server.Client(t), "u", db.load, patient(cache.Options{}))
	server.CLI(t, "CONFIG", "SET", "maxmemory", "1")
	for range 2 {
		if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
			t.Errorf("got %+v", u)
		}
	}
	if err := c.Invalidate(t.Context(), 1); err != nil {
		t.Errorf("Invalidate: %v", err)
	}
	server.CLI(t, "CONFIG", "SET", "maxmemory", "0")
	if _, err := c.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if got := server.CLI(t, "GET", "u:1"); got != `{"id":1,"name":"Max","version":1}` {
		t.Errorf("in Redis: %q", got)
	}
}
