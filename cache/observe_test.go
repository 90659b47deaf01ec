package cache_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/cache"
)

func TestObserverSeesAnInvalidationDuringALoad(t *testing.T) {
	t.Parallel()
	db, g, seen := newDatabase(), newGate(), &events{}
	c, _ := shared(t, g.slow(db.load), cache.Options{Observer: seen})
	got := getAsync(t.Context(), c, 1)
	receive(t, "load", g.began)
	if err := c.Invalidate(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	close(g.goOn)
	receive(t, "answer", got)
	if got := seen.kinds(); got != "miss, invalidated, load, fill refused" {
		t.Errorf("events: %s", got)
	}
	for _, e := range seen.all {
		if e.Key != c.Key(1) || e.Err != nil {
			t.Errorf("event: %+v", e)
		}
	}
}

func TestObserverSeesTheBreaker(t *testing.T) {
	t.Parallel()
	db, seen := newDatabase(), &events{}
	c, _, m := pair(t, db.load, cache.Options{Observer: seen})
	m.meddle(func(string) error { return errLost }, nil)
	if _, err := c.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := c.Invalidate(t.Context(), 1); !isUnconfirmed(err) {
		t.Fatal(err)
	}
	if got := seen.kinds(); got != "breaker opened, miss, load, unconfirmed" {
		t.Errorf("events: %s", got)
	}
	for _, i := range []int{0, 1, 3} {
		if e := seen.all[i]; !errors.Is(e.Err, errLost) {
			t.Errorf("event %v says %v", e.Kind, e.Err)
		}
	}
	if e := seen.all[1]; e.Reason != cache.ReasonUnavailable {
		t.Errorf("miss because of %v", e.Reason)
	}
	m.meddle(nil, nil)
	eventually(t, "the repetition is told of", func() bool { return strings.HasSuffix(seen.kinds(), ", invalidated") })
	if got := seen.kinds(); got != "breaker opened, miss, load, unconfirmed, breaker closed, invalidated" {
		t.Errorf("events: %s", got)
	}
}

// A panic in the observer fails the read, not the process.
func TestObserverThatPanics(t *testing.T) {
	t.Parallel()
	c, _ := shared(t, newDatabase().load, cache.Options{Observer: &events{on: func(e cache.Event) {
		if e.Kind == cache.EventFill {
			panic("boom")
		}
	}}})
	var panicked *cache.PanicError
	if _, err := c.Get(context.Background(), 1); !errors.As(err, &panicked) {
		t.Errorf("got %v", err)
	}
}

func TestNamesOfConstants(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		cache.SourceLocal.String():        "local",
		cache.SourceRedis.String():        "redis",
		cache.SourceLoader.String():       "database",
		cache.Source(0).String():          "none",
		cache.ReasonNone.String():         "none",
		cache.ReasonMiss.String():         "miss",
		cache.ReasonBypass.String():       "bypass",
		cache.ReasonUnavailable.String():  "unavailable",
		cache.ReasonUndecodable.String():  "undecodable",
		cache.EventHit.String():           "hit",
		cache.EventBreakerClosed.String(): "breaker closed",
		cache.EventFillRefused.String():   "fill refused",
		cache.EventKind(99).String():      "unknown",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
