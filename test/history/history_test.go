package history_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// rounds is how often a scenario repeats its fault.
func rounds() int {
	if long() {
		return 4
	}
	return 1
}

// judge stops the workers and holds what they told against every promise.
func (r *rig) judge() {
	r.t.Helper()
	h := r.stop()
	if wrong := failures(h.events); wrong != "" {
		r.t.Errorf("failed operations:%s", wrong)
	}
	r.t.Logf("all in all: %+v", count(h.events))
	for kind, name := range []string{promise: "promise", strict: "strict model"} {
		began := time.Now()
		judged, wrong := h.check(kind)
		r.t.Logf("%s: %d operations judged in %v", name, judged, time.Since(began).Round(time.Millisecond))
		r.report(name, wrong)
	}
	judged, wrong := h.tooStale()
	r.t.Logf("staleness: %d reads of caches with a local tier", judged)
	r.report("staleness", wrong)
	if all := h.staleness(); len(all) > 0 {
		r.t.Logf("local hits after %d confirmed writes of others: still old for %v at most, p99 %v, median %v",
			len(all), all[len(all)-1], all[len(all)*99/100], all[len(all)/2])
	}
	unreported := 0
	for key := range h.final {
		_, n := h.commits(key)
		unreported += n
	}
	if most := r.killed() * writers; unreported > most {
		r.t.Errorf("%d writes were not reported, want at most %d", unreported, most)
	}
}

func (r *rig) report(what string, wrong []string) {
	r.t.Helper()
	for i, w := range wrong {
		if i == 5 {
			r.t.Errorf("%s: … and %d more", what, len(wrong)-i)
			break
		}
		r.t.Errorf("%s: %s", what, w)
	}
}

// Nothing fails. Long enough that what is rare happens too.
func TestHistoryInHealth(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	for range 3 * rounds() {
		r.busy("health", 400, 100)
	}
	r.judge()
}

// All data survives in the append-only file, the old values too.
func TestHistoryWhileRedisIsKilledAndRestarted(t *testing.T) {
	t.Parallel()
	r := newRig(t, "", redistest.WithAppendOnly())
	r.healthy()
	for range rounds() {
		r.redis.Kill(t)
		r.command(1, doTouch)
		r.until("without Redis", withoutRedis)
		r.redis.Restart(t)
		r.recovered()
	}
	r.judge()
}

func TestHistoryWhileRedisIsFrozen(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.healthy()
	for range rounds() {
		thaw := time.After(5 * time.Second)
		r.redis.Freeze(t)
		r.command(1, doTouch)
		r.until("frozen", withoutRedis)
		<-thaw // the fault is that it lasts so long
		r.redis.Thaw(t)
		r.recovered()
	}
	r.judge()
}

// One process loses its connections, for a moment and for longer, while the others
// go on and write what it must learn of afterwards.
func TestHistoryWhileTheConnectionsOfOneProcessAreCut(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.healthy()
	p := r.workers[0]
	for range rounds() {
		for range 3 {
			p.replies.cut()
			p.pushes.cut()
			p.replies.join()
			p.pushes.join()
			r.busy("after a short cut", 10, 3, 0)
		}
		r.quietKeyIsLocal(r.length(), 0)
		p.replies.cut()
		p.pushes.cut()
		r.command(1, doTouch)
		r.until("one process without Redis", withoutRedis, 0)
		r.busy("the others meanwhile", 50, 15, 1, 2)
		p.replies.join()
		p.pushes.join()
		r.recovered()
	}
	r.judge()
}

