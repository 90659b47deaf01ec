package cache_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

func invalidateAll(tb testing.TB, c *users) {
	tb.Helper()
	if err := c.InvalidateAll(context.Background()); err != nil {
		tb.Fatal(err)
	}
}

func TestInvalidateAllRemovesItsOwnKeysAlone(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	mini := miniredis.RunT(t)
	onMini, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{mini.Addr()}, DisableCache: true, AlwaysRESP2: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(onMini.Close)
	for name, client := range map[string]rueidis.Client{"redis": server.Client(t), "miniredis": onMini} {
		for _, p := range []string{"cache:user", "odd[a-z]*?\\"} {
			db, ids := manyUsers()
			o := patient(cache.Options{NegativeTTL: time.Minute, Tags: parity})
			c := open(t, client, p, db.load, o)
			if _, err := c.GetMany(t.Context(), ids); err != nil {
				t.Fatal(err)
			}
			_, _ = c.Get(t.Context(), 999_999) // an absence
			others := []string{p + "s:1", p, "{" + p + ":}:tag:x", "cache:user_:1", "odda:1", "shop:basket"}
			for _, key := range others {
				cli(t, client, "SET", key, "theirs")
			}
			invalidateAll(t, c)
			for _, key := range others {
				if got := cli(t, client, "GET", key); got != "theirs" {
					t.Errorf("%s, %s: %s is gone", name, p, key)
				}
			}
			for _, id := range append(ids, 999_999) {
				if got := cli(t, client, "GET", c.Key(id)); got != "" {
					t.Errorf("%s, %s: %s is still there", name, p, c.Key(id))
				}
			}
		}
	}
}

// The load began before, and its fill comes between the two passes: a pass over the
// values that came first would have it behind itself.
func TestFillBetweenThePassesIsRefused(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"by the loading process", "by another process"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			db, g := newDatabase(), newGate()
			refused := make(chan struct{}, 10)
			o := cache.Options{Observer: &events{on: func(e cache.Event) {
				if e.Kind == cache.EventFillRefused || e.Kind == cache.EventFill && e.Key[len(e.Key)-2:] == ":1" {
					refused <- struct{}{}
				}
			}}}
			server := redistest.Shared(t)
			m := &meddler{Client: server.Client(t)}
			p := prefix(t)
			loader := open(t, server.Client(t), p, g.slow(db.load), patient(o))
			writer := open(t, m, p, db.load, patient(cache.Options{}))
			if who == "by the loading process" {
				loader = open(t, m, p, g.slow(db.load), patient(o))
				writer = loader
			}
			// Something for the second pass to remove.
			cli(t, m, "SET", p+":2", `{"id":2,"name":"Max","version":1}`)
			old := getAsync(t.Context(), loader, 1)
			receive(t, "load of the old value", g.began)
			db.write(1)
			passes := 0
			m.meddle(func(name string) error {
				if name != "DEL" {
					return nil
				}
				if passes++; passes == 2 {
					close(g.goOn)
					receive(t, "end of the old load", refused)
				}
				return nil
			}, nil)
			invalidateAll(t, writer)
			if passes != 2 {
				t.Fatalf("%d removals, want one in each pass", passes)
			}
			m.meddle(nil, nil)
			if r := receive(t, "first reader", old); version(t, r.u, r.err) != 1 {
				t.Errorf("the first reader got %+v", r)
			}
			absent(t, m, loader.Key(1))
			if u, err := loader.Get(t.Context(), 1); version(t, u, err) != 2 {
				t.Errorf("a later reader got %+v", u)
			}
		})
	}
}

// The lease is taken between the passes: what was loaded under it is new, and stays
// usable.
func TestLeaseTakenBetweenThePasses(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	first, second, m := pair(t, g.slow(db.load), cache.Options{})
	old := getAsync(t.Context(), second, 1)
	receive(t, "load of the old value", g.began)
	cli(t, m, "SET", first.Key(2), `{"id":2,"name":"Max","version":1}`)
	db.write(1)
	passes := 0
	var between <-chan read
	m.meddle(func(name string) error {
		if name != "DEL" {
			return nil
		}
		if passes++; passes == 2 {
			// By the first process, whose flights are its own.
			m.meddle(nil, nil)
			between = getAsync(t.Context(), first, 1)
			receive(t, "load of the new value", g.began)
		}
		return nil
	}, nil)
	invalidateAll(t, first)
	after := getAsync(t.Context(), first, 1)
	close(g.goOn)
	if r := receive(t, "reader from before", old); version(t, r.u, r.err) != 1 {
		t.Errorf("the reader from before got %+v", r)
	}
	for _, ch := range []<-chan read{between, after} {
		if r := receive(t, "reader", ch); version(t, r.u, r.err) != 2 {
			t.Errorf("got %+v", r)
		}
	}
	for _, c := range []*users{first, second} {
		if u, err := c.Get(t.Context(), 1); version(t, u, err) != 2 {
			t.Errorf("got %+v", u)
		}
	}
}

