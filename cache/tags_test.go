package cache_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// parity gives each key one tag, even or odd.
func parity(key any) []string {
	if key.(int64)%2 == 0 {
		return []string{"even"}
	}
	return []string{"odd"}
}

func TestInvalidateTagsRemovesWhatHasTheTag(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	for id := range int64(4) {
		db.write(id + 10)
	}
	first, second, _ := pair(t, db.load, cache.Options{Tags: parity})
	ids := []int64{10, 12, 11, 13} // neighbours with the same tag share a question
	sources := func(c *users) string {
		var s []string
		for _, id := range ids {
			e, err := c.Lookup(t.Context(), id)
			version(t, e.Value, err)
			s = append(s, e.Source.String())
		}
		return strings.Join(s, " ")
	}
	if got := sources(first); got != "database database database database" {
		t.Fatalf("at first: %s", got)
	}
	if got := sources(second); got != "redis redis redis redis" {
		t.Fatalf("then: %s", got)
	}
	if err := first.InvalidateTags(t.Context(), "even"); err != nil {
		t.Fatal(err)
	}
	if got := sources(second); got != "database database redis redis" {
		t.Errorf("after InvalidateTags(even): %s", got)
	}
	if got := sources(first); got != "redis redis redis redis" {
		t.Errorf("and then: %s", got)
	}
	if err := first.InvalidateTags(t.Context(), "even", "odd"); err != nil {
		t.Fatal(err)
	}
	loads := db.loads.Load()
	if many, err := second.GetMany(t.Context(), ids); err != nil || len(many) != 4 || db.loads.Load() != loads+4 {
		t.Errorf("GetMany: %v, %v, %d loads", many, err, db.loads.Load()-loads)
	}
	if many, err := first.GetMany(t.Context(), ids); err != nil || len(many) != 4 || db.loads.Load() != loads+4 {
		t.Errorf("GetMany again: %v, %v, %d loads", many, err, db.loads.Load()-loads)
	}
}

// Between the look into the database and the fill a tag is invalidated: the fill
// itself meets no obstacle, and yet nobody may see what it stored.
func TestTagInvalidatedDuringALoad(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	first, second, _ := pair(t, g.slow(db.load), cache.Options{Tags: parity})
	old := getAsync(t.Context(), first, 1)
	receive(t, "load of the old value", g.began)
	db.write(1)
	if err := second.InvalidateTags(t.Context(), "odd"); err != nil {
		t.Fatal(err)
	}
	// This one joins the load that is under way, but began after the invalidation.
	late := getAsync(t.Context(), first, 1)
	eventually(t, "two wait", func() bool { return first.Waiting(1) == 2 })
	close(g.goOn)
	if r := receive(t, "the first reader", old); version(t, r.u, r.err) != 1 {
		t.Errorf("the first reader got %+v", r)
	}
	if r := receive(t, "the late reader", late); version(t, r.u, r.err) != 2 {
		t.Errorf("the late reader got %+v", r)
	}
	for _, c := range []*users{first, second} {
		if u, err := c.Get(t.Context(), 1); version(t, u, err) != 2 {
			t.Errorf("got %+v", u)
		}
	}
}

func TestOwnTagInvalidationStopsALoad(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	c, client := shared(t, g.slow(db.load), cache.Options{Tags: parity})
	old := getAsync(t.Context(), c, 1)
	receive(t, "load of the old value", g.began)
	db.write(1)
	if err := c.InvalidateTags(t.Context(), "odd"); err != nil {
		t.Fatal(err)
	}
	late := getAsync(t.Context(), c, 1)
	close(g.goOn)
	if r := receive(t, "the late reader", late); version(t, r.u, r.err) != 2 {
		t.Errorf("the late reader got %+v", r)
	}
	receive(t, "the first reader", old)
	if got := cli(t, client, "GET", c.Key(1)); got != `{"id":1,"name":"Max","version":2}` {
		t.Errorf("Redis has %s", got)
	}
}

// The local tiers of other processes follow the invalidation of a tag by push, the
// own one at once.
func TestLocalTiersFollowTags(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	server, p := redistest.Shared(t), prefix(t)
	first := near(t, server.Client(t), p, db.load, cache.Options{Tags: parity})
	second := near(t, server.Client(t), p, db.load, cache.Options{Tags: parity})
	for range 100 {
		warm(t, first, 1)
		warm(t, second, 1)
		v := db.write(1)
		if err := first.InvalidateTags(t.Context(), "odd"); err != nil {
			t.Fatal(err)
		}
		if u, err := first.Get(t.Context(), 1); version(t, u, err) != v {
			t.Fatalf("the process that invalidated has %+v, want version %d", u, v)
		}
		eventually(t, "the other process follows", func() bool {
			u, err := second.Get(t.Context(), 1)
			return version(t, u, err) == v
		})
	}
}

