package cache_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
)

func TestSecondReadComesFromRedis(t *testing.T) {
	t.Parallel()
	db, seen := newDatabase(), &events{}
	c, client := shared(t, db.load, cache.Options{Observer: seen})

	first, err := c.Lookup(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if first.Value != (user{1, "Max", 1}) || first.Source != cache.SourceLoader || first.Reason != cache.ReasonMiss ||
		first.TTL != time.Minute || first.Collapsed || first.LoadTime <= 0 || first.CacheTime <= 0 {
		t.Errorf("first read: %+v", first)
	}
	second, err := c.Lookup(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if second.Value != (user{1, "Max", 1}) || second.Source != cache.SourceRedis || second.Reason != cache.ReasonNone ||
		second.TTL <= 50*time.Second || second.TTL > time.Minute || second.LoadTime != 0 || second.CacheTime <= 0 {
		t.Errorf("second read: %+v", second)
	}
	const json = `{"id":1,"name":"Max","version":1}`
	if string(first.Raw) != json || string(second.Raw) != json {
		t.Errorf("raw: %s, %s", first.Raw, second.Raw)
	}
	if got := cli(t, client, "GET", c.Key(1)); got != json {
		t.Errorf("in Redis: %s", got)
	}
	if got := seen.kinds(); got != "miss, load, fill, hit" {
		t.Errorf("events: %s", got)
	}
	if s := c.Stats(); s != (cache.Stats{Hits: 1, Misses: 1, Loads: 1, Fills: 1}) {
		t.Errorf("stats: %+v", s)
	}
}

func TestInvalidateRemovesTheValue(t *testing.T) {
	t.Parallel()
	db, seen := newDatabase(), &events{}
	c, _ := shared(t, db.load, cache.Options{Observer: seen})
	for want := int64(1); want <= 3; want++ {
		for range 2 {
			u, err := c.Get(t.Context(), 1)
			if got := version(t, u, err); got != want {
				t.Fatalf("version %d, want %d", got, want)
			}
		}
		db.write(1)
		if err := c.Invalidate(t.Context(), 1, 2, 3); err != nil {
			t.Fatal(err)
		}
	}
	if s := c.Stats(); s.Invalidated != 9 || s.Loads != 3 {
		t.Errorf("stats: %+v", s)
	}
	if err := c.Invalidate(t.Context()); err != nil {
		t.Errorf("no keys: %v", err)
	}
}

func TestInvalidateHappensThoughTheCallerIsGone(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c, client := shared(t, db.load, cache.Options{})
	if _, err := c.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Invalidate(gone, 1); err != nil {
		t.Fatal(err)
	}
	if ms := pttl(t, client, c.Key(1)); ms != -2 {
		t.Errorf("the value is still there for %d ms", ms)
	}
}

func TestLifetimesAreThoseConfigured(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	c, client := shared(t, g.slow(db.load), cache.Options{
		TTL: 40 * time.Second, NegativeTTL: 7 * time.Second, LoadTimeout: 20 * time.Second, LeaseTTL: 25 * time.Second,
	})
	between := func(what, name string, low, high int64) {
		t.Helper()
		if ms := pttl(t, client, name); ms <= low || ms > high {
			t.Errorf("%s lives %d ms, want %d", what, ms, high)
		}
	}
	for _, id := range []int64{1, 404} {
		got := getAsync(t.Context(), c, id)
		receive(t, "load", g.began)
		between("lease", cache.LeaseKey(c.Key(id)), 5_000, 25_000)
		g.goOn <- struct{}{}
		<-got
		if ms := pttl(t, client, cache.LeaseKey(c.Key(id))); ms != -2 {
			t.Errorf("the lease stays for %d ms", ms)
		}
	}
	between("value", c.Key(1), 20_000, 40_000)
	between("absence", c.Key(404), 1_000, 7_000)

	done := make(chan struct{})
	go func() { defer close(done); _, _ = c.Refresh(t.Context(), 1) }()
	receive(t, "refresh", g.began)
	between("lease of a refresh", cache.LeaseKey(c.Key(1)), 5_000, 25_000)
	g.goOn <- struct{}{}
	<-done
	between("refreshed value", c.Key(1), 20_000, 40_000)
}

func TestAbsenceIsRemembered(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c, client := shared(t, db.load, cache.Options{NegativeTTL: time.Minute})
	for i, source := range []cache.Source{cache.SourceLoader, cache.SourceRedis} {
		e, err := c.Lookup(t.Context(), 404)
		if !errors.Is(err, cache.ErrNotFound) || e.Source != source || e.Raw != nil || e.TTL <= 50*time.Second {
			t.Errorf("read %d: %+v, %v", i, e, err)
		}
	}
	if got := cli(t, client, "GET", c.Key(404)); got != "null" {
		t.Errorf("in Redis: %s", got)
	}
	db.write(404)
	if err := c.Invalidate(t.Context(), 404); err != nil {
		t.Fatal(err)
	}
	if u, err := c.Get(t.Context(), 404); version(t, u, err) != 1 {
		t.Errorf("after it appeared: %+v", u)
	}
}

func TestAbsenceIsNotRememberedByDefault(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c, client := shared(t, db.load, cache.Options{})
	for range 2 {
		if _, err := c.Get(t.Context(), 404); !errors.Is(err, cache.ErrNotFound) {
			t.Fatal(err)
		}
	}
	if n := db.loads.Load(); n != 2 {
		t.Errorf("%d loads, want 2", n)
	}
	if v, l := pttl(t, client, c.Key(404)), pttl(t, client, cache.LeaseKey(c.Key(404))); v != -2 || l != -2 {
		t.Errorf("left in Redis: value %d ms, lease %d ms", v, l)
	}
}

func TestNilIsReturnedButNotStored(t *testing.T) {
	t.Parallel()
	_, client := shared(t, newDatabase().load, cache.Options{})
	c := cache.New(client, prefix(t), func(context.Context, string) ([]string, error) { return nil, nil },
		cache.Options{NegativeTTL: time.Minute})
	defer c.Close()
	for range 2 {
		if v, err := c.Get(t.Context(), "tags"); v != nil || err != nil {
			t.Errorf("got %v, %v", v, err)
		}
	}
	if ms := pttl(t, client, c.Key("tags")); ms != -2 {
		t.Errorf("stored for %d ms", ms)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	type name string
	type number int8
	type big uint64
	check := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("key %q, want %q", got, want)
		}
	}
	check(keyOf("cache:user", int64(42)), "cache:user:42")
	check(keyOf("cache:user", -1), "cache:user:-1")
	check(keyOf("cache:user", number(-8)), "cache:user:-8")
	check(keyOf("cache:user", big(1<<63)), "cache:user:9223372036854775808")
	check(keyOf("cache:page", "a:b"), "cache:page:a:b")
	check(keyOf("cache:page", "{a} b"), "cache:page:%7Ba%7D%20b")
	check(keyOf("cache:page", name("Jürgen")), "cache:page:Jürgen")
	check(keyOf("{t}:page", "x"), "%7Bt%7D:page:x")
	check(cache.LeaseKey("cache:user:42"), "{cache:user:42}:lease")
}

func keyOf[K cache.Key](prefix string, key K) string {
	c := cache.New(nil, prefix, func(context.Context, K) (int, error) { return 0, nil }, cache.Options{})
	defer c.Close()
	return c.Key(key)
}

func TestClosedCacheStillReadsRedis(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c, _ := shared(t, db.load, cache.Options{})
	if _, err := c.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	c.Close()
	c.Close()
	if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
		t.Errorf("a hit: %+v", u)
	}
	if _, err := c.Get(t.Context(), 2); !errors.Is(err, cache.ErrClosed) {
		t.Errorf("a miss: %v, want ErrClosed", err)
	}
	if err := c.Invalidate(t.Context(), 1); err != nil {
		t.Errorf("Invalidate: %v", err)
	}
}

func TestCloseEndsLoads(t *testing.T) {
	t.Parallel()
	g := newGate()
	c, client := shared(t, g.slow(newDatabase().load), cache.Options{})
	got := getAsync(t.Context(), c, 1)
	receive(t, "load", g.began)
	c.Close()
	if r := receive(t, "answer", got); !errors.Is(r.err, cache.ErrClosed) {
		t.Errorf("got %v", r.err)
	}
	if ms := pttl(t, client, cache.LeaseKey(c.Key(1))); ms != -2 {
		t.Errorf("the lease stays for %d ms", ms)
	}
}

func TestEndedContextAsksNobody(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c, _ := shared(t, db.load, cache.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Get(ctx, 1)
	_, refreshErr := c.Refresh(ctx, 1)
	_, manyErr := c.GetMany(ctx, []int64{1})
	for _, err := range []error{err, refreshErr, manyErr} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	if db.loads.Load() != 0 || c.Stats().BreakerOpen {
		t.Errorf("%d loads, stats %+v", db.loads.Load(), c.Stats())
	}
}
