package cache_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

func TestRefreshAsksTheLoaderAndStores(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c, _ := shared(t, db.load, cache.Options{})
	if _, err := c.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	db.write(1) // by hand: nobody invalidates
	e, err := c.Refresh(t.Context(), 1)
	if version(t, e.Value, err) != 2 || e.Source != cache.SourceLoader || e.Reason != cache.ReasonBypass || e.TTL != time.Minute {
		t.Errorf("refreshed: %+v", e)
	}
	e, err = c.Lookup(t.Context(), 1)
	if version(t, e.Value, err) != 2 || e.Source != cache.SourceRedis {
		t.Errorf("read afterwards: %+v", e)
	}
}

func TestRefreshOfWhatIsGoneRemovesIt(t *testing.T) {
	t.Parallel()
	for _, negative := range []time.Duration{0, time.Minute} {
		db := newDatabase()
		c, _ := shared(t, db.load, cache.Options{NegativeTTL: negative})
		if _, err := c.Get(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		db.remove(1)
		if _, err := c.Refresh(t.Context(), 1); !errors.Is(err, cache.ErrNotFound) {
			t.Errorf("refresh: %v", err)
		}
		if _, err := c.Get(t.Context(), 1); !errors.Is(err, cache.ErrNotFound) {
			t.Errorf("read afterwards: %v", err)
		}
	}
}

func TestFailedRefreshKeepsTheValue(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	var broken atomic.Bool
	c, client := shared(t, func(ctx context.Context, id int64) (user, error) {
		if broken.Load() {
			return user{}, errors.New("no route to database")
		}
		return db.load(ctx, id)
	}, cache.Options{})
	if _, err := c.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	broken.Store(true)
	if _, err := c.Refresh(t.Context(), 1); err == nil {
		t.Error("no error")
	}
	if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
		t.Errorf("read afterwards: %+v", u)
	}
	if ms := pttl(t, client, cache.LeaseKey(c.Key(1))); ms != -2 {
		t.Errorf("the lease stays for %d ms", ms)
	}
}

// A load that began before the refresh must not overwrite what the refresh stored,
// and a refresh shares only loads that began after it was called.
func TestRefreshOvertakesALoadUnderWay(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	c, client := shared(t, g.slow(db.load), cache.Options{})
	old := getAsync(t.Context(), c, 1)
	receive(t, "load of the old value", g.began)
	db.write(1)
	first := refreshAsync(t, c)
	receive(t, "load of the refresh", g.began)
	db.write(1)
	second, third := refreshAsync(t, c), refreshAsync(t, c) // during the first one's load: too late for that
	close(g.goOn)
	if r := receive(t, "refresh", first); version(t, r.u, r.err) != 2 {
		t.Errorf("the first refresh got %+v", r)
	}
	for _, ch := range []<-chan read{second, third} {
		if r := receive(t, "refresh", ch); version(t, r.u, r.err) != 3 {
			t.Errorf("a later refresh got %+v", r)
		}
	}
	receive(t, "old reader", old)
	if got := cli(t, client, "GET", c.Key(1)); got != `{"id":1,"name":"Max","version":3}` {
		t.Errorf("in Redis: %s", got)
	}
}

func refreshAsync(t *testing.T, c *users) <-chan read {
	t.Helper()
	ch := make(chan read, 1)
	go func() {
		e, err := c.Refresh(t.Context(), 1)
		ch <- read{e.Value, err}
	}()
	return ch
}

// Changes that nobody announces, refreshes in several processes: whoever refreshed
// never reads anything older afterwards.
func TestReadsAfterRefreshAreMonotonic(t *testing.T) {
	t.Parallel()
	server, p := redistest.Shared(t), prefix(t)
	var current, floor atomic.Int64
	load := func(_ context.Context, id int64) (user, error) {
		v := current.Load()
		if rand.IntN(2) == 0 {
			<-time.After(time.Duration(rand.Int64N(int64(time.Millisecond))))
		}
		return user{ID: id, Version: v}, nil
	}
	const rounds = 300
	var wg sync.WaitGroup
	for range 3 {
		c := open(t, server.Client(t), p, load, patient(cache.Options{}))
		for i := range 4 {
			wg.Go(func() {
				for range rounds {
					current.Add(1)
					at := floor.Load()
					var u user
					var err error
					if i == 0 {
						var e cache.Entry[user]
						e, err = c.Refresh(t.Context(), 1)
						u = e.Value
						raise(&floor, u.Version)
					} else {
						u, err = c.Get(t.Context(), 1)
					}
					if err != nil || u.Version < at {
						t.Errorf("read version %d, %v; %d had been seen by a refresh that returned before", u.Version, err, at)
						return
					}
				}
			})
		}
	}
	wg.Wait()
}
