package cache_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// near returns a patient cache with a local tier that is ready.
func near(tb testing.TB, client rueidis.Client, prefix string, load cache.Loader[int64, user], o cache.Options) *users {
	tb.Helper()
	o.LocalBytes = 1 << 20
	c := open(tb, client, prefix, load, patient(o))
	ready(tb, c)
	return c
}

func ready(tb testing.TB, c *users) {
	tb.Helper()
	eventually(tb, "the local tier is ready", func() bool { return c.Stats().LocalReady })
}

// warm reads a key until it is answered from memory.
func warm(tb testing.TB, c *users, id int64) cache.Entry[user] {
	tb.Helper()
	var e cache.Entry[user]
	eventually(tb, "a local hit", func() bool {
		var err error
		e, err = c.Lookup(tb.Context(), id)
		if err != nil && !errors.Is(err, cache.ErrNotFound) {
			tb.Fatal(err)
		}
		return e.Source == cache.SourceLocal
	})
	return e
}

func TestLocalHitCarriesValueBytesAndTTL(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c := near(t, redistest.Shared(t).Client(t), prefix(t), db.load, cache.Options{NegativeTTL: time.Minute})
	e := warm(t, c, 1)
	if e.Value.Version != 1 || string(e.Raw) != `{"id":1,"name":"Max","version":1}` || e.TTL <= 0 || e.TTL > time.Minute {
		t.Errorf("got %+v", e)
	}
	// A pause of the machine empties memory, so this is repeated until it was used.
	eventually(t, "everything is answered from memory", func() bool {
		warm(t, c, 1)
		warm(t, c, 404)
		before := c.Stats()
		if _, err := c.Get(t.Context(), 404); !errors.Is(err, cache.ErrNotFound) {
			t.Fatalf("got %v", err)
		}
		many, err := c.GetMany(t.Context(), []int64{1, 404})
		if err != nil || len(many) != 1 || many[1].Version != 1 {
			t.Fatalf("got %v, %v", many, err)
		}
		s := c.Stats()
		return s.LocalHits == before.LocalHits+3 && s.Hits == before.Hits && s.LocalEntries == 2 && s.LocalBytes > 0
	})
	if n := db.loads.Load(); n != 2 {
		t.Errorf("%d loads", n)
	}
}