// Whatever happens to a generation, an entry of it is not believed any more.
func TestLostGenerationIsAMiss(t *testing.T) {
	t.Parallel()
	for what, do := range map[string]func(c *users, client rueidis.Client, tag string){
		"evicted": func(_ *users, client rueidis.Client, tag string) { cli(t, client, "DEL", tag) },
		"another type": func(_ *users, client rueidis.Client, tag string) {
			cli(t, client, "DEL", tag)
			cli(t, client, "SADD", tag, "x")
		},
		"other marks": func(c *users, client rueidis.Client, _ string) {
			cli(t, client, "SET", "{"+c.Key(1)+"}:tags", "x", "EX", "60")
		},
		"marks of type": func(c *users, client rueidis.Client, _ string) {
			cli(t, client, "DEL", "{"+c.Key(1)+"}:tags")
			cli(t, client, "SADD", "{"+c.Key(1)+"}:tags", "x")
		},
		"no marks": func(c *users, client rueidis.Client, _ string) { cli(t, client, "DEL", "{"+c.Key(1)+"}:tags") },
		"value by hand": func(c *users, client rueidis.Client, _ string) {
			cli(t, client, "DEL", c.Key(1))
			cli(t, client, "SADD", c.Key(1), "x")
		},
		"empty by nature": func(c *users, client rueidis.Client, tag string) {
			cli(t, client, "SET", tag, "")
			cli(t, client, "SET", "{"+c.Key(1)+"}:tags", "x")
		},
	} {
		db := newDatabase()
		c, client := shared(t, db.load, cache.Options{Tags: parity})
		tag := "{" + strings.TrimSuffix(c.Key(1), "1") + "}:tag:odd"
		if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
			t.Fatalf("%s: got %+v", what, u)
		}
		db.write(1)
		do(c, client, tag)
		for range 2 {
			if u, err := c.Get(t.Context(), 1); version(t, u, err) != 2 {
				t.Errorf("%s: got %+v", what, u)
			}
		}
		if n := db.loads.Load(); n != 2 {
			t.Errorf("%s: %d loads, want 2", what, n)
		}
	}
}

func TestEveryKeyOfTagsHasATTL(t *testing.T) {
	t.Parallel()
	c, client := shared(t, newDatabase().load, cache.Options{Tags: parity, TTL: time.Minute, LeaseTTL: 10 * time.Second})
	if _, err := c.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	p := strings.TrimSuffix(c.Key(1), "1")
	for _, key := range []string{c.Key(1), "{" + p + "1}:tags"} {
		if ms := pttl(t, client, key); ms <= 0 || ms > 60_000 {
			t.Errorf("%s lives for %d ms", key, ms)
		}
	}
	tag := "{" + p + "}:tag:odd"
	if ms := pttl(t, client, tag); ms <= 70_000 || ms > 140_000 {
		t.Errorf("the generation lives for %d ms, want twice the life of entry and lease", ms)
	}
	generation := cli(t, client, "GET", tag)
	cli(t, client, "PEXPIRE", tag, "69000")
	if _, err := c.Refresh(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if ms := pttl(t, client, tag); ms <= 70_000 || cli(t, client, "GET", tag) != generation {
		t.Errorf("the generation was not prolonged: %d ms", ms)
	}
}

// Redis does not learn of a tag's invalidation: the process that was told so reads
// past it until the repetition is confirmed.
func TestUnconfirmedTagIsBypassed(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	first, second, m := pair(t, db.load, cache.Options{Tags: parity})
	if _, err := first.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	loseRemovals(m)
	db.write(1)
	if err := first.InvalidateTags(t.Context(), "odd"); !isUnconfirmed(err) {
		t.Fatalf("got %v, want ErrUnconfirmed", err)
	}
	eventually(t, "the breaker lets pass again", func() bool { return breakerLetsPass(first) })
	e, err := first.Lookup(t.Context(), 1)
	if version(t, e.Value, err) != 2 || e.Reason != cache.ReasonUnavailable {
		t.Errorf("the process that was told got %+v", e)
	}
	m.meddle(nil, nil)
	eventually(t, "the repetition is confirmed", func() bool { return first.Stats().Pending == 0 })
	for _, c := range []*users{first, second} {
		if u, err := c.Get(t.Context(), 1); version(t, u, err) != 2 {
			t.Errorf("got %+v", u)
		}
	}
}

func TestTagsInACluster(t *testing.T) {
	t.Parallel()
	client := redistest.StartCluster(t, 3).Client(t)
	db := newDatabase()
	for id := range int64(20) {
		db.write(id)
	}
	c := open(t, client, prefix(t), db.load, patient(cache.Options{Tags: parity}))
	ids := make([]int64, 20)
	for i := range ids {
		ids[i] = int64(i)
	}
	for _, want := range []int64{20, 20} {
		if many, err := c.GetMany(t.Context(), ids); err != nil || len(many) != 20 || db.loads.Load() != want {
			t.Fatalf("%d values, %v, %d loads, want %d", len(many), err, db.loads.Load(), want)
		}
	}
	if err := c.InvalidateTags(t.Context(), "even"); err != nil {
		t.Fatal(err)
	}
	if many, err := c.GetMany(t.Context(), ids); err != nil || len(many) != 20 || db.loads.Load() != 30 {
		t.Errorf("%d values, %v, %d loads, want 30", len(many), err, db.loads.Load())
	}
}

func TestInvalidateNoTags(t *testing.T) {
	t.Parallel()
	c, _ := shared(t, newDatabase().load, cache.Options{Tags: parity})
	if err := c.InvalidateTags(context.Background()); err != nil {
		t.Error(err)
	}
}

// Redis does not learn of it while a load is under way: reads of this process that
// begin later must not get what that load brings.
func TestUnconfirmedTagStopsALoadUnderWay(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	c, _, m := pair(t, g.slow(db.load), cache.Options{Tags: parity})
	old := getAsync(t.Context(), c, 1)
	receive(t, "load of the old value", g.began)
	loseRemovals(m)
	db.write(1)
	if err := c.InvalidateTags(t.Context(), "odd"); !isUnconfirmed(err) {
		t.Fatalf("got %v, want ErrUnconfirmed", err)
	}
	late := getAsync(t.Context(), c, 1)
	receive(t, "a load of the late reader's own", g.began)
	close(g.goOn)
	if r := receive(t, "the late reader", late); version(t, r.u, r.err) != 2 {
		t.Errorf("the late reader got %+v", r)
	}
	receive(t, "the first reader", old)
}

func loseRemovals(m *meddler) {
	m.meddle(func(name string) error {
		if name == "DEL" {
			return errLost
		}
		return nil
	}, nil)
}
