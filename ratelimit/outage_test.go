package ratelimit_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/internal/redisx"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// outage is something that happens to Redis.
type outage struct {
	start func(*testing.T) faulty
	// reachable says that Redis answers all the time.
	reachable bool
	// loses says that the counters are gone afterwards.
	loses bool
}

// faulty is a Redis that can be broken and mended.
type faulty struct {
	client        rueidis.Client
	breakIt, mend func()
}

var outages = map[string]outage{
	"killed and restarted": {loses: true, start: func(t *testing.T) faulty {
		t.Helper()
		s := redistest.Start(t)
		return faulty{s.Client(t), func() { s.Kill(t) }, func() { s.Restart(t) }}
	}},
	"frozen and thawed": {start: func(t *testing.T) faulty {
		t.Helper()
		s := redistest.Start(t)
		return faulty{s.Client(t), func() { s.Freeze(t) }, func() { s.Thaw(t) }}
	}},
	"flushed": {reachable: true, loses: true, start: func(t *testing.T) faulty {
		t.Helper()
		s := redistest.Start(t)
		return faulty{s.Client(t), func() { s.Flush(t) }, func() {}}
	}},
	"failed over": {start: func(t *testing.T) faulty {
		t.Helper()
		s := redistest.StartSentinel(t, 1)
		client := s.Client(t)
		return faulty{client, func() {
			// The replica has all that was acknowledged: what a failover loses is
			// beyond the guarantees.
			if n, err := client.Do(t.Context(), client.B().Wait().Numreplicas(1).Timeout(patience.Milliseconds()).Build()).AsInt64(); n != 1 {
				t.Fatalf("%d replicas follow: %v", n, err)
			}
			s.Hold(t)
			s.Nodes()[0].Kill(t)
		}, func() {
			s.Release(t)
			s.AwaitMaster(t, s.Nodes()[1])
		}}
	}},
}

// guards are rules of one algorithm.
type guards struct {
	algorithm                  ratelimit.Algorithm
	local, open, closed, spent ratelimit.Rule
}

func guardsOf(a ratelimit.Algorithm) guards {
	r := func(name string, limit int64, without ratelimit.Fallback) ratelimit.Rule {
		return with(ratelimit.Rule{Name: name, Limit: limit, Window: ratelimit.MaxWindow, WithoutRedis: without}, a)
	}
	return guards{
		a, r("local", 3, ratelimit.FailLocal), r("open", 3, ratelimit.FailOpen),
		r("closed", 3, ratelimit.FailClosed), r("spent", 1, ratelimit.FailClosed),
	}
}

func TestEachAlgorithmThroughEachOutage(t *testing.T) {
	t.Parallel()
	for name, o := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := o.start(t)
			b := newBedOn(t, redis.client, ratelimit.Options{
				Prefix: "rate:", RedisTimeout: 5 * time.Second, ProbeInterval: 50 * time.Millisecond, RememberDenials: 100,
			})
			var all []guards
			for _, a := range algorithms {
				g := guardsOf(a)
				g.before(t, b)
				all = append(all, g)
			}
			redis.breakIt()
			// Nobody is denied any more from what was known before.
			eventually(t, func() bool { return b.Stats().Remembered == 0 })
			if !o.reachable {
				// A frozen Redis makes this charge when it thaws, though nobody waits
				// for it any more.
				eventually(t, func() bool { return b.take(t, "somebody", all[0].open).Degraded })
				for _, g := range all {
					g.without(t, b)
				}
			}
			redis.mend()
			for _, g := range all {
				g.after(t, b, o.loses)
			}
			b.checkTTLs(t)
		})
	}
}

// before uses a part of three rules, and the fourth one up.
func (g guards) before(t *testing.T, b *bed) {
	t.Helper()
	for _, r := range []ratelimit.Rule{g.local, g.open, g.closed} {
		if res := b.take(t, "s", r); !res.Allowed || res.Degraded || res.Remaining != 2 {
			t.Fatalf("%v, before: %+v", g.algorithm, res)
		}
	}
	if res := b.take(t, "s", g.spent); !res.Allowed {
		t.Fatalf("%v, before: %+v", g.algorithm, res)
	}
	b.remembered(t, "s", g.spent)
}

// without expects what each rule says of the time without Redis.
func (g guards) without(t *testing.T, b *bed) {
	t.Helper()
	for i := range 5 { // it counts in this process, which knows of none before
		res := b.take(t, "s", g.local)
		if !res.Degraded || res.Cause == nil || res.Allowed != (i < 3) {
			t.Errorf("%v, local, charge %d: %+v", g.algorithm, i+1, res)
		}
		if retry := res.RetryAfter; !res.Allowed && (retry <= 0 || retry > ratelimit.MaxWindow) {
			t.Errorf("%v, local, denied for %v", g.algorithm, retry)
		}
	}
	for range 5 {
		if res := b.take(t, "s", g.open); !res.Allowed || !res.Degraded {
			t.Errorf("%v, open: %+v", g.algorithm, res)
		}
	}
	for _, r := range []ratelimit.Rule{g.closed, g.spent} {
		if res, err := b.Take(t.Context(), "s", r); !errors.Is(err, ratelimit.ErrUnavailable) || res.Allowed || res.Remembered {
			t.Errorf("%v, closed: %+v, %v", g.algorithm, res, err)
		}
	}
}

// after expects that Redis decides again, by itself.
func (g guards) after(t *testing.T, b *bed, lost bool) {
	t.Helper()
	var res ratelimit.Result
	eventually(t, func() bool {
		res = b.take(t, "s", g.open)
		return !res.Degraded
	})
	// What was decided without Redis was charged to nobody.
	for _, r := range []ratelimit.Rule{g.local, g.closed} {
		want := int64(1)
		if lost {
			want = 2
		}
		if res := b.take(t, "s", r); !res.Allowed || res.Degraded || res.Remaining != want {
			t.Errorf("%v, afterwards: %+v, want %d remaining", g.algorithm, res, want)
		}
	}
	if res := b.take(t, "s", g.spent); res.Allowed != lost {
		t.Errorf("%v, the limit that was used up: %+v", g.algorithm, res)
	}
	b.remembered(t, "s", g.spent)
}

// Redis need not be there at the start: neither for charges, nor for the connection that
// comes with the first denial.
func TestALimiterThatBeginsWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill(t)
	client := redisx.Open(rueidis.ClientOption{InitAddress: []string{server.Addr()}, ForceSingleClient: true}, redisx.LazyOptions{})
	t.Cleanup(client.Close)
	b := newBedOn(t, client, ratelimit.Options{Prefix: "rate:", ProbeInterval: 50 * time.Millisecond, RememberDenials: 100})
	r := rule("r", 1)
	for i := range 3 {
		if res := b.take(t, "s", r); !res.Degraded || res.Remembered || res.Allowed != (i == 0) {
			t.Errorf("without Redis, charge %d: %+v", i+1, res)
		}
	}
	server.Restart(t)
	eventually(t, func() bool {
		_ = client.TryConnect(t.Context())
		return !b.take(t, "s", r).Degraded
	})
	b.remembered(t, "s", r)
}
