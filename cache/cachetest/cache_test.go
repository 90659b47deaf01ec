package cachetest_test

import (
	"errors"
	"testing"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/cache/cachetest"
)

// The parts together, on a real cache and both kinds of Redis.

func TestReadsThatCollideShareOneHeldLoad(t *testing.T) {
	for _, kind := range backends {
		t.Run(kind, func(t *testing.T) {
			t.Setenv("CACHETEST_REDIS", kind)
			var db cachetest.Source[int64, user]
			db.Set(1, user{1, "Max"})
			users := newUsers(t, cachetest.Redis(t), db.Load, nil)
			gate := db.Hold()
			results := make(chan loadResult, 5)
			for range 5 {
				go func() {
					u, err := users.Get(t.Context(), 1)
					results <- loadResult{u, err}
				}()
			}
			gate.Wait(t, 1)
			gate.Release()
			for range 5 {
				if r := wait(t, results); r.u != (user{1, "Max"}) || r.err != nil {
					t.Errorf("got %v, %v", r.u, r.err)
				}
			}
			if n := db.Loads(1); n != 1 {
				t.Errorf("%d loads, want 1", n)
			}
		})
	}
}

func TestAChangeDuringALoadIsSeenAsARefusedFill(t *testing.T) {
	for _, kind := range backends {
		t.Run(kind, func(t *testing.T) {
			t.Setenv("CACHETEST_REDIS", kind)
			var (
				db  cachetest.Source[int64, user]
				rec cachetest.Recorder
			)
			db.Set(1, user{1, "Max"})
			users := newUsers(t, cachetest.Redis(t), db.Load, &rec)
			gate := db.Hold()
			result := make(chan error, 1)
			go func() {
				_, err := users.Get(t.Context(), 1)
				result <- err
			}()
			gate.Wait(t, 1)
			db.Set(1, user{1, "Moritz"})
			if err := users.Invalidate(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			gate.Release()
			rec.Wait(t, cache.EventFillRefused, "cache:user:1")
			if err := wait(t, result); err != nil {
				t.Fatal(err)
			}
			if u, err := users.Get(t.Context(), 1); u != (user{1, "Moritz"}) || err != nil {
				t.Errorf("after the change: %v, %v", u, err)
			}
			if n := rec.Count(cache.EventInvalidated); n != 1 {
				t.Errorf("%d invalidations, want 1", n)
			}
		})
	}
}

func TestAFailingSourceDoesNotHurtWhatIsCached(t *testing.T) {
	for _, kind := range backends {
		t.Run(kind, func(t *testing.T) {
			t.Setenv("CACHETEST_REDIS", kind)
			var db cachetest.Source[int64, user]
			db.Set(1, user{1, "Max"})
			users := newUsers(t, cachetest.Redis(t), db.Load, nil)
			if _, err := users.Get(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			gone := errors.New("no connection")
			db.Fail(gone)
			if u, err := users.Get(t.Context(), 1); u != (user{1, "Max"}) || err != nil {
				t.Errorf("cached: %v, %v", u, err)
			}
			if _, err := users.Get(t.Context(), 2); !errors.Is(err, gone) {
				t.Errorf("not cached: %v", err)
			}
		})
	}
}

func TestTwoClientsOfOneTestAreTwoProcesses(t *testing.T) {
	for _, kind := range backends {
		t.Run(kind, func(t *testing.T) {
			t.Setenv("CACHETEST_REDIS", kind)
			var db cachetest.Source[int64, user]
			db.Set(1, user{1, "Max"})
			one := newUsers(t, cachetest.Redis(t), db.Load, nil)
			other := newUsers(t, cachetest.Redis(t), db.Load, nil)
			for _, users := range []*cache.Cache[int64, user]{one, other} {
				if u, err := users.Get(t.Context(), 1); u != (user{1, "Max"}) || err != nil {
					t.Errorf("got %v, %v", u, err)
				}
			}
			if n := db.TotalLoads(); n != 1 {
				t.Errorf("%d loads, want 1 for both", n)
			}
		})
	}
}
