package cache_test

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// ageing are options under which an entry is refreshed in the second half of its
// hour. It is an hour, so that no busy machine is slower than an entry ages.
var ageing = cache.Options{TTL: time.Hour, RefreshAhead: 30 * time.Minute}

// old is the life in milliseconds of an entry that is to be refreshed, young the
// least life of one that was stored a moment ago.
const (
	old   = "1200000"
	young = 50 * 60_000
)

// age makes an entry one that has little left.
func age(tb testing.TB, c *users, m *meddler, ms string) {
	tb.Helper()
	if got, err := m.Client.Do(tb.Context(), m.Client.B().Arbitrary("PEXPIRE", c.Key(1), ms).Build()).AsInt64(); err != nil || got != 1 {
		tb.Fatalf("PEXPIRE: %d, %v", got, err)
	}
}

// An entry that has little left is loaded again by one of many processes, and no
// read waits for that.
func TestRefreshAheadIsOneLoadAndNobodyWaits(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	first, second, m := pair(t, g.slow(db.load), ageing)
	warmUp := getAsync(t.Context(), first, 1)
	receive(t, "the first load", g.began)
	g.goOn <- struct{}{}
	receive(t, "the first reader", warmUp)
	if ms := pttl(t, m, first.Key(1)); ms < young {
		t.Fatalf("the entry lives for %d ms", ms)
	}
	if _, err := first.Get(t.Context(), 1); err != nil || first.Stats().Ahead != 0 {
		t.Fatalf("%v, refreshed %d times though young", err, first.Stats().Ahead)
	}
	age(t, first, m, old)
	db.write(1)
	for range 100 {
		for _, c := range []*users{first, second} {
			if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
				t.Fatalf("got %+v while the new value is loaded", u)
			}
		}
	}
	receive(t, "the load ahead", g.began)
	close(g.goOn)
	eventually(t, "the new value is there", func() bool {
		u, err := second.Get(t.Context(), 1)
		return version(t, u, err) == 2
	})
	if n, ahead := db.loads.Load(), first.Stats().Ahead+second.Stats().Ahead; n != 2 || ahead != 1 {
		t.Errorf("%d loads, %d of them ahead", n, ahead)
	}
	if ms := pttl(t, m, first.Key(1)); ms < young {
		t.Errorf("the new entry lives for %d ms", ms)
	}
}

// A value that is only read from memory is refreshed too, before its end.
func TestRefreshAheadFromTheLocalTier(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	db.write(1)
	c := youngInMemory(t, db)
	eventually(t, "the new value is there", func() bool {
		e, err := c.Lookup(t.Context(), 1)
		return version(t, e.Value, err) == 2
	})
	if s := c.Stats(); s.Misses != 0 || s.Ahead != 1 {
		t.Errorf("stats: %+v", s)
	}
}

// youngInMemory returns a cache that has version 1 of user 1 in memory, with a
// little more left than makes a read refresh it. A machine that is busy for longer
// than that little has another try.
func youngInMemory(t *testing.T, db *database) *users {
	t.Helper()
	client := redistest.Shared(t).Client(t)
	for try := range 50 {
		c := near(t, client, prefix(t)+strconv.Itoa(try), db.load, ageing)
		cli(t, client, "SET", c.Key(1), `{"id":1,"name":"Max","version":1}`, "PX", "1800300")
		for c.Stats().Ahead == 0 {
			e, err := c.Lookup(t.Context(), 1)
			if err == nil && e.Source == cache.SourceLocal && e.TTL > ageing.RefreshAhead {
				return c
			}
		}
		c.Close()
	}
	t.Fatal("never young in memory")
	return nil
}

