package ratelimit_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// The three ways of a rule without Redis.
var (
	localRule  = ratelimit.Rule{Name: "local", Limit: 3, Window: time.Hour}
	openRule   = ratelimit.Rule{Name: "open", Limit: 3, Window: time.Hour, WithoutRedis: ratelimit.FailOpen}
	closedRule = ratelimit.Rule{Name: "closed", Limit: 3, Window: time.Hour, WithoutRedis: ratelimit.FailClosed}
)

// slack is what a busy machine may add to a bound.
const slack = 20 * time.Second

func TestEachRuleWithoutRedisAndAfterwards(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		breakIt, mend func(*redistest.Server, testing.TB)
	}{
		"killed": {(*redistest.Server).Kill, (*redistest.Server).Restart},
		"frozen": {(*redistest.Server).Freeze, (*redistest.Server).Thaw},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			var degraded, recovered atomic.Int64
			const timeout = 5 * time.Second
			b := newBedOn(t, server.Client(t), ratelimit.Options{
				RedisTimeout: timeout, ProbeInterval: 50 * time.Millisecond,
				OnDegraded: func(down bool, err error) {
					if down != (err != nil) {
						t.Errorf("OnDegraded(%v, %v)", down, err)
					}
					if down {
						degraded.Add(1)
					} else {
						recovered.Add(1)
					}
				},
			})
			for _, r := range []ratelimit.Rule{localRule, openRule, closedRule} {
				if res := b.take(t, "s", r); res.Degraded || res.Remaining != 2 {
					t.Fatalf("before: %+v", res)
				}
			}

			fault.breakIt(server, t)
			began := time.Now()
			checkLocal(t, b)
			checkOpen(t, b)
			checkClosed(t, b)
			for range 1000 {
				if _, err := b.Take(t.Context(), "s", openRule); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(began); took > timeout+slack {
				t.Errorf("a thousand requests without Redis took %v: each of them waited", took)
			}
			if degraded.Load() != 1 {
				t.Errorf("OnDegraded said %d times that Redis is gone, want once", degraded.Load())
			}

			fault.mend(server, t)
			eventually(t, func() bool { return !b.take(t, "after", openRule).Degraded })
			if recovered.Load() == 0 {
				t.Error("OnDegraded did not say that Redis is back")
			}
			if res := b.take(t, "after", closedRule); !res.Allowed || res.Degraded {
				t.Errorf("after: %+v", res)
			}
			b.checkTTLs(t)
		})
	}
}

func checkLocal(t *testing.T, b *bed) {
	t.Helper()
	var last ratelimit.Result
	for i := range int64(3) { // the whole limit: this process knows of no charge yet
		last = b.take(t, "s", localRule)
		if !last.Allowed || !last.Degraded || last.Cause == nil || last.Remaining != 2-i {
			t.Errorf("local %d: %+v", i+1, last)
		}
	}
	if res := b.take(t, "s", localRule); res.Allowed || !res.Degraded || res.RetryAfter <= 59*time.Minute || res.Rule != "local" {
		t.Errorf("local beyond the limit: %+v", res)
	}
	if res := b.peek(t, "s", localRule); res.Allowed || !res.Degraded {
		t.Errorf("local peek: %+v", res)
	}
	b.refund(t, last)
	b.refund(t, last)
	if res := b.peek(t, "s", localRule); !res.Allowed || res.Remaining != 1 {
		t.Errorf("local after the refund: %+v", res)
	}
	if res := b.take(t, "s", localRule, openRule); !res.Allowed || res.Rule != "local" {
		t.Errorf("local and open: %+v", res)
	}
	if err := b.Reset(t.Context(), "s", localRule); !errors.Is(err, ratelimit.ErrUnavailable) {
		t.Errorf("reset: %v, want ErrUnavailable", err)
	}
	if res := b.take(t, "s", localRule); !res.Allowed || res.Remaining != 2 {
		t.Errorf("local after the reset: %+v", res)
	}
}

func checkOpen(t *testing.T, b *bed) {
	t.Helper()
	for range 10 {
		res := b.take(t, "s", openRule)
		if !res.Allowed || !res.Degraded || res.Rule != "open" {
			t.Errorf("open: %+v", res)
		}
		b.refund(t, res)
	}
}

