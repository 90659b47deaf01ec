package ratelimit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

func signed(t *testing.T, b *bed) int64 {
	t.Helper()
	if err := b.Sign(); err != nil {
		t.Fatal(err)
	}
	return b.Stats().Instances
}

func TestAChargeSaysThatTheLimiterIsInUse(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	if n := b.Stats().Instances; n != 0 {
		t.Errorf("%d limiters are in use before the first charge", n)
	}
	b.take(t, "s", rule("r", 1))
	eventually(t, func() bool { return b.Stats().Instances == 1 })
	b.checkTTLs(t)
}

// Without Redis the limiters together admit the limit, not each of them.
func TestLimitersDivideTheLimitWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	o := ratelimit.Options{Prefix: "rate:", RedisTimeout: 5 * time.Second, ProbeInterval: time.Hour}
	var beds []*bed
	for range 3 {
		b := newBedOn(t, server.Client(t), o)
		signed(t, b)
		beds = append(beds, b)
	}
	for _, b := range beds {
		if n := signed(t, b); n != 3 {
			t.Fatalf("%d limiters, want 3", n)
		}
	}
	late := newBedOn(t, server.Client(t), o)
	server.Kill(t)
	for _, a := range algorithms {
		r := with(rule("r", 10), a)
		r.Window = ratelimit.MaxWindow
		few := with(rule("few", 2), a)
		for i, b := range append(beds, late) {
			want := []int{3, 3, 3, 10}[i] // the late one never heard of the others
			admitted := 0
			for range 20 {
				if b.take(t, "s", r).Allowed {
					admitted++
				}
			}
			if admitted != want {
				t.Errorf("%v: limiter %d admitted %d, want %d", a, i, admitted, want)
			}
			if !b.take(t, "s", few).Allowed {
				t.Errorf("%v: limiter %d admits nothing", a, i)
			}
			if res := takeEach(t, b, 8, with(rule("great", 10), a)); !res.Allowed {
				t.Errorf("%v: limiter %d never admits a cost of 8 of 10", a, i)
			}
		}
	}
}

func TestLimitersThatGaveNoSignDoNotCount(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	key := ratelimit.OwnPrefix(b.prefix) + "instances"
	now := redisNow(t, b.client)
	b.do(t, "ZADD", key,
		fmt.Sprint(now.Add(-time.Second).UnixMilli()), "alive",
		fmt.Sprint(now.Add(-31*time.Second).UnixMilli()), "gone",
		fmt.Sprint(now.Add(time.Hour).UnixMilli()), "of the future")
	if n := signed(t, b); n != 2 {
		t.Errorf("%d limiters, want 2", n)
	}
	for _, garbage := range [][]string{{"SET", key, "x"}, {"HSET", key, "a", "b"}} {
		b.do(t, "DEL", key)
		b.do(t, garbage...)
		if n := signed(t, b); n != 1 {
			t.Errorf("%d limiters, want 1", n)
		}
	}
	if ttl := b.integer(t, "PTTL", key); ttl <= 0 || ttl > 30_000 {
		t.Errorf("TTL = %d", ttl)
	}
}
