package ratelimit_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/ratelimit"
)

func TestTakeAdmitsTheLimitAndThenRefuses(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	data := ratelimit.Rule{Name: "data", Limit: 10, Window: time.Minute}
	for i := range int64(10) {
		res := b.take(t, "127.0.0.1", data)
		if !res.Allowed || res.Remaining != 9-i || res.RetryAfter != 0 || res.Limit != 10 || res.Rule != "data" || res.Subject != "127.0.0.1" || res.Degraded {
			t.Fatalf("request %d: %+v", i+1, res)
		}
	}
	res := b.take(t, "127.0.0.1", data)
	if res.Allowed || res.Remaining != 0 || res.RetryAfter <= 0 || res.RetryAfter > time.Minute || res.ResetAfter != res.RetryAfter {
		t.Errorf("request 11: %+v", res)
	}
	if s := res.RetrySeconds(); s < 1 || s > 60 {
		t.Errorf("retry in %d seconds, want 1 to 60", s)
	}
	if !b.take(t, "127.0.0.2", data).Allowed {
		t.Error("another client is refused")
	}
}

func TestRetrySecondsRoundUp(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]int64{
		0: 0, time.Millisecond: 1, time.Second: 1, time.Second + time.Millisecond: 2, time.Minute: 60,
	} {
		if got := (ratelimit.Result{RetryAfter: after}).RetrySeconds(); got != want {
			t.Errorf("RetrySeconds of %v = %d, want %d", after, got, want)
		}
	}
}

