package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// forEach runs a test with a rule of each algorithm that admits limit at once, and
// hardly more within the test's time.
func forEach(t *testing.T, limit int64, f func(t *testing.T, b *bed, r ratelimit.Rule)) {
	t.Helper()
	for _, a := range algorithms {
		t.Run(a.String(), func(t *testing.T) {
			t.Parallel()
			r := with(rule("r", limit), a)
			r.Window = ratelimit.MaxWindow
			f(t, newBed(t), r)
		})
	}
}

func takeEach(t *testing.T, b *bed, cost int64, rules ...ratelimit.Rule) ratelimit.Result {
	t.Helper()
	res, err := b.TakeEach(t.Context(), ratelimit.Charge{Subject: "s", Rules: rules, Cost: cost})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestEachAlgorithmAdmitsTheLimitAndThenRefuses(t *testing.T) {
	t.Parallel()
	forEach(t, 10, func(t *testing.T, b *bed, r ratelimit.Rule) {
		t.Helper()
		if res := b.peek(t, "s", r); !res.Allowed || res.Remaining != 10 || res.ResetAfter != 0 {
			t.Errorf("peek before: %+v", res)
		}
		if n := b.integer(t, "EXISTS", b.key("s", r)); n != 0 {
			t.Error("peek created a key")
		}
		seven := takeEach(t, b, 7, r)
		if !seven.Allowed || seven.Remaining != 3 || seven.ResetAfter <= 0 || seven.Rule != r.Name {
			t.Errorf("7 of 10: %+v", seven)
		}
		before, _ := b.do(t, "DUMP", b.key("s", r)).ToString()
		if res := takeEach(t, b, 4, r); res.Allowed || res.Remaining != 3 || res.RetryAfter <= 0 || res.RetryAfter > res.ResetAfter {
			t.Errorf("7 + 4 of 10: %+v", res)
		}
		if after, _ := b.do(t, "DUMP", b.key("s", r)).ToString(); after != before {
			t.Error("a denial wrote something")
		}
		if res := takeEach(t, b, 3, r); !res.Allowed || res.Remaining != 0 {
			t.Errorf("7 + 3 of 10: %+v", res)
		}
		b.refund(t, seven)
		b.refund(t, seven)
		if res := b.peek(t, "s", r); res.Remaining < 6 || res.Remaining > 7 { // a GCRA's first charge drains
			t.Errorf("after the refund: %+v", res)
		}
		if err := b.Reset(t.Context(), "s", r); err != nil {
			t.Fatal(err)
		}
		late := takeEach(t, b, 10, r)
		if !late.Allowed {
			t.Errorf("after the reset: %+v", late)
		}
		b.refund(t, seven)
		b.checkTTLs(t)
	})
}

func TestRefundsOfBeforeAResetGiveNothingBack(t *testing.T) {
	t.Parallel()
	forEach(t, 2, func(t *testing.T, b *bed, r ratelimit.Rule) {
		t.Helper()
		old := b.take(t, "s", r)
		if err := b.Reset(t.Context(), "s", r); err != nil {
			t.Fatal(err)
		}
		b.take(t, "s", r)
		b.take(t, "s", r)
		b.refund(t, old)
		if b.take(t, "s", r).Allowed {
			t.Error("a refund reached charges after the reset")
		}
	})
}

func TestDenialsOfMixedAlgorithmsChargeNothing(t *testing.T) {
	t.Parallel()
	for _, narrow := range algorithms {
		t.Run(narrow.String(), func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			rules := make([]ratelimit.Rule, 0, 4)
			for _, a := range algorithms {
				rules = append(rules, with(rule("wide", 1000), a))
			}
			rules = append(rules, with(rule("narrow", 2), narrow))
			for i := range rules {
				rules[i].Window = ratelimit.MaxWindow
			}
			b.take(t, "s", rules...)
			second := b.take(t, "s", rules...)
			for range 20 {
				if res := b.take(t, "s", rules...); res.Allowed || res.Rule != "narrow-"+narrow.String() {
					t.Fatalf("%+v, want narrow to refuse", res)
				}
			}
			for _, r := range rules[:3] {
				if res := b.peek(t, "s", r); res.Remaining != 998 {
					t.Errorf("%+v: a denial was charged", res)
				}
			}
			b.refund(t, second)
			for _, r := range rules[:3] {
				if res := b.peek(t, "s", r); res.Remaining != 999 {
					t.Errorf("%+v after the refund", res)
				}
			}
			b.checkTTLs(t)
		})
	}
}

