package cache_test

import (
	"context"
	"errors"
	"math/rand/v2"
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
	warm(t, c, 404)
	if _, err := c.Get(t.Context(), 404); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	many, err := c.GetMany(t.Context(), []int64{1, 404})
	if err != nil || len(many) != 1 || many[1].Version != 1 {
		t.Errorf("got %v, %v", many, err)
	}
	if s := c.Stats(); s.LocalHits < 4 || s.LocalEntries != 2 || s.LocalBytes <= 0 || db.loads.Load() != 2 {
		t.Errorf("%d loads, stats %+v", db.loads.Load(), s)
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
	// the first answer that is not from memory.
	type outcome struct {
		e     cache.Entry[user]
		err   error
		hits  int
		began time.Time // of the last local hit
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		for {
			began := time.Now()
			o.e, o.err = c.Lookup(context.Background(), 1)
			if o.err != nil || o.e.Source != cache.SourceLocal {
				done <- o
				return
			}
			o.hits, o.began = o.hits+1, began
		}
	}()
	server.Freeze(t)
	frozen := time.Now()
	db.write(1)
	o := receive(t, "the end of local hits", done)
	if version(t, o.e.Value, o.err) != 2 {
		t.Errorf("got %+v", o.e)
	}
	if o.hits == 0 || o.began.Sub(frozen) > time.Second {
		t.Errorf("%d local hits, the last one %v after the freeze", o.hits, o.began.Sub(frozen))
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
	eventually(t, "enough was read and written", func() bool { return h.reads.Load() >= 20_000 && h.writes.Load() >= 600 })
	stop()
	h.report(t)
	var hits uint64
	for _, c := range h.caches {
		hits += c.Stats().LocalHits
	}
	if hits < 1000 {
		t.Errorf("only %d local hits", hits)
	}
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
	a := getAsync(t.Context(), holder, 1)
	receive(t, "load", g.began)
	b := getAsync(t.Context(), waiter, 1)
	before := m.exchanges.Load()
	timer := time.NewTimer(time.Duration(900+rand.IntN(50)) * time.Millisecond)
	<-timer.C
	close(g.goOn)
	if r := receive(t, "holder", a); version(t, r.u, r.err) != 1 {
		t.Error(r)
	}
	if r := receive(t, "waiter", b); version(t, r.u, r.err) != 1 {
		t.Error(r)
	}
	if n := m.exchanges.Load() - before; n > 10 {
		t.Errorf("%d exchanges while waiting", n)
	}
	if n := db.loads.Load(); n != 1 {
		t.Errorf("%d loads", n)
	}
}

func TestLocalHitDoesNotAllocate(t *testing.T) {
	c := near(t, redistest.Shared(t).Client(t), prefix(t), newDatabase().load, cache.Options{})
	warm(t, c, 1)
	if n := testing.AllocsPerRun(100, func() { _, _ = c.Get(context.Background(), 1) }); n != 0 {
		t.Errorf("%v allocations", n)
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
