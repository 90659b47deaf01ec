package cachetest_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/cache/cachetest"
)

func TestSourceAnswersWhatWasSet(t *testing.T) {
	t.Parallel()
	var s cachetest.Source[int64, user]
	if _, err := s.Load(t.Context(), 1); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("from an empty source: %v", err)
	}
	s.Set(1, user{1, "Max"})
	s.Set(1, user{1, "Moritz"})
	if u, err := s.Load(t.Context(), 1); u != (user{1, "Moritz"}) || err != nil {
		t.Errorf("after Set: %v, %v", u, err)
	}
	s.Delete(1)
	s.Delete(2)
	if _, err := s.Load(t.Context(), 1); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("after Delete: %v", err)
	}
}

func TestSourceFailsUntilToldOtherwise(t *testing.T) {
	t.Parallel()
	var s cachetest.Source[int64, user]
	s.Set(1, user{1, "Max"})
	gone := errors.New("no connection")
	s.Fail(gone)
	for _, key := range []int64{1, 2} {
		if u, err := s.Load(t.Context(), key); !errors.Is(err, gone) || errors.Is(err, cache.ErrNotFound) || u != (user{}) {
			t.Errorf("key %d: %v, %v", key, u, err)
		}
	}
	s.Fail(nil)
	if u, err := s.Load(t.Context(), 1); u != (user{1, "Max"}) || err != nil {
		t.Errorf("afterwards: %v, %v", u, err)
	}
}

func TestSourceCountsEveryLoadByKey(t *testing.T) {
	t.Parallel()
	var s cachetest.Source[string, int]
	if s.Loads("a") != 0 || s.TotalLoads() != 0 {
		t.Errorf("before any load: %d, %d", s.Loads("a"), s.TotalLoads())
	}
	s.Set("a", 1)
	s.Fail(errors.New("counted all the same"))
	_, _ = s.Load(t.Context(), "a")
	s.Fail(nil)
	_, _ = s.Load(ended(), "a")
	_, _ = s.Load(t.Context(), "a")
	_, _ = s.Load(t.Context(), "absent")
	if s.Loads("a") != 3 || s.Loads("absent") != 1 || s.Loads("b") != 0 || s.TotalLoads() != 4 {
		t.Errorf("a %d, absent %d, b %d, total %d; want 3, 1, 0, 4", s.Loads("a"), s.Loads("absent"), s.Loads("b"), s.TotalLoads())
	}
}

func TestSourceHonoursTheContext(t *testing.T) {
	t.Parallel()
	var s cachetest.Source[int64, user]
	s.Set(1, user{1, "Max"})
	if u, err := s.Load(ended(), 1); !errors.Is(err, context.Canceled) || u != (user{}) {
		t.Errorf("with an ended context: %v, %v", u, err)
	}
	gate := s.Hold()
	defer gate.Release()
	ctx, cancel := context.WithCancel(t.Context())
	result := loadAsync(ctx, &s, 1)
	gate.Wait(t, 1)
	cancel()
	if r := wait(t, result); !errors.Is(r.err, context.Canceled) || r.u != (user{}) {
		t.Errorf("cancelled while it waits: %v, %v", r.u, r.err)
	}
}

func TestSourceMayBeUsedConcurrently(t *testing.T) {
	t.Parallel()
	var (
		s  cachetest.Source[int64, user]
		wg sync.WaitGroup
	)
	for i := range int64(8) {
		wg.Go(func() {
			for range 50 {
				s.Set(i, user{i, "Max"})
				gate := s.Hold()
				gate.Release()
				if u, err := s.Load(t.Context(), i); u.ID != i || err != nil {
					t.Errorf("key %d: %v, %v", i, u, err)
				}
				s.Fail(nil)
				s.Delete(i)
			}
		})
	}
	wg.Wait()
	if s.TotalLoads() != 400 || s.Loads(3) != 50 {
		t.Errorf("counted %d and %d loads, want 400 and 50", s.TotalLoads(), s.Loads(3))
	}
}

type loadResult struct {
	u   user
	err error
}

func loadAsync(ctx context.Context, s *cachetest.Source[int64, user], key int64) <-chan loadResult {
	result := make(chan loadResult, 1)
	go func() {
		u, err := s.Load(ctx, key)
		result <- loadResult{u, err}
	}()
	return result
}