func TestGarbageHealsForEachAlgorithm(t *testing.T) {
	t.Parallel()
	forEach(t, 1, func(t *testing.T, b *bed, r ratelimit.Rule) {
		t.Helper()
		for i, garbage := range [][]string{
			{"SET", "hello"},
			{"SET", ""},
			{"SET", "5"},
			{"RPUSH", "x"},
			{"SADD", "x"},
			{"HSET", "a", "b"},
			{"SET", "gcra"},
			{"SET", "gcra 1 2 3"},
			{"SET", "gcra -1 0 1 0 id"},
			{"SET", "gcra 1e3 0 1 0 id"},
			{"SET", "gcra 99999999999999999999999999999999999999 0 1 99999999999999999999999999999 id"},
			{"SET", "gcra " + strings.Repeat("9", 500) + " 0 1 0 id"},
			{"SET", "gcra 5 7 1 0 id"},
			{"SET", "sliding"},
			{"SET", "sliding 1 1 1 1 1 id "},
			{"SET", "sliding 1 1 1 1 0x1 id "},
			{"SET", "sliding 99999999999999999999999 1 1 1 1 id "},
			{"SET", "sliding 5 1 1 1 1 id ;;;"},
			{"SET", "sliding 5 1 1 1 1 id 1,2"},
		} {
			subject := fmt.Sprint(i)
			key := b.key(subject, r)
			b.do(t, append([]string{garbage[0], key}, garbage[1:]...)...)
			b.peek(t, subject, r)
			if res := b.take(t, subject, r); !res.Allowed {
				t.Errorf("%v: refused: %+v", garbage, res)
			}
			if res := b.take(t, subject, r); res.Allowed {
				t.Errorf("%v: admitted beyond the limit", garbage)
			}
			if ttl := b.integer(t, "PTTL", key); ttl <= 0 {
				t.Errorf("%v: TTL = %d", garbage, ttl)
			}
		}
	})
}

// What looks right and cannot be denies one window at most, and the key ends.
func TestStatesOfTheFutureEnd(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	gcra, sliding := with(rule("r", 5), ratelimit.GCRA), with(rule("r", 5), ratelimit.SlidingWindow)
	far := fmt.Sprint(redisNow(t, b.client).Add(100 * time.Hour).UnixMicro())
	now := fmt.Sprint(redisNow(t, b.client).UnixMicro())
	for i, tc := range []struct {
		r     ratelimit.Rule
		state string
	}{
		{gcra, "gcra " + far + " 0 5 0 id"},
		{sliding, "sliding 5 1 " + far + " " + far + " 5 id "},
		{sliding, "sliding 5 2 " + now + " " + now + " 5 id 1," + now + ",999;"},
	} {
		subject := fmt.Sprint(i)
		b.do(t, "SET", b.key(subject, tc.r), tc.state)
		if res := b.take(t, subject, tc.r); res.Allowed || res.RetryAfter > time.Hour || res.RetryAfter < time.Minute {
			t.Errorf("%s: %+v", tc.state, res)
		}
		if ttl := b.integer(t, "PTTL", b.key(subject, tc.r)); ttl <= 0 || ttl > time.Hour.Milliseconds()+2 {
			t.Errorf("%s: TTL = %d", tc.state, ttl)
		}
	}
	// An entry of the future in front of the newest one is a stranger's: all is.
	b.do(t, "SET", b.key("s", sliding), "sliding 5 2 "+now+" "+now+" 5 id 1,"+far+",3;")
	if res := b.take(t, "s", sliding); !res.Allowed || res.Remaining != 4 {
		t.Errorf("%+v", res)
	}
}

func TestMissingAndLongTTLsAreMendedByAnyRequest(t *testing.T) {
	t.Parallel()
	forEach(t, 2, func(t *testing.T, b *bed, r ratelimit.Rule) {
		t.Helper()
		r.Window = time.Hour
		key := b.key("s", r)
		longest := time.Hour.Milliseconds() + 2
		for name, request := range map[string]func() ratelimit.Result{
			"peek": func() ratelimit.Result { return b.peek(t, "s", r) },
			"take": func() ratelimit.Result { return b.take(t, "s", r) },
		} {
			for _, damage := range [][]string{{"PERSIST", key}, {"PEXPIRE", key, fmt.Sprint(3 * longest)}} {
				for range 3 { // the third one is denied
					b.take(t, "s", r)
				}
				b.do(t, damage...)
				if res := request(); res.Allowed {
					t.Errorf("%s: %+v", name, res)
				}
				if ttl := b.integer(t, "PTTL", key); ttl <= 0 || ttl > longest {
					t.Errorf("%s after %s: TTL = %d", name, damage[0], ttl)
				}
			}
		}
	})
}

// The state of another algorithm counts as none, and a refund of it does nothing.
func TestAlgorithmsMayChange(t *testing.T) {
	t.Parallel()
	for _, from := range algorithms {
		for _, to := range algorithms {
			if from == to {
				continue
			}
			t.Run(from.String()+" to "+to.String(), func(t *testing.T) {
				t.Parallel()
				b := newBed(t)
				r := rule("r", 2)
				r.Algorithm = from
				b.take(t, "s", r)
				old := b.take(t, "s", r)
				r.Algorithm = to
				b.peek(t, "s", r)
				if res := b.take(t, "s", r); !res.Allowed || res.Remaining != 1 {
					t.Errorf("first: %+v", res)
				}
				b.take(t, "s", r)
				b.refund(t, old)
				if res := b.take(t, "s", r); res.Allowed {
					t.Errorf("third: %+v", res)
				}
				b.checkTTLs(t)
			})
		}
	}
}