// Writers change rows and then drop everything, while readers of three processes,
// one of them with a local tier, load and fill all the time.
func TestNothingOlderIsReadAfterInvalidateAll(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	db, ids := manyUsers()
	var caches []*users
	for i := range 3 {
		o := patient(cache.Options{LeaseTTL: time.Minute})
		if i == 0 {
			o.LocalBytes = 1 << 20
		}
		caches = append(caches, open(t, server.Client(t), "cache:user", db.load, o))
	}
	ready(t, caches[0])
	var floor [64]atomic.Int64 // the version that a reader must see at least
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, c := range caches {
		for r := range 4 {
			wg.Go(func() {
				for n := r; ctx.Err() == nil; n++ {
					id := ids[n%20]
					least := floor[id].Load()
					if u, err := c.Get(context.Background(), id); err != nil || u.Version < least {
						t.Errorf("user %d: version %d (%v), want at least %d", id, u.Version, err, least)
						return
					}
				}
			})
		}
	}
	for round := range 150 {
		if round%10 == 0 {
			// Rounds that follow each other at once may leave memory no time to be read.
			before, elsewhere := caches[0].Stats(), caches[1].Stats()
			eventually(t, "reads from memory and from Redis", func() bool {
				return t.Failed() || caches[0].Stats().LocalHits > before.LocalHits && caches[1].Stats().Hits > elsewhere.Hits
			})
		}
		var versions [64]int64
		for _, id := range ids[:20] {
			versions[id] = db.write(id)
		}
		// The one with the local tier is the only one whose own memory could be old.
		invalidateAll(t, caches[0])
		for _, id := range ids[:20] {
			floor[id].Store(versions[id])
		}
		if t.Failed() {
			t.Logf("round %d", round)
			break
		}
	}
	stop()
	wg.Wait()
}

func TestLostInvalidateAllIsRepeated(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	first, second, m := pair(t, db.load, cache.Options{})
	if u, err := first.Get(t.Context(), 1); version(t, u, err) != 1 {
		t.Fatal(u)
	}
	db.write(1)
	lose := func(name string) error {
		if name == "DEL" {
			return errLost
		}
		return nil
	}
	m.meddle(lose, nil)
	if err := first.InvalidateAll(t.Context()); !isUnconfirmed(err) {
		t.Fatalf("got %v, want ErrUnconfirmed", err)
	}
	if s := first.Stats(); s.Pending != 1 || s.Unconfirmed != 1 {
		t.Errorf("stats: %+v", s)
	}
	if u, err := second.Get(t.Context(), 1); version(t, u, err) != 1 {
		t.Fatalf("no old value in Redis: %+v", u)
	}
	for range 3 {
		if u, err := first.Get(t.Context(), 1); version(t, u, err) != 2 {
			t.Errorf("the writing process got %+v", u)
		}
	}
	m.meddle(nil, nil)
	eventually(t, "the repetition is confirmed", func() bool { return first.Stats().Pending == 0 })
	if u, err := second.Get(t.Context(), 1); version(t, u, err) != 2 {
		t.Errorf("the other process got %+v", u)
	}
	eventually(t, "the writing process reads Redis again", func() bool {
		e, err := first.Lookup(t.Context(), 1)
		return version(t, e.Value, err) == 2 && e.Source == cache.SourceRedis
	})
}

func TestInvalidateAllWithoutRedisIsConfirmedOnceItIsBack(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.WithAppendOnly())
	db := newDatabase()
	c := open(t, server.Client(t), "cache:user", db.load, cache.Options{RedisTimeout: time.Second})
	if u, err := c.Get(t.Context(), 1); version(t, u, err) != 1 {
		t.Fatal(u)
	}
	server.Kill(t)
	db.write(1)
	if err := c.InvalidateAll(t.Context()); !isUnconfirmed(err) {
		t.Fatalf("got %v, want ErrUnconfirmed", err)
	}
	server.Restart(t)
	for c.Stats().Pending > 0 {
		if u, err := c.Get(t.Context(), 1); version(t, u, err) != 2 {
			t.Fatalf("the old value came back: %+v", u)
		}
	}
	eventually(t, "Redis is asked again", func() bool {
		e, err := c.Lookup(t.Context(), 1)
		return version(t, e.Value, err) == 2 && e.Source == cache.SourceRedis
	})
}

func TestInvalidateAllInACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	db, ids := manyUsers()
	c := open(t, cluster.Client(t), "cache:user", db.load, patient(cache.Options{}))
	read := func(want int64) {
		t.Helper()
		many, err := c.GetMany(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		for id, u := range many {
			least := want
			if id == 1 { // has one more from the beginning
				least++
			}
			if u.Version != least {
				t.Errorf("user %d has version %d, want %d", id, u.Version, least)
			}
		}
	}
	change := func() {
		for _, id := range ids {
			db.write(id)
		}
	}
	read(1)
	change()
	invalidateAll(t, c)
	read(2)

	// While a slot moves, a key could slip past a look at one node after the other.
	slot := slotOf(t, cluster, c.Key(ids[0]))
	from, to := ownerOf(t, cluster, slot)
	cluster.BeginMove(t, slot, from, to)
	change()
	if err := c.InvalidateAll(t.Context()); !isUnconfirmed(err) {
		t.Errorf("confirmed while a slot moved: %v", err)
	}
	read(3)
	cluster.FinishMove(t, slot, from, to)
	eventually(t, "it is confirmed after the move", func() bool { return c.Stats().Pending == 0 })
	read(3)
	if s := c.Stats(); s.BreakerOpen {
		t.Errorf("stats: %+v", s)
	}
}

func slotOf(t *testing.T, cluster *redistest.Cluster, key string) int {
	t.Helper()
	slot, err := strconv.Atoi(cluster.Nodes()[0].CLI(t, "CLUSTER", "KEYSLOT", key))
	if err != nil {
		t.Fatal(err)
	}
	return slot
}

// ownerOf returns the node that has a slot, and another one.
func ownerOf(t *testing.T, cluster *redistest.Cluster, slot int) (owner, other *redistest.Server) {
	t.Helper()
	nodes := cluster.Nodes()
	at := slot * len(nodes) / 16384 // they share the slots evenly, in order
	return nodes[at], nodes[(at+1)%len(nodes)]
}
