package outboxpgx_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

// marks is a sink that leaves a mark in Redis for each row.
type marks struct{ client rueidis.Client }

func (m marks) Deliver(ctx context.Context, rows []outbox.Row) []error {
	results := make([]error, len(rows))
	commands := make(rueidis.Commands, len(rows))
	for i, row := range rows {
		commands[i] = m.client.B().Set().Key("mark:" + row.Key).Value("x").Build()
	}
	for i, result := range m.client.DoMulti(ctx, commands...) {
		results[i] = result.Error()
	}
	return results
}

func (m marks) Identity(ctx context.Context) (string, error) {
	return outbox.RedisIdentity(ctx, m.client)
}

// TestARestartOfRedisRepeatsWhatItForgot commits while Redis is there, while it is
// away, and lets it come back empty.
func TestARestartOfRedisRepeatsWhatItForgot(t *testing.T) {
	t.Parallel()
	pool := database(t)
	redis := redistest.Start(t)
	client := redis.Client(t)
	relay, _ := run(t, newSource(t, pool, outboxpgx.Options{}), marks{client}, outbox.Options{})
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', 'before')`)
	await(t, "a row arrives", func() bool { return redis.CLI(t, "GET", "mark:before") == "x" })
	await(t, "and is marked", func() bool { return relay.Stats().Delivered == 1 })
	redis.Kill(t)
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', 'meanwhile')`)
	await(t, "the relay notices", func() bool { return relay.Stats().Refused+relay.Stats().Failures > 0 })
	redis.Restart(t)
	for _, key := range []string{"before", "meanwhile"} {
		await(t, key+" arrives in the new Redis", func() bool { return redis.CLI(t, "GET", "mark:"+key) == "x" })
	}
}

// group is a master and its replica, and who promotes it.
type group struct {
	master, replica *redistest.Server
	client          func() rueidis.Client
	cut             func()
	awaitPromoted   func()
}

func sentinelGroup(t *testing.T) group {
	t.Helper()
	s := redistest.StartSentinel(t, 1)
	master, replica := s.Nodes()[0], s.Nodes()[1]
	return group{
		master: master, replica: replica,
		client:        func() rueidis.Client { return s.Client(t) },
		cut:           func() { master.CutOff(t, replica) },
		awaitPromoted: func() { s.AwaitMaster(t, replica) },
	}
}

// clusterGroup is one of three masters, that of the slot of "mark:0".
func clusterGroup(t *testing.T) group {
	t.Helper()
	c := redistest.StartCluster(t, 3)
	client := c.Client(t)
	if err := client.Do(t.Context(), client.B().Set().Key("mark:0").Value("").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	var master *redistest.Server
	for _, node := range c.Nodes() {
		if node.CLI(t, "DBSIZE") == "1" {
			master = node
		}
	}
	replica := c.AddReplica(t, master)
	return group{
		master: master, replica: replica,
		client:        func() rueidis.Client { return c.Client(t) },
		cut:           func() { master.CutOff(t, replica) },
		awaitPromoted: func() { c.AwaitMaster(t, replica, replica) },
	}
}

// TestAFailoverRepeatsWhatTheReplicaMissed commits all the time, with two relays that
// each find the new master in their own time, while a replica takes over that was cut
// off before. A master that thaws believes for a while that it still is one, and
// confirms what it then loses.
func TestAFailoverRepeatsWhatTheReplicaMissed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		start func(*testing.T) group
		thaws bool
	}{
		"the master under a sentinel is killed":           {sentinelGroup, false},
		"the master under a sentinel is frozen and thaws": {sentinelGroup, true},
		"a master of a cluster is killed":                 {clusterGroup, false},
		"a master of a cluster is frozen and thaws":       {clusterGroup, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testFailover(t, c.start(t), c.thaws)
		})
	}
}

func testFailover(t *testing.T, g group, thaws bool) {
	t.Helper()
	pool := database(t)
	relays := make([]*outbox.Relay, 2)
	for i := range relays {
		relays[i], _ = run(t, newSource(t, pool, outboxpgx.Options{}), marks{g.client()}, outbox.Options{})
	}
	committed, stop := commitRows(t, pool)
	confirmed := func() int64 { return relays[0].Stats().Delivered + relays[1].Stats().Delivered }
	more := func(what string, n int64) {
		t.Helper()
		before := confirmed()
		await(t, what, func() bool { return confirmed() >= before+n })
	}
	more("rows arrive", 20)
	g.cut()
	more("rows arrive that the replica misses", 50)
	if thaws {
		g.master.Freeze(t)
	} else {
		g.master.Kill(t)
	}
	g.awaitPromoted()
	if thaws {
		g.master.Thaw(t)
	}
	back := time.Now()
	more("rows arrive again", 20)
	stop()
	gets := make([]string, committed.Load())
	for i := range gets {
		gets[i] = fmt.Sprintf("mark:%d", i)
	}
	client := g.client()
	var missing int
	await(t, "every row is there", func() bool {
		var err error
		missing, err = countMissing(t, client, gets)
		return err == nil && missing == 0
	})
	repeated := relays[0].Stats().Repeated + relays[1].Stats().Repeated
	t.Logf("%d rows, %d repeated, all there %v after the promotion", committed.Load(), repeated, time.Since(back).Round(time.Millisecond))
	if repeated == 0 {
		t.Error("nothing was repeated")
	}
}

func countMissing(t *testing.T, client rueidis.Client, keys []string) (missing int, err error) {
	t.Helper()
	commands := make(rueidis.Commands, len(keys))
	for i, key := range keys {
		commands[i] = client.B().Exists().Key(key).Build()
	}
	for _, r := range client.DoMulti(t.Context(), commands...) {
		n, err := r.AsInt64()
		if err != nil {
			return 0, err
		}
		missing += 1 - int(n)
	}
	return missing, nil
}

// commitRows commits an invalidation of 0, 1, 2 … each few milliseconds.
func commitRows(t *testing.T, pool *pgxpool.Pool) (committed *atomic.Int64, stop func()) {
	t.Helper()
	committed = new(atomic.Int64)
	ctx, cancel := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	writing.Go(func() {
		for pause := time.NewTicker(3 * time.Millisecond); ; <-pause.C {
			if ctx.Err() != nil {
				pause.Stop()
				return
			}
			if _, err := pool.Exec(context.WithoutCancel(ctx), `SELECT speedlayer.outbox_invalidate('t', $1)`, fmt.Sprint(committed.Load())); err != nil {
				t.Error(err)
				return
			}
			committed.Add(1)
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		writing.Wait()
	})
	t.Cleanup(stop)
	return committed, stop
}
