package ratelimit_test

import (
	"errors"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

func TestCounterKeyIsTheOneInRedis(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	if k, err := b.CounterKey(t.Context(), "s", localRule); err != nil || k != (ratelimit.CounterKey{Name: b.key("s", localRule)}) {
		t.Errorf("nothing charged: %+v, %v", k, err)
	}
	b.take(t, "s", localRule)
	if k, err := b.CounterKey(t.Context(), "s", localRule); err != nil || k.TTL <= 0 || k.TTL > time.Hour || b.integer(t, "EXISTS", k.Name) != 1 {
		t.Errorf("one charged: %+v, %v", k, err)
	}
	b.integer(t, "PERSIST", b.key("s", localRule))
	if k, err := b.CounterKey(t.Context(), "s", localRule); err != nil || k.TTL >= 0 {
		t.Errorf("without an end: %+v, %v", k, err)
	}
	if _, err := b.CounterKey(t.Context(), "s", ratelimit.Rule{Name: "x"}); !errors.Is(err, ratelimit.ErrInvalid) {
		t.Errorf("no rule: %v", err)
	}
}

func TestDegradedEndsWithoutRequests(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), ratelimit.Options{ProbeInterval: 10 * time.Millisecond})
	b.take(t, "s", openRule)
	if b.Degraded() {
		t.Error("degraded with Redis up")
	}
	server.Kill(t)
	if res := b.take(t, "s", openRule); !res.Degraded || !b.Degraded() {
		t.Errorf("without Redis: %+v, Degraded() = %v", res, b.Degraded())
	}
	if _, err := b.CounterKey(t.Context(), "s", openRule); !errors.Is(err, ratelimit.ErrUnavailable) {
		t.Errorf("CounterKey without Redis: %v", err)
	}
	server.Restart(t)
	for end := time.Now().Add(slack); b.Degraded(); {
		if time.Now().After(end) {
			t.Fatal("degraded for good")
		}
		time.Sleep(time.Millisecond)
	}
}
