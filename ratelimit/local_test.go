package ratelimit

import (
	"fmt"
	"testing"
	"time"
)

// clock is a local store's time.
type clock struct{ now time.Time }

func newTestStore(maxCounters int) (*localStore, *clock) {
	c := &clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s := newLocalStore(maxCounters)
	s.now = func() time.Time { return c.now }
	return s, c
}

func localCharge(subject string, rules ...Rule) (Charge, []string) {
	c := Charge{Subject: subject, Rules: rules, Cost: 1}
	return c, c.keys("rate:")
}

func mustTake(t *testing.T, s *localStore, c Charge, keys []string, want bool) []state {
	t.Helper()
	states, allowed, ok := s.take(c, keys, true)
	if !ok || allowed != want {
		t.Fatalf("take of %v = %v, %v, %v; want %v", keys, states, allowed, ok, want)
	}
	return states
}

func TestLocalWindowEnds(t *testing.T) {
	t.Parallel()
	s, clock := newTestStore(10)
	c, keys := localCharge("s", Rule{Name: "r", Limit: 2, Window: time.Minute})
	mustTake(t, s, c, keys, true)
	clock.now = clock.now.Add(30 * time.Second)
	mustTake(t, s, c, keys, true)
	if states := mustTake(t, s, c, keys, false); states[0].left != 30*time.Second || states[0].count != 2 {
		t.Errorf("state = %+v, want 30s left", states[0])
	}
	clock.now = clock.now.Add(30 * time.Second)
	mustTake(t, s, c, keys, true)
}

func TestLocalRulesAreChargedTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	s, _ := newTestStore(10)
	c, keys := localCharge("s", Rule{Name: "wide", Limit: 5, Window: time.Hour}, Rule{Name: "narrow", Limit: 1, Window: time.Minute})
	mustTake(t, s, c, keys, true)
	if states := mustTake(t, s, c, keys, false); states[0].count != 1 || states[1].count != 1 {
		t.Errorf("states = %+v, want one charge each", states)
	}
}

func TestLocalStoreIsBounded(t *testing.T) {
	t.Parallel()
	s, clock := newTestStore(3)
	minute := Rule{Name: "minute", Limit: 1, Window: time.Minute}
	hour := Rule{Name: "hour", Limit: 1, Window: time.Hour}
	for i, r := range []Rule{hour, minute, minute} {
		c, keys := localCharge(fmt.Sprint(i), r)
		mustTake(t, s, c, keys, true)
	}
	c, keys := localCharge("one too many", minute)
	if _, _, ok := s.take(c, keys, true); ok {
		t.Fatal("a full store made another counter")
	}
	known, knownKeys := localCharge("1", minute)
	mustTake(t, s, known, knownKeys, false) // a known client is still decided

	clock.now = clock.now.Add(time.Minute) // two of the three are over
	mustTake(t, s, c, keys, true)
	if len(s.counters) != 2 || len(s.queues) != 2 {
		t.Errorf("%d counters in %d queues, want 2 in 2", len(s.counters), len(s.queues))
	}
	clock.now = clock.now.Add(time.Hour)
	s.expire(clock.now)
	if len(s.counters) != 0 || len(s.queues) != 0 {
		t.Errorf("%d counters in %d queues are left", len(s.counters), len(s.queues))
	}
}

func TestLocalRefund(t *testing.T) {
	t.Parallel()
	s, clock := newTestStore(3)
	c, keys := localCharge("s", Rule{Name: "r", Limit: 1, Window: time.Minute})
	first := newPart(c, keys, mustTake(t, s, c, keys, true), true)
	s.refund(first)
	mustTake(t, s, c, keys, true)
	clock.now = clock.now.Add(time.Minute)
	mustTake(t, s, c, keys, true)
	s.refund(first) // its window is over
	mustTake(t, s, c, keys, false)
}

func TestLocalShorterWindow(t *testing.T) {
	t.Parallel()
	s, clock := newTestStore(3)
	c, keys := localCharge("s", Rule{Name: "r", Limit: 1, Window: time.Hour})
	mustTake(t, s, c, keys, true)
	c.Rules[0].Window = time.Minute
	if states := mustTake(t, s, c, keys, false); states[0].left != time.Minute {
		t.Errorf("left = %v, want 1m", states[0].left)
	}
	clock.now = clock.now.Add(time.Minute)
	mustTake(t, s, c, keys, true)
}

// A full store without Redis refuses with an error, not with a 429 that would blame
// the client.
func TestFullLocalStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	l := &Limiter{local: newLocalStore(1)}
	c, keys := localCharge("first", Rule{Name: "r", Limit: 5, Window: time.Hour})
	if res, err := l.without("take", c, keys, errHeldBack, true); err != nil || !res.Allowed {
		t.Fatalf("first = %+v, %v", res, err)
	}
	c, keys = localCharge("second", c.Rules...)
	if res, err := l.without("take", c, keys, errHeldBack, true); res.Allowed || !unavailable(err) {
		t.Errorf("second = %+v, %v; want unavailable", res, err)
	}
}
