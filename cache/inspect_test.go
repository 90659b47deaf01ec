package cache_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

const maxJSON = `{"id":1,"name":"Max","version":1}`

// inspect returns what lies under a key, and fails the test where Redis cannot tell.
func inspect(tb testing.TB, c *users, id int64) cache.Inspection {
	tb.Helper()
	in, err := c.Inspect(tb.Context(), id)
	if err != nil {
		tb.Fatal(err)
	}
	if in.Key != c.Key(id) {
		tb.Errorf("key %q, want %q", in.Key, c.Key(id))
	}
	return in
}

func TestInspectShowsWhatRedisHas(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c, client := shared(t, db.load, cache.Options{NegativeTTL: time.Minute})
	name := c.Key(1)

	if in := inspect(t, c, 1).Redis; in.Present || in.Raw != nil || in.TTL != 0 || in.Loading || in.Reason != cache.ReasonMiss {
		t.Errorf("nothing is there: %+v", in)
	}
	if _, err := c.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	in := inspect(t, c, 1).Redis
	if !in.Present || string(in.Raw) != maxJSON || in.TTL <= 0 || in.TTL > time.Minute || in.Absent || in.Reason != cache.ReasonNone {
		t.Errorf("a value: %+v, %s", in, in.Raw)
	}
	_, _ = c.Get(t.Context(), 404)
	in = inspect(t, c, 404).Redis
	if !in.Present || string(in.Raw) != "null" || !in.Absent || in.TTL <= 0 || in.TTL > time.Minute || in.Reason != cache.ReasonNone {
		t.Errorf("a remembered absence: %+v, %s", in, in.Raw)
	}
	for _, garbage := range []string{"not JSON \x00\xff", "", `{"id":1}`} {
		cli(t, client, "SET", name, garbage)
		in := inspect(t, c, 1).Redis
		if !in.Present || string(in.Raw) != garbage || in.TTL != 0 || in.Absent || in.Reason != cache.ReasonUndecodable {
			t.Errorf("garbage %q: %+v, %q", garbage, in, in.Raw)
		}
	}
	cli(t, client, "DEL", name)
	cli(t, client, "RPUSH", name, "a list")
	cli(t, client, "PEXPIRE", name, "50000")
	in = inspect(t, c, 1).Redis
	if !in.Present || in.Raw != nil || in.TTL <= 0 || in.TTL > 50*time.Second || in.Reason != cache.ReasonUndecodable {
		t.Errorf("another type: %+v", in)
	}
}

func TestInspectShowsALoadUnderWay(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	client := redistest.Shared(t).Client(t)
	p := prefix(t)
	loading := open(t, client, p, g.slow(db.load), patient(cache.Options{}))
	looking := open(t, client, p, db.load, patient(cache.Options{}))
	answer := getAsync(t.Context(), loading, 1)
	receive(t, "the load began", g.began)

	in := inspect(t, looking, 1).Redis
	if !in.Loading || in.LeaseTTL <= 0 || in.Present || in.Reason != cache.ReasonMiss {
		t.Errorf("while it is being loaded: %+v", in)
	}
	close(g.goOn)
	if r := receive(t, "the answer", answer); r.err != nil {
		t.Fatal(r.err)
	}
	if in := inspect(t, looking, 1).Redis; in.Loading || in.LeaseTTL != 0 || !in.Present {
		t.Errorf("afterwards: %+v", in)
	}
}

