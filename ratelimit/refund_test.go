package ratelimit_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

func TestRefundGivesBackOnce(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	five, ten := rule("five", 5), rule("ten", 10)
	res := b.take(t, "s", five, ten)
	b.take(t, "s", five, ten)
	other := res // copies share the charge
	b.refund(t, res)
	b.refund(t, res)
	b.refund(t, other)
	if f, n := b.count(t, "s", five), b.count(t, "s", ten); f != 1 || n != 1 {
		t.Errorf("counted %d and %d, want 1 each", f, n)
	}
	b.checkTTLs(t)
}

func TestRefundOfADenialOrOfNothingDoesNothing(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	one := rule("one", 1)
	b.take(t, "s", one)
	b.refund(t, b.take(t, "s", one))
	b.refund(t, b.peek(t, "s", one))
	b.refund(t, ratelimit.Result{})
	if n := b.count(t, "s", one); n != 1 {
		t.Errorf("counted %d, want 1", n)
	}
}

func TestRefundNeverReachesALaterWindow(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	two := rule("two", 2)
	first := b.take(t, "s", two)
	b.endWindow(t, "s", two)
	b.refund(t, first)
	if n := b.integer(t, "EXISTS", b.key("s", two)); n != 0 {
		t.Error("the refund created a key")
	}
	second := b.take(t, "s", two)
	b.endWindow(t, "s", two)
	b.take(t, "s", two)
	b.take(t, "s", two)
	b.refund(t, second)
	if b.take(t, "s", two).Allowed {
		t.Error("the refund of an earlier window made room in this one")
	}
	b.checkTTLs(t)
}

// One rule's window may have ended while the other's goes on.
func TestRefundReachesTheWindowsThatAreLeft(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	short, long := rule("short", 5), rule("long", 5)
	res := b.take(t, "s", short, long)
	b.endWindow(t, "s", short)
	b.take(t, "s", short)
	b.refund(t, res)
	if s, l := b.count(t, "s", short), b.count(t, "s", long); s != 1 || l != 0 {
		t.Errorf("counted %d and %d, want 1 and 0", s, l)
	}
}

func TestRefundNeverBelowZero(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	two := rule("two", 2)
	res := b.take(t, "s", two)
	b.do(t, "HSET", b.key("s", two), "count", "0") // somebody else
	b.refund(t, res)
	if n := b.count(t, "s", two); n != 0 {
		t.Errorf("counted %d, want 0", n)
	}
	if res := b.peek(t, "s", two); res.Remaining != 2 {
		t.Errorf("remaining %d, want 2", res.Remaining)
	}
}

func TestRefundOfGarbageDoesNothing(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	two := rule("two", 2)
	for _, garbage := range [][]string{{"SET", "x"}, {"RPUSH", "x"}, {"HSET", "count", "x"}} {
		res := b.take(t, "s", two)
		key := b.key("s", two)
		b.do(t, "DEL", key)
		b.do(t, append([]string{garbage[0], key}, garbage[1:]...)...)
		b.refund(t, res)
		b.do(t, "DEL", key)
	}
}

func TestConcurrentTakesAndRefundsAreExact(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	r := rule("r", 50)
	var kept, refunded atomic.Int64
	together(64, func(i int) {
		for j := range 20 {
			res := b.take(t, "s", r)
			if !res.Allowed {
				continue
			}
			if (i+j)%2 == 0 {
				kept.Add(1)
				continue
			}
			refunded.Add(1)
			together(3, func(int) { b.refund(t, res) })
		}
	})
	if n := b.count(t, "s", r); n != kept.Load() {
		t.Errorf("counted %d, %d were kept", n, kept.Load())
	}
	if kept.Load() > 50 || refunded.Load() == 0 {
		t.Errorf("%d kept, %d refunded", kept.Load(), refunded.Load())
	}
}

// Refunds race the end of windows: whatever the order, no window ends up with less
// than the charges that were kept in it, and no key stays without TTL.
func TestRefundsAcrossRealWindowEnds(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	r := ratelimit.Rule{Name: "r", Limit: 20, Window: 20 * time.Millisecond}
	kept := tally{counts: map[string]int{}}
	began := time.Now()
	// A second, and on a slow machine until windows ended.
	goOn := func() bool {
		return time.Since(began) < time.Second || kept.names() < 2 && time.Since(began) < patience
	}
	together(16, func(i int) {
		for goOn() {
			res := b.take(t, "s", r)
			if !res.Allowed {
				continue
			}
			if i%2 == 0 {
				kept.add(ratelimit.Windows(res)[0])
			} else {
				b.refund(t, res)
			}
		}
	})
	for id, n := range kept.counts {
		if n > 20 {
			t.Errorf("window %s kept %d charges, limit 20", id, n)
		}
	}
	if len(kept.counts) < 2 {
		t.Errorf("%d windows: nothing was tested", len(kept.counts))
	}
	b.checkTTLs(t)
}

