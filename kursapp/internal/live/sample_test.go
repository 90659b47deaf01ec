package live

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/session"
)

// idle is a sample without what changes by itself.
func idle(s Sample) Sample {
	s.T, s.HeapBytes, s.Routines = 0, 0, 0
	return s
}

func TestASampleHasWhatHappenedInItsSecond(t *testing.T) {
	t.Parallel()
	type counted struct {
		caches  map[string]cache.Stats
		lookups uint64
		limits  LimitWork
	}
	var now atomic.Pointer[counted]
	now.Store(&counted{})
	limits := LimitWork{Admitted: 3, Denied: 2, Remembered: 1, WithoutRedis: 1}
	synctest.Test(t, func(t *testing.T) {
		m := watch(t, Sources{
			Cache:   func() map[string]cache.Stats { return now.Load().caches },
			Lookups: func() (uint64, uint64) { return now.Load().lookups, 2 * now.Load().lookups },
			Limits:  func() LimitWork { return now.Load().limits },
		})
		s, _ := subscribe(t, m)
		next[Sample](t, s, "sample")
		for range 98 {
			m.Request(AnsweredLocal, 3*time.Microsecond, false)
		}
		m.Request(AnsweredLocal, time.Millisecond, false)
		m.Request(AnsweredLocal, time.Millisecond, false)
		m.Request(AnsweredRedis, 200*time.Microsecond, false)
		m.Request(AnsweredDatabase, 5*time.Millisecond, false)
		m.Request(AnsweredStale, 5*time.Millisecond, false)
		m.Request(AnsweredNot, 5*time.Millisecond, true)
		m.Request(AnsweredOtherwise, 5*time.Millisecond, false)
		m.SessionEvent(session.Event{Kind: session.EventCreated})
		m.SessionEvent(session.Event{Kind: session.EventRevoked})
		m.SessionEvent(session.Event{Kind: session.EventTouched})
		now.Store(&counted{lookups: 4, limits: limits, caches: map[string]cache.Stats{"users": {Loads: 5, LoadErrors: 1, Fills: 3, FillsRefused: 1, Invalidated: 2, Collapsed: 4, LocalReady: true, LocalEntries: 7, LocalBytes: 700}, "pages": {Loads: 1, Unconfirmed: 2, LocalEvictions: 3, LocalReady: true, LocalEntries: 1, LocalBytes: 100, BreakerOpen: true}}})

		got := next[Sample](t, s, "sample")
		if want := (Reads{Local: 100, Redis: 1, Database: 1, Stale: 1, Error: 1}); got.Reads != want {
			t.Errorf("reads %+v", got.Reads)
		}
		if l := got.Latency.Local; l == nil || l.N != 100 || l.P50 != 3 || l.P99 < 930 || l.P99 > 1070 {
			t.Errorf("latency of memory %+v", l)
		}
		if l := got.Latency.Redis; l == nil || l.N != 1 || l.P50 < 186 || l.P50 > 214 || l.P99 != l.P50 {
			t.Errorf("latency of Redis %+v", l)
		}
		if got.HTTP.N != 105 || got.HTTP.Errors != 1 || got.HTTP.P50 == nil || *got.HTTP.P50 != 3 {
			t.Errorf("http %+v", got.HTTP)
		}
		if want := (CacheWork{Loads: 6, LoadErrors: 1, Fills: 3, FillsRefused: 1, Invalidated: 2, Unconfirmed: 2, Collapsed: 4, Evictions: 3}); got.Cache != want {
			t.Errorf("cache %+v", got.Cache)
		}
		if want := (LocalTier{Ready: true, Entries: 8, Bytes: 800}); got.Local != want || !got.Breaker {
			t.Errorf("local %+v, breaker %v", got.Local, got.Breaker)
		}
		if want := (SessionWork{Created: 1, LookupsLocal: 4, LookupsRedis: 8, Ended: 1}); got.Sessions != want {
			t.Errorf("sessions %+v", got.Sessions)
		}
		if got.Limits != limits {
			t.Errorf("limits %+v", got.Limits)
		}
		if got.HeapBytes == 0 || got.Routines == 0 {
			t.Errorf("heap %d, goroutines %d", got.HeapBytes, got.Routines)
		}

		first, second := idle(next[Sample](t, s, "sample")), idle(next[Sample](t, s, "sample"))
		if first.Reads != (Reads{}) || first.HTTP != (Requests{}) || first.Latency != (Latencies{}) || first.Cache != (CacheWork{}) ||
			first.Sessions != (SessionWork{}) || first.Limits != (LimitWork{}) {
			t.Errorf("a second without anything has %+v", first)
		}
		if string(encode(first)) != string(encode(second)) {
			t.Errorf("%s\nthen %s", encode(first), encode(second))
		}
	})
}

func TestSamplesAreKeptForAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := watch(t, Sources{})
		time.Sleep(20*time.Minute + time.Millisecond)
		synctest.Wait()
		_, hello := subscribe(t, m)
		if len(hello.Samples) != 900 {
			t.Fatalf("%d samples", len(hello.Samples))
		}
		for i, s := range hello.Samples[1:] {
			if s.T-hello.Samples[i].T != 1000 {
				t.Fatalf("samples %d and %d are %d ms apart", i, i+1, s.T-hello.Samples[i].T)
			}
		}
		if age := hello.Now - hello.Samples[899].T; age < 0 || age > 1000 {
			t.Errorf("the last sample is %d ms old", age)
		}
	})
}

// A Redis that never answers, and does not even look at its deadline, holds up nothing.
func TestAFrozenRedisDelaysNoSample(t *testing.T) {
	t.Parallel()
	frozen, thawed := make(chan struct{}), false
	var m *Monitor
	sources := Sources{Queues: func(context.Context) ([]QueueState, error) {
		if thawed {
			<-frozen
		}
		thawed = true
		return []QueueState{{Name: "email_queue", Waiting: 3, Workers: 1}}, nil
	}}
	synctest.Test(t, func(t *testing.T) {
		frozen = make(chan struct{})
		m = New(Info{})
		m.Watch(sources)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); m.Run(ctx) }()
		s, _ := subscribe(t, m)
		if got := next[Sample](t, s, "sample"); len(got.Queues) != 1 || got.Queues[0].Waiting != 3 {
			t.Errorf("queues %+v", got.Queues)
		}
		began := time.Now()
		for range 10 {
			next[Sample](t, s, "sample")
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("ten samples took %v", took)
		}
		if got := next[Sample](t, s, "sample"); got.Queues != nil {
			t.Errorf("of a Redis that has not answered for ten seconds the queues are %+v", got.Queues)
		}
		if got := next[Status](t, s, "status"); got.Worker.OK != nil {
			t.Errorf("and the workers are %v", *got.Worker.OK)
		}
		close(frozen)
		cancel()
		<-done
	})
}

func TestBucketsAreRightTo7Percent(t *testing.T) {
	t.Parallel()
	for d := time.Duration(128); d < 2*time.Minute; d += 1 + d/97 {
		if m := middle(bucketOf(d)); float64(m) > 1.07*float64(d) || float64(m) < 0.93*float64(d) {
			t.Fatalf("%v counts as %v", d, m)
		}
	}
	for d, want := range map[time.Duration]int{-1: 0, 0: 0, 1: 0, 1<<63 - 1: buckets - 1} {
		if got := bucketOf(d); got != want {
			t.Errorf("%d is in bucket %d", d, got)
		}
	}
}