func TestInspectShowsWhatMemoryHas(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	client := redistest.Shared(t).Client(t)
	c := near(t, client, prefix(t), db.load, cache.Options{NegativeTTL: time.Minute})
	for id, absent := range map[int64]bool{1: false, 404: true} {
		// A pause of the machine empties memory.
		eventually(t, "memory has it", func() bool {
			warm(t, c, id)
			in := inspect(t, c, id).Local
			return in.Enabled && in.Ready && in.Present && in.Absent == absent && in.TTL > 0 && in.TTL <= time.Minute
		})
	}
	if err := c.Invalidate(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if in := inspect(t, c, 1); in.Local.Present || in.Local.TTL != 0 || in.Redis.Present {
		t.Errorf("after an invalidation: %+v", in)
	}
	c.Close()
	eventually(t, "the tier cannot be used any more", func() bool {
		in, err := c.Inspect(t.Context(), 404)
		return err == nil && in.Local.Enabled && !in.Local.Ready && !in.Local.Present
	})
	without, _ := shared(t, db.load, cache.Options{})
	if in := inspect(t, without, 1).Local; in != (cache.LocalInspection{}) {
		t.Errorf("without a local tier: %+v", in)
	}
}

// Whatever lies there, looking at it is no read.
func TestInspectLeavesNoTrace(t *testing.T) {
	t.Parallel()
	db, seen := newDatabase(), &events{}
	client := redistest.Shared(t).Client(t)
	// Refresh-ahead would begin with the first read.
	c := near(t, client, prefix(t), db.load, cache.Options{
		NegativeTTL: time.Minute, Observer: seen, TTL: time.Minute, RefreshAhead: 30 * time.Second, MaxStaleness: time.Hour,
	})
	warm(t, c, 1)
	cli(t, client, "SET", c.Key(2), "garbage")
	cli(t, client, "SET", c.Key(1), maxJSON, "PX", "5000")
	eventually(t, "the push is there", func() bool { return !inspect(t, c, 1).Local.Present })
	stats, happened := c.Stats(), seen.kinds()
	for range 20 {
		for id := range int64(3) {
			inspect(t, c, id)
		}
	}
	if after := c.Stats(); after != stats {
		t.Errorf("counters before\n%+v\nand after\n%+v", stats, after)
	}
	if after := seen.kinds(); after != happened {
		t.Errorf("events before\n%s\nand after\n%s", happened, after)
	}
	if ttl := pttl(t, client, c.Key(1)); ttl > 5000 {
		t.Errorf("the TTL was renewed: %d ms", ttl)
	}
	if got := cli(t, client, "GET", c.Key(2)); got != "garbage" {
		t.Errorf("garbage became %s", got)
	}
}

// What is looked at again and again makes room like anything that nobody reads.
func TestInspectKeepsNothingInMemory(t *testing.T) {
	t.Parallel()
	survives := func(look func(c *users)) bool {
		c := open(t, redistest.Shared(t).Client(t), prefix(t), func(_ context.Context, id int64) (user, error) {
			return user{ID: id, Name: "Max", Version: 1}, nil
		}, patient(cache.Options{LocalBytes: 32 << 10, MaxStaleness: time.Hour}))
		ready(t, c)
		eventually(t, "memory has it, and nobody was answered from there", func() bool {
			if inspect(t, c, 1).Local.Present {
				return true
			}
			if _, err := c.Get(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			return false
		})
		for id := int64(2); c.Stats().LocalEvictions < 300; id++ {
			if id > 10_000 {
				t.Fatal("memory is not bounded")
			}
			look(c)
			for range 2 {
				if _, err := c.Get(t.Context(), id); err != nil {
					t.Fatal(err)
				}
			}
		}
		return inspect(t, c, 1).Local.Present
	}
	if !survives(func(c *users) { _, _ = c.Get(t.Context(), 1) }) {
		t.Error("what is read was evicted: the test proves nothing")
	}
	if survives(func(c *users) { inspect(t, c, 1) }) {
		t.Error("what is only looked at was kept")
	}
}

func TestInspectKnowsWhatATagInvalidated(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c, _ := shared(t, db.load, cache.Options{Tags: func(any) []string { return []string{"all"} }})
	if in := inspect(t, c, 1).Redis; in.Present || in.Reason != cache.ReasonMiss {
		t.Errorf("nothing is there: %+v", in)
	}
	if _, err := c.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if in := inspect(t, c, 1).Redis; string(in.Raw) != maxJSON || in.Reason != cache.ReasonNone {
		t.Errorf("a value: %+v, %s", in, in.Raw)
	}
	if err := c.InvalidateTags(t.Context(), "all"); err != nil {
		t.Fatal(err)
	}
	if in := inspect(t, c, 1).Redis; !in.Present || string(in.Raw) != maxJSON || in.Reason != cache.ReasonMiss {
		t.Errorf("the tag was invalidated: %+v, %s", in, in.Raw)
	}
}

func TestInspectKnowsTheGrace(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	c, client := shared(t, db.load, cache.Options{TTL: time.Minute, StaleIfError: time.Hour})
	if _, err := c.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if in := inspect(t, c, 1).Redis; in.TTL <= time.Hour || in.Reason != cache.ReasonNone {
		t.Errorf("fresh: %+v", in)
	}
	cli(t, client, "PEXPIRE", c.Key(1), "1800000")
	if in := inspect(t, c, 1).Redis; in.TTL > 30*time.Minute || in.Reason != cache.ReasonStale {
		t.Errorf("past its TTL: %+v", in)
	}
}

// It says what Redis says, not what the breaker remembers, and does not move it.
func TestInspectWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	db := newDatabase()
	c := open(t, server.Client(t), "u", db.load, cache.Options{LocalBytes: 1 << 20})
	server.Freeze(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Inspect(ctx, 1); err == nil {
		t.Error("a context that has ended: no error")
	}
	in, err := c.Inspect(t.Context(), 1)
	if err == nil || in.Key != "u:1" || !in.Local.Enabled || in.Redis.Present {
		t.Errorf("Redis hangs: %+v, %v", in, err)
	}
	server.Kill(t)
	in, err = c.Inspect(t.Context(), 1)
	if err == nil || in.Key != "u:1" || in.Redis.Present || in.Redis.Loading {
		t.Errorf("Redis is gone: %+v, %v", in, err)
	}
	if c.Stats().BreakerOpen {
		t.Error("looking opened the breaker")
	}
	if err := c.Invalidate(t.Context(), 1); !isUnconfirmed(err) || !c.Stats().BreakerOpen {
		t.Fatalf("invalidate: %v, breaker open: %v", err, c.Stats().BreakerOpen)
	}
	server.Restart(t)
	eventually(t, "Redis is asked again", func() bool {
		_, err := c.Inspect(t.Context(), 1)
		return err == nil
	})
}

// What an unconfirmed invalidation leaves behind is shown, and that no read uses it.
func TestInspectKnowsWhatIsUnconfirmed(t *testing.T) {
	t.Parallel()
	m := &meddler{Client: redistest.Shared(t).Client(t)}
	db := newDatabase()
	c := open(t, m, prefix(t), db.load, patient(cache.Options{}))
	if _, err := c.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	m.meddle(func(name string) error {
		if name == "DEL" {
			return errLost
		}
		return nil
	}, nil)
	if err := c.Invalidate(t.Context(), 1); !isUnconfirmed(err) {
		t.Fatalf("got %v, want ErrUnconfirmed", err)
	}
	if in := inspect(t, c, 1).Redis; !in.Present || string(in.Raw) != maxJSON || in.Reason != cache.ReasonUnavailable {
		t.Errorf("got %+v, %s", in, in.Raw)
	}
	m.meddle(nil, nil)
	eventually(t, "the invalidation is repeated", func() bool { return !inspect(t, c, 1).Redis.Present })
}

func TestInspectInACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	db := newDatabase()
	tagged := func(any) []string { return []string{"all", "some"} }
	for name, o := range map[string]cache.Options{"plain": {}, "tagged": {Tags: tagged}} {
		c := open(t, cluster.Client(t), "cache:"+name, db.load, patient(o))
		for id := int64(1); id <= 10; id++ {
			db.write(id)
			if _, err := c.Get(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if in := inspect(t, c, id).Redis; !in.Present || in.TTL <= 0 || in.Reason != cache.ReasonNone {
				t.Errorf("%s, %d: %+v", name, id, in)
			}
		}
	}
}

// A Redis that refuses to answer is no empty one.
func TestInspectDoesNotTakeARefusalForAnAbsence(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	db := newDatabase()
	admin := server.Client(t)
	cli(t, admin, "ACL", "SETUSER", "half", "on", "nopass", "~*", "+@all", "-pttl")
	client := server.Client(t, func(o *rueidis.ClientOption) { o.Username, o.Password = "half", "any" })
	c := open(t, client, "u", db.load, patient(cache.Options{}))
	cli(t, admin, "SET", "u:1", maxJSON)
	if in, err := c.Inspect(t.Context(), 1); err == nil {
		t.Errorf("got %+v without an error", in)
	}
}