func TestLimitsAndWindowsMayChange(t *testing.T) {
	t.Parallel()
	forEach(t, 6, func(t *testing.T, b *bed, r ratelimit.Rule) {
		t.Helper()
		takeEach(t, b, 6, r)
		lower, shorter := r, r
		lower.Limit = 2
		if res := b.take(t, "s", lower); res.Allowed || res.Remaining != 0 {
			t.Errorf("lowered: %+v", res)
		}
		shorter.Window = time.Minute
		if res := takeEach(t, b, 6, shorter); !res.Allowed && res.RetryAfter > time.Minute {
			t.Errorf("shorter: %+v", res)
		}
		b.checkTTLs(t)
	})
}

func TestGreatestRulesOfEachAlgorithmAreExact(t *testing.T) {
	t.Parallel()
	for _, a := range algorithms {
		t.Run(a.String(), func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			// One charge drains in 31.6 microseconds at the greatest window: the last
			// one must fit, and then none but what has drained.
			great := ratelimit.Rule{Name: "great", Limit: ratelimit.MaxLimit, Window: ratelimit.MaxWindow, Algorithm: a}
			res := takeEach(t, b, ratelimit.MaxLimit-1, great)
			if !res.Allowed || a != ratelimit.GCRA && res.Remaining != 1 || res.Remaining < 1 {
				t.Fatalf("%+v", res)
			}
			if res := takeEach(t, b, ratelimit.MaxLimit, great); res.Allowed || res.RetryAfter > ratelimit.MaxWindow {
				t.Fatalf("%+v", res)
			}
			if !b.take(t, "s", great).Allowed {
				t.Error("the last one is not admitted")
			}
			if a != ratelimit.GCRA && b.take(t, "s", great).Allowed {
				t.Error("one too many")
			}
		})
	}
}

func TestBurstAndAlgorithmAreChecked(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	for _, r := range []ratelimit.Rule{
		{Algorithm: 3},
		{Algorithm: ratelimit.GCRA, Burst: -1},
		{Algorithm: ratelimit.GCRA, Burst: 6},
		{Algorithm: ratelimit.FixedWindow, Burst: 1},
		{Algorithm: ratelimit.SlidingWindow, Burst: 1},
	} {
		r.Name, r.Limit, r.Window = "r", 5, time.Second
		if _, err := b.Take(t.Context(), "s", r); !errors.Is(err, ratelimit.ErrInvalid) {
			t.Errorf("%+v: %v, want ErrInvalid", r, err)
		}
	}
	r := ratelimit.Rule{Name: "r", Limit: 5, Window: time.Hour, Algorithm: ratelimit.GCRA, Burst: 2}
	if _, err := b.TakeEach(t.Context(), ratelimit.Charge{Subject: "s", Rules: []ratelimit.Rule{r}, Cost: 3}); !errors.Is(err, ratelimit.ErrInvalid) {
		t.Errorf("a cost above the burst: %v, want ErrInvalid", err)
	}
	for i, want := range []bool{true, true, false} {
		if got := b.take(t, "s", r).Allowed; got != want {
			t.Errorf("charge %d of a burst of 2: %v", i+1, got)
		}
	}
}

func TestEachAlgorithmCountsWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), ratelimit.Options{RedisTimeout: 5 * time.Second, ProbeInterval: time.Hour})
	server.Kill(t)
	for _, a := range algorithms {
		r := with(rule("r", 3), a)
		r.Window = ratelimit.MaxWindow
		for i := range int64(3) {
			if res := b.take(t, "s", r); !res.Allowed || !res.Degraded || res.Remaining != 2-i {
				t.Errorf("%v, %d: %+v", a, i, res)
			}
		}
		if res := b.take(t, "s", r); res.Allowed || res.RetryAfter <= 0 {
			t.Errorf("%v: %+v", a, res)
		}
	}
}

// A request that waits exactly as long as it was told is admitted, by Redis's clock.
func TestRetryAfterIsEnoughForEachAlgorithm(t *testing.T) {
	t.Parallel()
	for _, a := range algorithms {
		t.Run(a.String(), func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			r := ratelimit.Rule{Name: "r", Limit: 3, Window: 50 * time.Millisecond, Algorithm: a}
			refused := 0
			for began := time.Now(); refused < 20 && time.Since(began) < patience; {
				res := b.take(t, "s", r)
				if res.Allowed {
					continue
				}
				refused++
				waitUntil(context.Background(), redisNow(t, b.client).Add(res.RetryAfter)) // later than it was told
				if again := b.take(t, "s", r); !again.Allowed {
					t.Fatalf("refused after waiting %v: %+v", res.RetryAfter, again)
				}
			}
			if refused == 0 {
				t.Error("nothing was refused")
			}
		})
	}
}

// waitUntil is what a client does that was told when to come back.
func waitUntil(ctx context.Context, at time.Time) {
	ctx, cancel := context.WithDeadline(ctx, at)
	defer cancel()
	<-ctx.Done()
}
