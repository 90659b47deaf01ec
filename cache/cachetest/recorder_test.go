package cachetest_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/cache/cachetest"
)

func TestRecorderRemembersEventsInOrderAndCountsThem(t *testing.T) {
	t.Parallel()
	var r cachetest.Recorder
	miss := cache.Event{Kind: cache.EventMiss, Key: "cache:user:1", Reason: cache.ReasonMiss}
	load := cache.Event{Kind: cache.EventLoad, Key: "cache:user:1"}
	for _, e := range []cache.Event{miss, load, miss} {
		r.CacheEvent(e)
	}
	if got := r.Events(); !slices.Equal(got, []cache.Event{miss, load, miss}) {
		t.Errorf("events: %v", got)
	}
	if r.Count(cache.EventMiss) != 2 || r.Count(cache.EventLoad) != 1 || r.Count(cache.EventFill) != 0 {
		t.Errorf("counts: %d, %d, %d; want 2, 1, 0", r.Count(cache.EventMiss), r.Count(cache.EventLoad), r.Count(cache.EventFill))
	}
	events := r.Events()
	r.Reset()
	if len(r.Events()) != 0 || r.Count(cache.EventMiss) != 0 {
		t.Errorf("after Reset: %v, %d misses", r.Events(), r.Count(cache.EventMiss))
	}
	r.CacheEvent(load)
	if !slices.Equal(events, []cache.Event{miss, load, miss}) {
		t.Errorf("what Events returned has changed: %v", events)
	}
}

func TestRecorderKeepsTheNewestTenThousandEventsAndCountsAll(t *testing.T) {
	t.Parallel()
	var r cachetest.Recorder
	for i := range 10_003 {
		r.CacheEvent(cache.Event{Kind: cache.EventHit, Key: strconv.Itoa(i)})
	}
	events := r.Events()
	if len(events) != 10_000 || events[0].Key != "3" || events[9_999].Key != "10002" {
		t.Errorf("%d events from %s to %s, want 10000 from 3 to 10002", len(events), events[0].Key, events[len(events)-1].Key)
	}
	if n := r.Count(cache.EventHit); n != 10_003 {
		t.Errorf("counted %d, want 10003", n)
	}
	// One on each side of the place where the memory turns over.
	for _, key := range []string{"10002", "9999"} {
		if e := r.Wait(t, cache.EventHit, key); e.Key != key {
			t.Errorf("waited for %s, got %v", key, e)
		}
	}
}

func TestRecorderReturnsTheFirstEventThatIsThereAlready(t *testing.T) {
	t.Parallel()
	var r cachetest.Recorder
	r.CacheEvent(cache.Event{Kind: cache.EventLoad, Key: "a", Duration: 1})
	r.CacheEvent(cache.Event{Kind: cache.EventFill, Key: "b", Duration: 2})
	r.CacheEvent(cache.Event{Kind: cache.EventFill, Key: "a", Duration: 3})
	r.CacheEvent(cache.Event{Kind: cache.EventFill, Key: "a", Duration: 4})
	if e := r.Wait(t, cache.EventFill, "a"); e.Duration != 3 {
		t.Errorf("got %+v, want the third event", e)
	}
}

func TestRecorderWaitsForAnEventToCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r cachetest.Recorder
		r.CacheEvent(cache.Event{Kind: cache.EventFill, Key: "a", Duration: 1})
		r.Reset()
		got := make(chan cache.Event, 2)
		for range 2 {
			go func() { got <- r.Wait(t, cache.EventFill, "a") }()
		}
		synctest.Wait()
		r.CacheEvent(cache.Event{Kind: cache.EventFill, Key: "b", Duration: 2})
		r.CacheEvent(cache.Event{Kind: cache.EventLoad, Key: "a", Duration: 3})
		r.Reset() // ends no Wait
		synctest.Wait()
		if len(got) != 0 {
			t.Fatalf("it returned %v", <-got)
		}
		r.CacheEvent(cache.Event{Kind: cache.EventFill, Key: "a", Duration: 4})
		r.CacheEvent(cache.Event{Kind: cache.EventFill, Key: "a", Duration: 5})
		for range 2 {
			if e := wait(t, got); e.Duration != 4 {
				t.Errorf("got %+v, want the fourth event", e)
			}
		}
	})
}

func TestRecorderFailsTheTestAndSaysWhatItSaw(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r cachetest.Recorder
		r.CacheEvent(cache.Event{Kind: cache.EventMiss, Key: "cache:user:1", Reason: cache.ReasonUnavailable, Err: errors.New("no route")})
		r.CacheEvent(cache.Event{Kind: cache.EventHit, Key: "cache:user:2", Source: cache.SourceRedis})
		r.CacheEvent(cache.Event{Kind: cache.EventBreakerOpened})
		f, began := &fakeTB{}, time.Now()
		wantFatal(t, f, func() { r.Wait(f, cache.EventFill, "cache:user:1") },
			`no event "fill" about "cache:user:1" after 20s`,
			"Seen: 1 × hit, 1 × miss, 1 × breaker opened:\n",
			"\n\tmiss cache:user:1, reason unavailable: no route\n\thit cache:user:2 from redis\n\tbreaker opened")
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("it gave up after %v, want 20s", took)
		}
		// Nobody waits any more: an event that comes too late finds no place.
		r.CacheEvent(cache.Event{Kind: cache.EventFill, Key: "cache:user:1"})
	})
}

func TestRecorderSaysThatItSawNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeTB{}
		wantFatal(t, f, func() { new(cachetest.Recorder).Wait(f, cache.EventFill, "a") }, "no event at all")
	})
}

func TestRecorderShowsOnlyTheLastOfManyEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r cachetest.Recorder
		for i := range 60 {
			r.CacheEvent(cache.Event{Kind: cache.EventHit, Key: "k" + strconv.Itoa(i)})
		}
		f := &fakeTB{}
		wantFatal(t, f, func() { r.Wait(f, cache.EventFill, "a") }, "60 × hit; the last 50:", "\thit k10\n", "\thit k59")
		if strings.Contains(f.failures[0], "hit k9\n") {
			t.Error("the message shows more than 50 events")
		}
	})
}

func TestRecorderMayBeUsedConcurrently(t *testing.T) {
	t.Parallel()
	var (
		r  cachetest.Recorder
		wg sync.WaitGroup
	)
	for i := range 8 {
		key := strconv.Itoa(i)
		wg.Go(func() {
			for range 100 {
				r.CacheEvent(cache.Event{Kind: cache.EventHit, Key: key})
				_ = r.Events()
			}
		})
		wg.Go(func() { r.Wait(t, cache.EventHit, key) })
	}
	wg.Wait()
	if n := r.Count(cache.EventHit); n != 800 {
		t.Errorf("counted %d, want 800", n)
	}
}

func BenchmarkRecorder(b *testing.B) {
	var r cachetest.Recorder
	e := cache.Event{Kind: cache.EventHit, Key: "cache:user:1", Source: cache.SourceLocal}
	b.ReportAllocs()
	for b.Loop() {
		r.CacheEvent(e)
	}
}
