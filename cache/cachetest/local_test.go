package cachetest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/cache/cachetest"
)

func TestAfterWaitLocalReadsBecomeLocal(t *testing.T) {
	t.Setenv("CACHETEST_REDIS", "server")
	var db cachetest.Source[int64, user]
	db.Set(1, user{1, "Max"})
	users := newUsers(t, cachetest.Redis(t), db.Load, nil)
	cachetest.WaitLocal(t, users)
	want, deadline := cache.SourceLoader, time.Now().Add(20*time.Second)
	for want != cache.SourceLocal {
		e, err := users.Lookup(t.Context(), 1)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("answered from %s, want local in the end (%v)", e.Source, err)
		}
		// After the loader only Redis and memory may answer, and memory in the end.
		if want == cache.SourceLoader && e.Source != want || want == cache.SourceRedis && e.Source == cache.SourceLoader {
			t.Fatalf("answered from %s, want %s", e.Source, want)
		}
		if want = cache.SourceRedis; e.Source == cache.SourceLocal {
			want = cache.SourceLocal
		}
	}
	if db.TotalLoads() != 1 {
		t.Errorf("%d loads, want 1", db.TotalLoads())
	}
}

func TestWaitLocalReturnsOnceTheTierIsReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		cachetest.WaitReady(t, func() cache.Stats {
			return cache.Stats{LocalReady: time.Since(began) >= 5*time.Second}
		})
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("it took %v, want 5s", took)
		}
	})
}

func TestWaitLocalFailsTheTestWhenTheTierDoesNotBecomeReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, began := &fakeTB{}, time.Now()
		wantFatal(t, f, func() { cachetest.WaitReady(f, func() cache.Stats { return cache.Stats{Misses: 7} }) },
			"not ready after 20s", "Options.LocalBytes", "Misses:7")
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("it gave up after %v, want 20s", took)
		}
	})
}

func TestWaitLocalFailsAtOnceOnMiniredis(t *testing.T) {
	t.Setenv("CACHETEST_REDIS", "miniredis")
	var db cachetest.Source[int64, user]
	f := inner(t)
	users := newUsers(t, cachetest.Redis(f), db.Load, nil)
	began := time.Now()
	wantFatal(t, f, func() { cachetest.WaitLocal(f, users) }, "miniredis", "apt-get install redis-server")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