// The connection on which one process hears of invalidations stands, but nothing
// arrives on it; its commands are answered all the time. Only the heartbeat tells.
func TestHistoryWhilePushesToOneProcessAreLost(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.healthy()
	p := r.workers[0]
	for range rounds() {
		p.pushes.stall()
		r.command(1, doTouch)
		// Longer than the bound: what is still served locally then was never told.
		stalled := now()
		eventually(t, func() bool { return span(stalled, now()) > 2*maxStaleness },
			func() string { return "the fault lasts twice the bound" })
		r.until("one process without pushes", func(n tally) bool { return n.Redis >= 50 && n.Database >= 20 }, 0)
		p.pushes.heal()
		p.pushes.cut()
		p.pushes.join()
		r.recovered()
	}
	r.judge()
}

// One process is far away. Pushes arrive behind replies that were sent after them,
// or before replies that were sent before them.
func TestHistoryWhileOneProcessIsFarAway(t *testing.T) {
	t.Parallel()
	for name, delay := range map[string]struct{ replies, pushes int }{
		"pushes are slow": {20, 50}, "replies are slow": {50, 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "")
			r.healthy()
			p := r.workers[0]
			for range rounds() {
				p.replies.delay(delay.replies, 8)
				p.pushes.delay(delay.pushes, 8)
				delayed := now()
				r.command(1, doTouch)
				r.busy("one process far away", 20, 10, 0)
				r.busy("the others", 100, 30, 1, 2)
				// For more than one silence of every burst key.
				eventually(t, func() bool { return span(delayed, now()) > 2*silence },
					func() string { return "the fault lasts long enough" })
				if d := r.quickestRedisRead(0, delayed, now()); d < 10*time.Millisecond {
					t.Errorf("a read through Redis took %v: no latency", d)
				}
				p.replies.heal()
				p.pushes.heal()
				r.recovered()
			}
			r.judge()
		})
	}
}

// A process dies with a lease in its hand.
func TestHistoryWhenAProcessIsKilledBetweenLoadAndFill(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.healthy()
	victim := 0
	for range min(rounds(), maxWho/cachesPerWorker-owners) {
		value := r.prefix + ":" + strconv.Itoa(quietKey)
		r.command(victim, doGate)
		eventually(t, func() bool {
			r.redis.CLI(t, "DEL", value) // as if it had expired: the lease stays
			return count(r.told(0), victim).Gated > 0
		}, func() string { return "the load stops at the gate" })
		died := now()
		r.kill(victim)
		if left := r.redis.CLI(t, "PTTL", "{"+value+"}:lease"); left == "-2" {
			t.Error("the dead process left no lease")
		}
		r.busy("the others", 50, 15, 1, 2)
		eventually(t, func() bool { return r.longestWait(died) >= leaseTTL/4 },
			func() string { return "a read of the key waited for the end of the lease" })
		waited := r.longestWait(died)
		t.Logf("reads of the key waited for %v at most", waited)
		if waited > leaseTTL+6*time.Second {
			t.Errorf("reads of the key waited for %v, want at most the life of a lease, %v", waited, leaseTTL)
		}
		victim = len(r.workers)
		r.launch()
		r.busy("the new process", 50, 15, victim)
	}
	r.judge()
}

// The checker for reads through Redis is shown a bug.
func TestHistoryCheckerCatchesFillsWithoutLease(t *testing.T) {
	t.Parallel()
	r := newRig(t, plantLeaseless)
	var wrong []string
	eventually(t, func() bool {
		r.alive()
		_, wrong = r.snapshot().check(promise)
		return len(wrong) > 0
	}, func() string { return "the checker finds something" })
	t.Logf("found: %s", wrong[0])
}

// The checker for local hits is shown a bug.
func TestHistoryCheckerCatchesLostInvalidations(t *testing.T) {
	t.Parallel()
	r := newRig(t, plantDeaf)
	var wrong []string
	eventually(t, func() bool {
		r.alive()
		_, wrong = r.snapshot().tooStale()
		return len(wrong) > 0
	}, func() string { return "the checker finds something" })
	t.Logf("found: %s", wrong[0])
}

// withoutRedis is what happens when Redis cannot be asked.
func withoutRedis(n tally) bool { return n.Unavailable >= 50 && n.Unconfirmed >= 3 }