func TestOwnInvalidationReachesTheLocalTierAtOnce(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c := near(t, redistest.Shared(t).Client(t), prefix(t), db.load, cache.Options{})
	for range 300 {
		warm(t, c, 1)
		v := db.write(1)
		if err := c.Invalidate(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if u, err := c.Get(t.Context(), 1); version(t, u, err) != v {
			t.Fatalf("got version %d, want %d", u.Version, v)
		}
	}
}

func TestLocalTierFollowsOtherProcessesAndRedisItself(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	db := newDatabase()
	c := near(t, server.Client(t), "u", db.load, cache.Options{})
	other := open(t, server.Client(t), "u", db.load, patient(cache.Options{}))
	for what, change := range map[string]func(){
		"invalidated by another process": func() { db.write(1); _ = other.Invalidate(t.Context(), 1) },
		"deleted by hand":                func() { db.write(1); server.CLI(t, "DEL", "u:1") },
		"flushed":                        func() { db.write(1); server.CLI(t, "FLUSHALL") },
		"changed while the connections were lost": func() {
			db.write(1)
			server.CLI(t, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
			server.CLI(t, "DEL", "u:1")
		},
	} {
		ready(t, c)
		warm(t, c, 1)
		change()
		want := db.versions[1]
		eventually(t, what, func() bool {
			u, err := c.Get(t.Context(), 1)
			return err == nil && u.Version == want
		})
	}
}

// From a second after Redis froze on, memory is not believed any more.
func TestFrozenRedisEndsLocalHitsWithinTheBound(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	db := newDatabase()
	c := open(t, server.Client(t), "u", db.load, cache.Options{LocalBytes: 1 << 20})
	ready(t, c)
	warm(t, c, 1)
	// The reader starts in health, so that the freeze finds it at work, and ends with
	// the first read after the change that is not answered from memory.
	type outcome struct {
		e     cache.Entry[user]
		err   error
		began time.Time // of the last local hit
	}
	var changed atomic.Bool
	var hits atomic.Int64
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		for {
			late, began := changed.Load(), time.Now()
			o.e, o.err = c.Lookup(context.Background(), 1)
			switch {
			case o.err == nil && o.e.Source == cache.SourceLocal:
				o.began = began
				hits.Add(1)
			case late:
				done <- o
				return
			}
		}
	}()
	eventually(t, "local hits in health", func() bool { return hits.Load() > 100 })
	server.Freeze(t)
	frozen := time.Now()
	db.write(1)
	changed.Store(true)
	o := receive(t, "the end of local hits", done)
	if version(t, o.e.Value, o.err) != 2 {
		t.Errorf("got %+v", o.e)
	}
	if o.began.Sub(frozen) > time.Second {
		t.Errorf("the last local hit %v after the freeze", o.began.Sub(frozen))
	}
	server.Thaw(t)
	if err := c.Invalidate(t.Context(), 1); err != nil && !isUnconfirmed(err) {
		t.Fatal(err)
	}
	ready(t, c)
	if e := warm(t, c, 1); e.Value.Version != 2 {
		t.Errorf("after the thaw: %+v", e)
	}
}

// Readers, writers and refreshers in three caches with local tiers: what a process
// invalidated itself it never sees again, and what others did shows in the end.
func TestHistoryWithLocalTiers(t *testing.T) {
	t.Parallel()
	h := newHistory(t, redistest.Shared(t), 3, patient(cache.Options{NegativeTTL: time.Minute, LocalBytes: 1 << 20}))
	h.ownOnly = true
	for _, c := range h.caches {
		ready(t, c)
	}
	stop := h.start(t)
	eventually(t, "enough was read, from memory too, and written", func() bool {
		var hits uint64
		for _, c := range h.caches {
			hits += c.Stats().LocalHits
		}
		return h.reads.Load() >= 20_000 && h.writes.Load() >= 600 && hits >= 1000
	})
	stop()
	h.report(t)
	for _, c := range h.caches {
		for id := range h.keys {
			eventually(t, "all caches agree with the database", func() bool {
				u, err := c.Get(t.Context(), id)
				want := h.version[id].Load()
				if want%5 == 0 {
					return errors.Is(err, cache.ErrNotFound)
				}
				return err == nil && u.Version == want
			})
		}
	}
}

// The end of another process's load wakes the waiter; polling alone would ask
// many times as often.
func TestWaitersAreWokenByPush(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	server, p := redistest.Shared(t), prefix(t)
	holder := open(t, server.Client(t), p, g.slow(db.load), patient(cache.Options{}))
	m := &meddler{Client: server.Client(t)}
	waiter := near(t, m, p, db.load, cache.Options{})
	// A pause of the machine at the wrong moment leaves a waiter nothing but to poll:
	// then the next key is tried.
	for id := int64(1); ; id++ {
		db.write(id)
		ready(t, waiter)
		a := getAsync(t.Context(), holder, id)
		receive(t, "load", g.began)
		before, began := m.exchanges.Load(), time.Now()
		b := getAsync(t.Context(), waiter, id)
		<-time.After(time.Second)
		n, waited := m.exchanges.Load()-before, time.Since(began)
		g.goOn <- struct{}{}
		for _, ch := range []<-chan read{a, b} {
			if r := receive(t, "reader", ch); r.err != nil || r.u.ID != id {
				t.Errorf("user %d: %+v", id, r)
			}
		}
		if loads := db.loads.Load(); loads != id {
			t.Fatalf("%d loads of %d keys", loads, id)
		}
		// Four times a second as a safety net, without pushes five times as often.
		if n <= 5+int64(waited/(150*time.Millisecond)) {
			return
		}
		if id == 10 {
			t.Fatalf("%d exchanges while waiting for %v", n, waited)
		}
	}
}

func TestLocalHitDoesNotAllocate(t *testing.T) {
	c := near(t, redistest.Shared(t).Client(t), prefix(t), newDatabase().load, cache.Options{})
	// A pause of the machine empties memory, and what else runs in the process counts
	// too; a hit that allocates does so every time.
	least := 1.0
	for try := 0; try < 20 && least > 0; try++ {
		warm(t, c, 1)
		least = min(least, testing.AllocsPerRun(100, func() { _, _ = c.Get(context.Background(), 1) }))
	}
	if least > 0 {
		t.Errorf("%v allocations", least)
	}
}

func BenchmarkLocalHit(b *testing.B) {
	c := near(b, redistest.Shared(b).Client(b), prefix(b), newDatabase().load, cache.Options{TTL: time.Hour})
	warm(b, c, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Get(context.Background(), 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLocalHitParallel(b *testing.B) {
	c := near(b, redistest.Shared(b).Client(b), prefix(b), newDatabase().load, cache.Options{TTL: time.Hour})
	warm(b, c, 1)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Get(context.Background(), 1); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkDoCacheAndDecode is what LocalHit is measured against: rueidis's own
// client-side cache, whose hits have to be decoded.
func BenchmarkDoCacheAndDecode(b *testing.B) {
	client := redistest.Shared(b).Client(b)
	key := prefix(b)
	cli(b, client, "SET", key, `{"id":1,"name":"Max","version":1}`, "EX", "600")
	b.ReportAllocs()
	for b.Loop() {
		var u user
		if err := client.DoCache(context.Background(), client.B().Get().Key(key).Cache(), time.Minute).DecodeJSON(&u); err != nil {
			b.Fatal(err)
		}
	}
}
