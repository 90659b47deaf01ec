package cache_test

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

func TestGetManyReadsInOneRoundTrip(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c, _, m := pair(t, db.load, cache.Options{NegativeTTL: 1})
	for id := int64(2); id <= 5; id++ {
		db.write(id)
	}
	ids := []int64{5, 1, 404, 2, 1, 3, 4}
	for range 2 {
		many, err := c.GetMany(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(maps.Keys(many)); !slices.Equal(got, []int64{1, 2, 3, 4, 5}) || many[4].ID != 4 {
			t.Errorf("got %v", many)
		}
	}
	if s := c.Stats(); s.Hits < 5 || s.Loads < 6 || s.Loads > 7 {
		t.Errorf("stats: %+v", s)
	}
	before := m.exchanges.Load()
	if _, err := c.GetMany(t.Context(), []int64{1, 2, 3, 4, 5}); err != nil {
		t.Fatal(err)
	}
	if n := m.exchanges.Load() - before; n != 1 {
		t.Errorf("%d exchanges for 5 keys", n)
	}
}

func TestGetManyReturnsWhatItCan(t *testing.T) {
	t.Parallel()
	broken := errors.New("row is locked")
	c, _ := shared(t, func(_ context.Context, id int64) (user, error) {
		switch {
		case id%3 == 0:
			return user{}, broken
		case id%5 == 0:
			return user{}, cache.ErrNotFound
		}
		return user{ID: id}, nil
	}, cache.Options{})
	many, err := c.GetMany(t.Context(), []int64{1, 2, 3, 4, 5, 6})
	if got := slices.Sorted(maps.Keys(many)); !slices.Equal(got, []int64{1, 2, 4}) {
		t.Errorf("got %v", many)
	}
	if !errors.Is(err, broken) || strings.Count(err.Error(), "row is locked") != 2 || !strings.Contains(err.Error(), c.Key(6)) {
		t.Errorf("error: %v", err)
	}
	if many, err := c.GetMany(t.Context(), nil); many == nil || len(many) != 0 || err != nil {
		t.Errorf("no keys: %v, %v", many, err)
	}
}

func TestGetManySharesLoadsAndIsCancelled(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	c := open(t, redistest.Shared(t).Client(t), prefix(t), g.slow(db.load), patient(cache.Options{}))
	single := getAsync(t.Context(), c, 1)
	receive(t, "load", g.began)
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error, 1)
	go func() {
		_, err := c.GetMany(ctx, []int64{1})
		errs <- err
	}()
	eventually(t, "both wait", func() bool { return c.Waiting(1) == 2 })
	cancel()
	if err := receive(t, "GetMany", errs); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(g.goOn)
	if r := receive(t, "Get", single); version(t, r.u, r.err) != 1 || db.loads.Load() != 1 {
		t.Errorf("got %+v with %d loads", r, db.loads.Load())
	}
}

func TestWarmLoadsWhatIsNotThere(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c, client := shared(t, db.load, cache.Options{})
	for range 2 {
		if err := c.Warm(t.Context(), 1, 404); err != nil {
			t.Fatal(err)
		}
	}
	if got := cli(t, client, "GET", c.Key(1)); got != `{"id":1,"name":"Max","version":1}` {
		t.Errorf("in Redis: %q", got)
	}
	if n := db.loads.Load(); n != 3 { // 404 is not remembered here
		t.Errorf("%d loads, want 3", n)
	}
}

func TestJitterSpreadsExpiry(t *testing.T) {
	t.Parallel()
	load := func(_ context.Context, id int64) (user, error) { return user{ID: id}, nil }
	c, client := shared(t, load, cache.Options{TTL: time.Hour, TTLJitter: 20 * time.Minute})
	shortest, longest := int64(math.MaxInt64), int64(0)
	for id := range int64(100) {
		if _, err := c.Get(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		ms := pttl(t, client, c.Key(id))
		shortest, longest = min(shortest, ms), max(longest, ms)
	}
	if shortest < 39*60_000 || shortest > 50*60_000 || longest < 50*60_000 || longest > 60*60_000 {
		t.Errorf("lives from %d to %d ms", shortest, longest)
	}
}