func TestTakeEachChargesAllSubjectsOrNone(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	prefix, account := rule("login-prefix", 5), rule("login-account", 2)
	login := func(address, name string) ratelimit.Result {
		t.Helper()
		res, err := b.TakeEach(t.Context(),
			ratelimit.Charge{Subject: address, Rules: []ratelimit.Rule{prefix}},
			ratelimit.Charge{Subject: name, Rules: []ratelimit.Rule{account}},
		)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	if res := login("addr", "max"); !res.Allowed || res.Rule != "login-account" || res.Subject != "max" || res.Remaining != 1 {
		t.Errorf("first = %+v", res)
	}
	second := login("addr", "max")
	for range 5 {
		if res := login("addr", "max"); res.Allowed || res.Rule != "login-account" || res.RetryAfter <= 0 {
			t.Fatalf("beyond the account's limit: %+v", res)
		}
	}
	if n := b.count(t, "addr", prefix); n != 2 {
		t.Errorf("the address was charged %d, want 2: denials cost", n)
	}
	b.refund(t, second)
	if p, a := b.count(t, "addr", prefix), b.count(t, "max", account); p != 1 || a != 1 {
		t.Errorf("after the refund %d and %d, want 1 each", p, a)
	}
	for range 4 {
		login("addr", "somebody else")
	}
	b.checkTTLs(t)
}

func TestTakeEachRefundsWhenALaterChargeFails(t *testing.T) {
	t.Parallel()
	client := &hooked{redistest.Shared(t).Client(t), func([]string) bool { return true }}
	b := newBedOn(t, client, ratelimit.Options{})
	one := rule("one", 1)
	b.refund(t, b.take(t, "warm-up", one)) // so that the scripts are loaded
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	calls := 0
	client.before = func([]string) bool {
		if calls++; calls == 2 {
			cancel()
		}
		return true
	}
	_, err := b.TakeEach(ctx,
		ratelimit.Charge{Subject: "first", Rules: []ratelimit.Rule{one}},
		ratelimit.Charge{Subject: "second", Rules: []ratelimit.Rule{one}},
	)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want context.Canceled", err)
	}
	if n := b.count(t, "first", one); n != 0 {
		t.Errorf("the first subject was charged %d, want 0", n)
	}
}

// Where Redis goes away in between, the refund cannot be sent: the first charge
// stays until its window ends, which denies and never admits too many.
func TestTakeEachWhenRedisGoesAwayInBetween(t *testing.T) {
	t.Parallel()
	client := &hooked{redistest.Shared(t).Client(t), func([]string) bool { return true }}
	b := newBedOn(t, client, ratelimit.Options{ProbeInterval: time.Hour})
	one := rule("one", 1)
	closed := ratelimit.Rule{Name: "closed", Limit: 1, Window: time.Hour, WithoutRedis: ratelimit.FailClosed}
	b.refund(t, b.take(t, "warm-up", one))
	calls := 0
	client.before = func([]string) bool { calls++; return calls != 2 }
	res, err := b.TakeEach(t.Context(),
		ratelimit.Charge{Subject: "first", Rules: []ratelimit.Rule{one}},
		ratelimit.Charge{Subject: "second", Rules: []ratelimit.Rule{closed}},
	)
	if !errors.Is(err, ratelimit.ErrUnavailable) || res.Allowed {
		t.Fatalf("%+v, %v; want ErrUnavailable", res, err)
	}
	if n := b.count(t, "first", one); n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestTakeEachOfOneSubjectTwice(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	c := ratelimit.Charge{Subject: "s", Rules: []ratelimit.Rule{rule("three", 3)}}
	if res, err := b.TakeEach(t.Context(), c, c); err != nil || !res.Allowed || res.Remaining != 1 {
		t.Fatalf("%+v, %v", res, err)
	}
	if res, err := b.TakeEach(t.Context(), c, c); err != nil || res.Allowed {
		t.Fatalf("%+v, %v", res, err)
	}
	if n := b.count(t, "s", c.Rules[0]); n != 2 {
		t.Errorf("counted %d, want 2", n)
	}
}

// The refund happens although the client hung up in the meantime.
func TestRefundIgnoresTheCallersCancellation(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	r := rule("r", 5)
	res := b.take(t, "s", r)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Refund(ctx, res); err != nil {
		t.Fatal(err)
	}
	if n := b.count(t, "s", r); n != 0 {
		t.Errorf("counted %d, want 0", n)
	}
}