func checkClosed(t *testing.T, b *bed) {
	t.Helper()
	res, err := b.Take(t.Context(), "s", closedRule)
	if res.Allowed || !res.Degraded || !errors.Is(err, ratelimit.ErrUnavailable) {
		t.Errorf("closed: %+v, %v; want ErrUnavailable", res, err)
	}
	if _, err := b.Take(t.Context(), "fresh", localRule, closedRule, openRule); !errors.Is(err, ratelimit.ErrUnavailable) {
		t.Errorf("all three: %v, want ErrUnavailable", err)
	}
	if res := b.peek(t, "fresh", localRule); res.Remaining != 3 {
		t.Errorf("a closed rule let its neighbour be charged: %+v", res)
	}
}

func TestRefundWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), ratelimit.Options{RedisTimeout: 5 * time.Second})
	res := b.take(t, "s", localRule)
	server.Kill(t)
	if err := b.Refund(t.Context(), res); !errors.Is(err, ratelimit.ErrUnavailable) {
		t.Errorf("refund: %v, want ErrUnavailable", err)
	}
	if err := b.Refund(t.Context(), res); err != nil {
		t.Errorf("second refund: %v, want none: it may have been the answer that was lost", err)
	}
}

func TestFlushedRedisBeginsAnew(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), ratelimit.Options{})
	one := rule("one", 1)
	b.take(t, "s", one)
	server.Flush(t)
	b.do(t, "SCRIPT", "FLUSH")
	if res := b.take(t, "s", one); !res.Allowed || res.Degraded {
		t.Errorf("after the flush: %+v", res)
	}
	if b.take(t, "s", one).Allowed {
		t.Error("admitted beyond the limit")
	}
}

// A caller's deadline never decides for the client. But where Redis does not answer,
// later requests are spared the wait.
func TestCallersDeadlineOnAFrozenRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), ratelimit.Options{RedisTimeout: 5 * time.Second, ProbeInterval: time.Hour})
	b.take(t, "s", openRule)
	server.Freeze(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if res, err := b.Take(ctx, "s", openRule); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ratelimit.ErrUnavailable) || res.Allowed {
		t.Errorf("take = %+v, %v; want context.DeadlineExceeded", res, err)
	}
	if res := b.take(t, "s", openRule); !res.Degraded {
		t.Errorf("take = %+v: the breaker is closed", res)
	}
}

// An error reply that does not mean that Redis is gone is passed on.
func TestOtherErrorsStayWhatTheyAre(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.CLI(t, "ACL", "SETUSER", "limited", "on", "nopass", "~*", "+@all", "-hmget", "-del")
	b := newBedOn(t, server.Client(t, func(o *rueidis.ClientOption) { o.Username, o.Password = "limited", "any" }), ratelimit.Options{})
	_, take := b.Take(t.Context(), "s", openRule)
	_, peek := b.Peek(t.Context(), "s", openRule)
	for name, err := range map[string]error{"take": take, "peek": peek, "reset": b.Reset(t.Context(), "s", openRule)} {
		var refusal *rueidis.RedisError
		if !errors.As(err, &refusal) || errors.Is(err, ratelimit.ErrUnavailable) {
			t.Errorf("%s: %v, want Redis's refusal", name, err)
		}
	}
}

func TestRedisOutOfMemoryLeavesNoHalfCharge(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), ratelimit.Options{})
	b.take(t, "s", rule("a", 5), rule("b", 5))
	server.CLI(t, "CONFIG", "SET", "maxmemory", "1")
	closed := rule("c", 5)
	closed.WithoutRedis = ratelimit.FailClosed
	if res, err := b.Take(t.Context(), "s", rule("a", 5), closed); !errors.Is(err, ratelimit.ErrUnavailable) || res.Allowed {
		t.Errorf("take = %+v, %v; want ErrUnavailable", res, err)
	}
	if res := b.take(t, "other", openRule); !res.Degraded || !res.Allowed {
		t.Errorf("take = %+v; an open rule is open while Redis takes no writes", res)
	}
	if a, c := b.count(t, "s", rule("a", 5)), b.count(t, "s", rule("c", 5)); a != 1 || c != 0 {
		t.Errorf("counted %d and %d, want 1 and 0", a, c)
	}
	b.checkTTLs(t)
}

func TestCloseIsIdempotentAndTheClientLivesOn(t *testing.T) {
	t.Parallel()
	client := redistest.Shared(t).Client(t)
	l := ratelimit.New(client, ratelimit.Options{Prefix: redistest.Prefix(t)})
	l.Close()
	l.Close()
	if err := client.Do(t.Context(), client.B().Ping().Build()).Error(); err != nil {
		t.Error(err)
	}
}