// A request that waits exactly as long as it was told is admitted.
func TestRetryAfterIsEnough(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	short := ratelimit.Rule{Name: "short", Limit: 1, Window: 50 * time.Millisecond}
	refused := 0
	for began := time.Now(); refused < 30 && time.Since(began) < patience; {
		b.take(t, "s", short)
		res := b.take(t, "s", short)
		if res.Allowed { // the machine was slower than the window
			short.Window = min(2*short.Window, 5*time.Second)
			continue
		}
		refused++
		time.Sleep(res.RetryAfter) // what the caller is told to do
		if again := b.take(t, "s", short); !again.Allowed {
			t.Fatalf("refused after waiting %v: %+v", res.RetryAfter, again)
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

func TestDenialsChargeNothing(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	three := rule("three", 3)
	for range 3 {
		b.take(t, "s", three)
	}
	ttl := b.integer(t, "PTTL", b.key("s", three))
	for range 100 {
		if b.take(t, "s", three).Allowed {
			t.Fatal("admitted beyond the limit")
		}
	}
	if n := b.count(t, "s", three); n != 3 {
		t.Errorf("counted %d, want 3", n)
	}
	if after := b.integer(t, "PTTL", b.key("s", three)); after > ttl {
		t.Errorf("denials prolonged the window from %d to %d ms", ttl, after)
	}
}

func TestSeveralRulesAreChargedTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	wide, narrow, middle := rule("wide", 100), rule("narrow", 2), rule("middle", 50)
	for range 10 {
		b.take(t, "s", wide, narrow, middle)
	}
	for _, r := range []ratelimit.Rule{wide, narrow, middle} {
		if n := b.count(t, "s", r); n != 2 {
			t.Errorf("%s counted %d, want 2", r.Name, n)
		}
	}
	res := b.take(t, "s", wide, narrow, middle)
	if res.Allowed || res.Rule != "narrow" || res.Limit != 2 {
		t.Errorf("result = %+v, want narrow to refuse", res)
	}
	if res := b.take(t, "s", wide, middle); !res.Allowed || res.Rule != "middle" || res.Remaining != 47 {
		t.Errorf("result = %+v, want middle to be the tightest", res)
	}
	b.checkTTLs(t)
}

func TestRefusalNamesTheRuleThatRefusesLongest(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	minute := ratelimit.Rule{Name: "minute", Limit: 1, Window: time.Minute}
	hour := ratelimit.Rule{Name: "hour", Limit: 1, Window: time.Hour}
	b.take(t, "s", minute, hour)
	if res := b.take(t, "s", minute, hour); res.Rule != "hour" || res.RetryAfter < 59*time.Minute {
		t.Errorf("result = %+v, want hour", res)
	}
}

func TestKeysHaveTheWindowAsTTL(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	r := ratelimit.Rule{Name: "login/prefix", Limit: 5, Window: 90*time.Second + 500*time.Microsecond}
	b.take(t, "2001:db8::/64", r)
	key := b.prefix + "login/prefix:{2001:db8::/64}"
	if ttl := b.integer(t, "PTTL", key); ttl > 90_001 || ttl < 80_000 {
		t.Errorf("TTL = %d ms, want about 90001", ttl)
	}
	if n := b.integer(t, "HGET", key, "count"); n != 1 {
		t.Errorf("count = %d, want 1", n)
	}
}

func TestPeekChargesNothing(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	two := rule("two", 2)
	if res := b.peek(t, "s", two); !res.Allowed || res.Remaining != 2 || res.ResetAfter != 0 {
		t.Errorf("peek before = %+v", res)
	}
	if n := b.integer(t, "EXISTS", b.key("s", two)); n != 0 {
		t.Error("peek created a key")
	}
	b.take(t, "s", two)
	for range 5 {
		if res := b.peek(t, "s", two); !res.Allowed || res.Remaining != 1 || res.ResetAfter <= 59*time.Minute {
			t.Fatalf("peek after one = %+v", res)
		}
	}
	b.take(t, "s", two)
	if res := b.peek(t, "s", two); res.Allowed || res.Remaining != 0 || res.RetryAfter <= 59*time.Minute {
		t.Errorf("peek at the limit = %+v", res)
	}
}

func TestResetForgets(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	one, other := rule("one", 1), rule("other", 1)
	charged := b.take(t, "s", one, other)
	if err := b.Reset(t.Context(), "s", one); err != nil {
		t.Fatal(err)
	}
	if b.take(t, "s", one, other).Allowed {
		t.Error("the other rule was forgotten too")
	}
	if err := b.Reset(t.Context(), "s", one, other); err != nil {
		t.Fatal(err)
	}
	if !b.take(t, "s", one, other).Allowed {
		t.Error("refused after the reset")
	}
	b.refund(t, charged) // of the windows before the reset
	if b.take(t, "s", one).Allowed {
		t.Error("a refund reached the window after the reset")
	}
}

func TestCostIsCharged(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	ten := rule("ten", 10)
	each := func(cost int64) ratelimit.Result {
		t.Helper()
		res, err := b.TakeEach(t.Context(), ratelimit.Charge{Subject: "s", Rules: []ratelimit.Rule{ten}, Cost: cost})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	seven := each(7)
	if res := each(4); res.Allowed || res.Remaining != 3 {
		t.Errorf("7 + 4 of 10: %+v", res)
	}
	if res := each(3); !res.Allowed || res.Remaining != 0 {
		t.Errorf("7 + 3 of 10: %+v", res)
	}
	b.refund(t, seven)
	if n := b.count(t, "s", ten); n != 3 {
		t.Errorf("counted %d after the refund, want 3", n)
	}
}

func TestLimitsMayChange(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	r := rule("r", 5)
	for range 5 {
		b.take(t, "s", r)
	}
	lower, higher := rule("r", 2), rule("r", 6)
	if res := b.take(t, "s", lower); res.Allowed || res.Remaining != 0 {
		t.Errorf("lowered: %+v", res)
	}
	if res := b.take(t, "s", higher); !res.Allowed || res.Remaining != 0 {
		t.Errorf("raised: %+v", res)
	}
	shorter := ratelimit.Rule{Name: "r", Limit: 2, Window: time.Minute}
	if res := b.take(t, "s", shorter); res.Allowed || res.RetryAfter > time.Minute {
		t.Errorf("with a shorter window: %+v", res)
	}
}

func TestGarbageHeals(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	one := rule("one", 1)
	for name, garbage := range map[string][]string{
		"string":      {"SET", "hello"},
		"number":      {"SET", "5"},
		"list":        {"RPUSH", "x"},
		"set":         {"SADD", "x"},
		"word":        {"HSET", "count", "many", "window", "w"},
		"float":       {"HSET", "count", "0.5", "window", "w"},
		"exponent":    {"HSET", "count", "1e3", "window", "w"},
		"negative":    {"HSET", "count", "-5", "window", "w"},
		"huge":        {"HSET", "count", "99999999999999999999", "window", "w"},
		"hexadecimal": {"HSET", "count", "0x10", "window", "w"},
		"zeros":       {"HSET", "count", "007", "window", "w"},
		"empty":       {"HSET", "count", "", "window", "w"},
		"countless":   {"HSET", "window", "w"},
		"foreign":     {"HSET", "a", "b"},
	} {
		key := b.key(name, one)
		b.do(t, append([]string{garbage[0], key}, garbage[1:]...)...)
		b.peek(t, name, one)
		if res := b.take(t, name, one); !res.Allowed {
			t.Errorf("%s: refused: %+v", name, res)
		}
		if res := b.take(t, name, one); res.Allowed {
			t.Errorf("%s: admitted beyond the limit", name)
		}
		if ttl := b.integer(t, "PTTL", key); ttl <= 0 {
			t.Errorf("%s: TTL = %d", name, ttl)
		}
	}
}

func TestCounterWithoutTTLHealsAndKeepsItsCount(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	three := ratelimit.Rule{Name: "three", Limit: 3, Window: time.Minute}
	b.do(t, "HSET", b.key("s", three), "count", "2") // as a foreign program may leave it
	if res := b.take(t, "s", three); !res.Allowed || res.Remaining != 0 {
		t.Errorf("first = %+v", res)
	}
	b.do(t, "PERSIST", b.key("s", three))
	if res := b.take(t, "s", three); res.Allowed || res.RetryAfter > time.Minute || res.RetryAfter <= 0 {
		t.Errorf("second = %+v", res)
	}
	b.checkTTLs(t)
}

func TestInvalidRulesAreRefusedAndAllNamed(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	good := rule("good", 1)
	for name, tc := range map[string]struct {
		subject string
		rules   []ratelimit.Rule
	}{
		"no subject":   {"", []ratelimit.Rule{good}},
		"no rule":      {"s", nil},
		"no name":      {"s", []ratelimit.Rule{rule("", 1)}},
		"braces":       {"s", []ratelimit.Rule{rule("{a}", 1)}},
		"blank":        {"s", []ratelimit.Rule{rule("a b", 1)}},
		"long name":    {"s", []ratelimit.Rule{rule(strings.Repeat("a", 65), 1)}},
		"no limit":     {"s", []ratelimit.Rule{rule("a", 0)}},
		"great limit":  {"s", []ratelimit.Rule{rule("a", ratelimit.MaxLimit+1)}},
		"no window":    {"s", []ratelimit.Rule{{Name: "a", Limit: 1}}},
		"long window":  {"s", []ratelimit.Rule{{Name: "a", Limit: 1, Window: ratelimit.MaxWindow + 1}}},
		"short window": {"s", []ratelimit.Rule{{Name: "a", Limit: 1, Window: 999 * time.Microsecond}}},
		"fallback":     {"s", []ratelimit.Rule{{Name: "a", Limit: 1, Window: time.Second, WithoutRedis: 9}}},
		"twice":        {"s", []ratelimit.Rule{good, good}},
	} {
		_, take := b.Take(t.Context(), tc.subject, tc.rules...)
		_, peek := b.Peek(t.Context(), tc.subject, tc.rules...)
		_, each := b.TakeEach(t.Context(), ratelimit.Charge{Subject: "other", Rules: []ratelimit.Rule{good}},
			ratelimit.Charge{Subject: tc.subject, Rules: tc.rules})
		for _, err := range []error{take, peek, each, b.Reset(t.Context(), tc.subject, tc.rules...)} {
			if !errors.Is(err, ratelimit.ErrInvalid) {
				t.Errorf("%s: %v, want ErrInvalid", name, err)
			}
		}
	}
	if n := b.count(t, "other", good); n != 0 {
		t.Errorf("an invalid TakeEach charged %d", n)
	}
	for _, cost := range []int64{-1, 2} {
		_, err := b.TakeEach(t.Context(), ratelimit.Charge{Subject: "s", Rules: []ratelimit.Rule{good}, Cost: cost})
		if !errors.Is(err, ratelimit.ErrInvalid) {
			t.Errorf("cost %d: %v, want ErrInvalid", cost, err)
		}
	}
	if _, err := b.TakeEach(t.Context()); !errors.Is(err, ratelimit.ErrInvalid) {
		t.Errorf("no charge: %v, want ErrInvalid", err)
	}

	_, err := b.Take(t.Context(), "s", rule("first one", 1), good, rule("second", 0))
	for _, part := range []string{"first one", "second", "limit 0"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %q: %v", part, err)
		}
	}
}

func TestGreatestRuleIsExact(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	great := ratelimit.Rule{Name: "great", Limit: ratelimit.MaxLimit, Window: ratelimit.MaxWindow}
	charge := ratelimit.Charge{Subject: "s", Rules: []ratelimit.Rule{great}, Cost: ratelimit.MaxLimit - 1}
	if res, err := b.TakeEach(t.Context(), charge); err != nil || !res.Allowed || res.Remaining != 1 {
		t.Fatalf("%+v, %v", res, err)
	}
	if !b.take(t, "s", great).Allowed || b.take(t, "s", great).Allowed {
		t.Error("the last one is not exact")
	}
}

func TestCancelledCallerDecidesNothing(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	open := ratelimit.Rule{Name: "open", Limit: 1, Window: time.Hour, WithoutRedis: ratelimit.FailOpen}
	if res, err := b.Take(ctx, "s", open); !errors.Is(err, context.Canceled) || errors.Is(err, ratelimit.ErrUnavailable) || res.Allowed {
		t.Errorf("take = %+v, %v; want context.Canceled", res, err)
	}
	expired, cancel := context.WithTimeout(t.Context(), -1)
	defer cancel()
	if res, err := b.Take(expired, "s", open); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ratelimit.ErrUnavailable) || res.Allowed {
		t.Errorf("take = %+v, %v; want context.DeadlineExceeded", res, err)
	}
	if res := b.take(t, "s", open); res.Degraded {
		t.Errorf("take = %+v: a caller opened the breaker", res)
	}
}