// What a load ahead brings is refused like any other where an invalidation came in
// between, by the own process or another.
func TestRefreshAheadIsRefusedByAnInvalidation(t *testing.T) {
	t.Parallel()
	for _, own := range []bool{true, false} {
		db, g := newDatabase(), newGate()
		first, second, m := pair(t, g.slow(db.load), ageing)
		cli(t, m, "SET", first.Key(1), `{"id":1,"name":"Max","version":1}`, "PX", old)
		if u, err := first.Get(t.Context(), 1); version(t, u, err) != 1 {
			t.Fatalf("got %+v", u)
		}
		receive(t, "the load ahead", g.began)
		db.write(1)
		who := second
		if own {
			who = first
		}
		if err := who.Invalidate(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		close(g.goOn)
		eventually(t, "the load ahead is refused", func() bool { return first.Stats().FillsRefused == 1 })
		if u, err := second.Get(t.Context(), 1); version(t, u, err) != 2 {
			t.Errorf("own %v: got %+v", own, u)
		}
	}
}

// A database that fails is not asked again by every read.
func TestFailedRefreshAheadIsNotRepeatedAtOnce(t *testing.T) {
	t.Parallel()
	var loads atomic.Int64
	c, client := shared(t, func(context.Context, int64) (user, error) {
		loads.Add(1)
		return user{}, errors.New("no database")
	}, ageing)
	cli(t, client, "SET", c.Key(1), `{"id":1,"name":"Max","version":1}`, "PX", old)
	began := time.Now()
	for range 2000 {
		if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
			t.Fatalf("got %+v", u)
		}
	}
	if n, most := loads.Load(), 1+int64(time.Since(began)/time.Second); n > most {
		t.Errorf("%d loads in %v", n, time.Since(began))
	}
	eventually(t, "the load ahead", func() bool { return loads.Load() > 0 })
	if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
		t.Errorf("got %+v", u)
	}
}

func TestPanicOfALoadAheadHarmsNobody(t *testing.T) {
	t.Parallel()
	c, client := shared(t, func(context.Context, int64) (user, error) { panic("boom") }, ageing)
	cli(t, client, "SET", c.Key(1), `{"id":1,"name":"Max","version":1}`, "PX", old)
	if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
		t.Fatalf("got %+v", u)
	}
	eventually(t, "the load failed", func() bool { return c.Stats().LoadErrors == 1 })
	eventually(t, "the lease is given back", func() bool { return cli(t, client, "GET", cache.LeaseKey(c.Key(1))) == "" })
}

// Redis does not learn of the invalidation, so the lease of the load ahead stays
// valid: the process itself must refuse the fill.
func TestRefreshAheadIsRefusedByAnUnconfirmedInvalidation(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	c, _, m := pair(t, g.slow(db.load), ageing)
	cli(t, m, "SET", c.Key(1), `{"id":1,"name":"Max","version":1}`, "PX", old)
	if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
		t.Fatalf("got %+v", u)
	}
	receive(t, "the load ahead", g.began)
	loseRemovals(m)
	db.write(1)
	if err := c.Invalidate(t.Context(), 1); !isUnconfirmed(err) {
		t.Fatalf("got %v, want ErrUnconfirmed", err)
	}
	close(g.goOn)
	eventually(t, "the load ahead is refused", func() bool { return c.Stats().FillsRefused == 1 })
	if got := pttl(t, m, c.Key(1)); got > 1_200_000 {
		t.Errorf("the old entry was stored again, for %d ms", got)
	}
}

// An absence lives for less than RefreshAhead here, and is still not loaded with
// each read.
func TestAbsenceIsNotRefreshedAhead(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	o := ageing
	o.NegativeTTL = 10 * time.Minute
	c := near(t, redistest.Shared(t).Client(t), prefix(t), db.load, o)
	for range 500 {
		if _, err := c.Get(t.Context(), 404); !errors.Is(err, cache.ErrNotFound) {
			t.Fatal(err)
		}
	}
	warm(t, c, 404)
	c.Close() // waits for what runs in the background
	if n := db.loads.Load(); n != 1 {
		t.Errorf("%d loads", n)
	}
}
