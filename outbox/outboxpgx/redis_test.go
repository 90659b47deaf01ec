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

// TestAFailoverRepeatsWhatTheReplicaMissed commits all the time, with two relays that
// each find the new master in their own time, while a replica takes over that was cut
// off before. A master that thaws believes for a while that it still is one, and
// confirms what it then loses.
func TestAFailoverRepeatsWhatTheReplicaMissed(t *testing.T) {
	t.Parallel()
	for name, thaws := range map[string]bool{"the master is killed": false, "the master is frozen and thaws": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := database(t)
			s := redistest.StartSentinel(t, 1)
			master, replica := s.Nodes()[0], s.Nodes()[1]
			relays := make([]*outbox.Relay, 2)
			for i := range relays {
				relays[i], _ = run(t, newSource(t, pool, outboxpgx.Options{}), marks{s.Client(t)}, outbox.Options{})
			}
			committed, stop := commitRows(t, pool)
			confirmed := func() int64 { return relays[0].Stats().Delivered + relays[1].Stats().Delivered }
			more := func(what string, n int64) {
				t.Helper()
				before := confirmed()
				await(t, what, func() bool { return confirmed() >= before+n })
			}
			more("rows arrive", 20)
			s.Cut(t, replica, master)
			more("rows arrive that the replica misses", 50)
			if thaws {
				master.Freeze(t)
			} else {
				master.Kill(t)
			}
			s.AwaitMaster(t, replica)
			if thaws {
				master.Thaw(t)
			}
			back := time.Now()
			more("rows arrive in the new master", 20)
			stop()
			keys := make([]string, committed.Load())
			for i := range keys {
				keys[i] = fmt.Sprintf("mark:%d", i)
			}
			there := replica.Client(t)
			missing := func() int {
				n, err := there.Do(t.Context(), there.B().Exists().Key(keys...).Build()).AsInt64()
				if err != nil {
					t.Fatal(err)
				}
				return len(keys) - int(n)
			}
			await(t, "every row is in the new master", func() bool { return missing() == 0 })
			t.Logf("%d rows, %d repeated, all in the new master %v after its promotion",
				committed.Load(), relays[0].Stats().Repeated+relays[1].Stats().Repeated, time.Since(back).Round(time.Millisecond))
			if relays[0].Stats().Repeated+relays[1].Stats().Repeated == 0 {
				t.Error("nothing was repeated")
			}
		})
	}
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
