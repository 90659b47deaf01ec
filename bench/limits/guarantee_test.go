package limits

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/bench/redisserver"
)

// What docs/benchmarks.md says about the contestants is tested here, so that it stays
// true when their versions change.

// guarantee opens those whom want names, each with a Redis of its own, and compares what
// check finds.
func guarantee(t *testing.T, want map[string]bool, check func(t *testing.T, s *stand) bool, rules ...Rule) {
	t.Helper()
	for id, want := range want {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			s := openStand(t, id, rules...)
			if got := check(t, s); got != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

// stand is a contestant whose Redis can be looked at.
type stand struct {
	Limiter
	contestant Contestant
	redis      *redisserver.Server
	client     rueidis.Client
}

func openStand(t *testing.T, id string, rules ...Rule) *stand {
	t.Helper()
	redis, err := redisserver.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(redis.Stop)
	client, err := openRueidis(redis.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	i := slices.IndexFunc(All(), func(c Contestant) bool { return c.ID == id })
	s := &stand{contestant: All()[i], redis: redis, client: client}
	s.Limiter = s.with(t, rules...)
	return s
}

// with opens the contestant once more, with other rules.
func (s *stand) with(t *testing.T, rules ...Rule) Limiter {
	t.Helper()
	l, err := s.contestant.Open(t.Context(), s.redis.Addr(), rules...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func charge(t *testing.T, l Limiter, cost int64) Decision {
	t.Helper()
	d, err := l.Take(t.Context(), "subject", cost)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// onlyKey is the one counter there is. A limiter may have other keys, which are nobody's.
func (s *stand) onlyKey(t *testing.T) string {
	t.Helper()
	keys, err := s.client.Do(t.Context(), s.client.B().Keys().Pattern("*subject*").Build()).AsStrSlice()
	if err != nil || len(keys) != 1 {
		t.Fatalf("keys %q, %v", keys, err)
	}
	return keys[0]
}

func (s *stand) ttl(t *testing.T) time.Duration {
	t.Helper()
	ms, err := s.client.Do(t.Context(), s.client.B().Pttl().Key(s.onlyKey(t)).Build()).AsInt64()
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(ms) * time.Millisecond
}

// TestWhoseDenialsBurnQuota: 8 of 10 are used, 5 are refused; are there 2 left?
func TestWhoseDenialsBurnQuota(t *testing.T) {
	t.Parallel()
	guarantee(t, map[string]bool{
		"speedlayer": false, "speedlayer-sliding": false, "speedlayer-gcra": false,
		"redis_rate": false, "throttled": false, "ulule": true,
	}, func(t *testing.T, s *stand) bool {
		t.Helper()
		if !charge(t, s, 8).Allowed || charge(t, s, 5).Allowed {
			t.Fatal("it does not limit")
		}
		return !charge(t, s, 2).Allowed
	}, Rule{"a", 10, Long})
}

// TestWhoChargesRulesThatPrecedeARefusal: the second rule refuses; does the first one
// charge nevertheless?
func TestWhoChargesRulesThatPrecedeARefusal(t *testing.T) {
	t.Parallel()
	first, second := Rule{"first", 9, Long}, Rule{"second", 1, Long}
	guarantee(t, map[string]bool{
		"speedlayer": false, "speedlayer-sliding": false, "speedlayer-gcra": false,
		"redis_rate": true, "throttled": true, "ulule": true,
	}, func(t *testing.T, s *stand) bool {
		t.Helper()
		if !charge(t, s, 1).Allowed || charge(t, s, 1).Allowed {
			t.Fatal("it does not limit")
		}
		return charge(t, s.with(t, first), 1).Remaining < 7
	}, first, second)
}

// TestWhoseCountersStayWithoutTTL: somebody took the TTL away; is there one again after
// the next request, admitted or denied?
func TestWhoseCountersStayWithoutTTL(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limit int64
		want  map[string]bool
	}{
		"admitted": {9, map[string]bool{
			"speedlayer": false, "speedlayer-sliding": false, "speedlayer-gcra": false,
			"redis_rate": false, "throttled": false, "ulule": true,
		}},
		"denied": {1, map[string]bool{
			"speedlayer": false, "speedlayer-sliding": false, "speedlayer-gcra": false,
			"redis_rate": true, "throttled": true, "ulule": true,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guarantee(t, tt.want, func(t *testing.T, s *stand) bool {
				t.Helper()
				charge(t, s, 1)
				if ttl := s.ttl(t); ttl <= 0 || ttl > Long+time.Second {
					t.Fatalf("a TTL of %v", ttl)
				}
				persist := s.client.B().Persist().Key(s.onlyKey(t)).Build()
				if err := s.client.Do(t.Context(), persist).Error(); err != nil {
					t.Fatal(err)
				}
				if d := charge(t, s, 1); d.Allowed != (tt.limit > 1) {
					t.Fatalf("%+v", d)
				}
				return s.ttl(t) <= 0
			}, Rule{"a", tt.limit, Long})
		})
	}
}

// TestWhoAnswersWithoutRedis: Redis ends; is the limit kept in the process, or is there an
// error?
func TestWhoAnswersWithoutRedis(t *testing.T) {
	t.Parallel()
	guarantee(t, map[string]bool{
		"speedlayer": true, "speedlayer-sliding": true, "speedlayer-gcra": true,
		"redis_rate": false, "throttled": false, "ulule": false,
	}, func(t *testing.T, s *stand) bool {
		t.Helper()
		charge(t, s, 1)
		s.redis.Stop()
		admitted := 0
		for range 5 {
			d, err := s.Take(t.Context(), "subject", 1)
			if err != nil {
				return false
			}
			if d.Allowed {
				admitted++
			}
		}
		if admitted != 2 {
			t.Errorf("%d admitted without Redis", admitted)
		}
		return true
	}, Rule{"a", 2, Long})
}

// TestThrottledGivesUpOnABusySubject is why the benchmarks let it try again for longer
// than it does by default.
func TestThrottledGivesUpOnABusySubject(t *testing.T) {
	t.Parallel()
	s := openStand(t, "throttled")
	l, err := openThrottled(t.Context(), s.redis.Addr(), 10, []Rule{{"a", 10_000_000, Long}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var gaveUp sync.Once
	var group sync.WaitGroup
	found := false
	for range connections {
		group.Go(func() {
			for ctx.Err() == nil {
				if _, err := l.Take(ctx, "busy", 1); err != nil && strings.Contains(err.Error(), "after 10 attempts") {
					gaveUp.Do(func() { found = true })
					cancel()
				}
			}
		})
	}
	group.Wait()
	if !found {
		t.Error("it never gave up")
	}
}
