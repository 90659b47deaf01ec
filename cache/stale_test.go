package cache_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
)

// moody is a loader that fails when told to.
type moody struct {
	db     *database
	fail   atomic.Bool
	failed atomic.Int64
}

var errMood = errors.New("no database")

func (m *moody) load(ctx context.Context, id int64) (user, error) {
	if m.fail.Load() {
		m.failed.Add(1)
		return user{}, errMood
	}
	return m.db.load(ctx, id)
}

var lenient = cache.Options{TTL: time.Minute, StaleIfError: 10 * time.Minute, NegativeTTL: time.Minute}

func TestStaleIfErrorAnswersWhileTheLoaderFails(t *testing.T) {
	t.Parallel()
	l := &moody{db: newDatabase()}
	seen := &events{}
	o := lenient
	o.Observer = seen
	c, client := shared(t, l.load, o)
	e, err := c.Lookup(t.Context(), 1)
	if version(t, e.Value, err) != 1 || e.TTL != time.Minute {
		t.Fatalf("got %+v", e)
	}
	if ms := pttl(t, client, c.Key(1)); ms < 650_000 || ms > 660_000 {
		t.Errorf("Redis keeps the entry for %d ms, want TTL and StaleIfError", ms)
	}
	if e, err := c.Lookup(t.Context(), 1); version(t, e.Value, err) != 1 || e.TTL <= 0 || e.TTL > time.Minute || e.Source != cache.SourceRedis {
		t.Errorf("got %+v", e)
	}
	cli(t, client, "PEXPIRE", c.Key(1), "500000") // beyond its TTL
	l.fail.Store(true)
	began := time.Now()
	for range 50 {
		e, err := c.Lookup(t.Context(), 1)
		if version(t, e.Value, err) != 1 || e.Source != cache.SourceRedis || e.Reason != cache.ReasonStale || e.TTL != 0 {
			t.Fatalf("got %+v", e)
		}
	}
	if n, took := l.failed.Load(), time.Since(began); n < 1 || n > 1+int64(took/time.Second) {
		t.Errorf("%d loads for 50 reads within %v", n, took)
	}
	if many, err := c.GetMany(t.Context(), []int64{1}); err != nil || many[1].Version != 1 {
		t.Errorf("GetMany: %v, %v", many, err)
	}
	if s := c.Stats(); s.Stale != 51 || s.Misses != 52 {
		t.Errorf("stats: %+v", s)
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	for _, ev := range seen.all {
		if ev.Kind == cache.EventStale && errors.Is(ev.Err, errMood) {
			return
		}
	}
	t.Error("no event says why the entry is stale")
}

// What is beyond its TTL is loaded again as soon as the loader can.
func TestStaleEntryIsLoadedAgain(t *testing.T) {
	t.Parallel()
	l := &moody{db: newDatabase()}
	c, client := shared(t, l.load, lenient)
	cli(t, client, "SET", c.Key(1), `{"id":1,"name":"Max","version":7}`, "PX", "500000")
	e, err := c.Lookup(t.Context(), 1)
	if version(t, e.Value, err) != 1 || e.Source != cache.SourceLoader || e.Reason != cache.ReasonStale {
		t.Errorf("got %+v", e)
	}
	if ms := pttl(t, client, c.Key(1)); ms < 650_000 {
		t.Errorf("the new entry lives for %d ms", ms)
	}
}

func TestStaleAbsence(t *testing.T) {
	t.Parallel()
	l := &moody{db: newDatabase()}
	c, client := shared(t, l.load, lenient)
	if _, err := c.Get(t.Context(), 404); !errors.Is(err, cache.ErrNotFound) {
		t.Fatal(err)
	}
	if ms := pttl(t, client, c.Key(404)); ms < 650_000 {
		t.Errorf("the absence is kept for %d ms", ms)
	}
	cli(t, client, "PEXPIRE", c.Key(404), "500000")
	l.fail.Store(true)
	if _, err := c.Get(t.Context(), 404); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// That there is no such thing any more is an answer, not a failure.
func TestNotFoundReplacesAStaleEntry(t *testing.T) {
	t.Parallel()
	l := &moody{db: newDatabase()}
	o := lenient
	o.NegativeTTL = 0
	c, client := shared(t, l.load, o)
	l.db.remove(1)
	cli(t, client, "SET", c.Key(1), `{"id":1,"name":"Max","version":1}`, "PX", "500000")
	if _, err := c.Get(t.Context(), 1); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	absent(t, client, c.Key(1))
}

func TestInvalidatedEntryIsNotReturnedStale(t *testing.T) {
	t.Parallel()
	l := &moody{db: newDatabase()}
	o := lenient
	o.Tags = parity
	c, client := shared(t, l.load, o)
	for what, invalidate := range map[string]func() error{
		"the key": func() error { return c.Invalidate(t.Context(), 1) },
		"its tag": func() error { return c.InvalidateTags(t.Context(), "odd") },
	} {
		l.fail.Store(false)
		if _, err := c.Refresh(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		cli(t, client, "PEXPIRE", c.Key(1), "500000")
		l.fail.Store(true)
		if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
			t.Fatalf("%s: no stale entry to begin with: %+v", what, u)
		}
		if err := invalidate(); err != nil {
			t.Fatal(err)
		}
		if u, err := c.Get(t.Context(), 1); !errors.Is(err, errMood) {
			t.Errorf("%s was invalidated: got %+v, %v", what, u, err)
		}
	}
}

// A caller that gives up gets its own error, not an old value.
func TestCallerThatGivesUpGetsNothingStale(t *testing.T) {
	t.Parallel()
	g := newGate()
	c, client := shared(t, g.slow(newDatabase().load), lenient)
	cli(t, client, "SET", c.Key(1), `{"id":1,"name":"Max","version":1}`, "PX", "500000")
	ctx, cancel := context.WithCancel(t.Context())
	waiting := getAsync(ctx, c, 1)
	receive(t, "the load", g.began)
	cancel()
	if r := receive(t, "the reader", waiting); !errors.Is(r.err, context.Canceled) {
		t.Errorf("got %+v", r)
	}
	close(g.goOn)
}
