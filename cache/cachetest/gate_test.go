package cachetest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/cache/cachetest"
)

// Inside a synctest bubble, 20 s of waiting pass at once, and only if nothing else
// can happen.

func TestHeldLoadsAnswerWhatTheyReadWhenTheyBegan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s cachetest.Source[int64, user]
		s.Set(1, user{1, "Max"})
		gate := s.Hold()
		result := loadAsync(t.Context(), &s, 1)
		gate.Wait(t, 1)
		s.Set(1, user{1, "Moritz"})
		synctest.Wait()
		if len(result) != 0 {
			t.Error("the load passed a closed gate")
		}
		gate.Release()
		gate.Release()
		if r := wait(t, result); r.u != (user{1, "Max"}) || r.err != nil {
			t.Errorf("the held load: %v, %v", r.u, r.err)
		}
		if u, err := s.Load(t.Context(), 1); u != (user{1, "Moritz"}) || err != nil {
			t.Errorf("a load after the release: %v, %v", u, err)
		}
	})
}

func TestEachGateHoldsTheLoadsThatBeganUnderIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s cachetest.Source[int64, user]
		s.Set(1, user{1, "Max"})
		first := s.Hold()
		early := loadAsync(t.Context(), &s, 1)
		first.Wait(t, 1)
		second := s.Hold()
		late := loadAsync(t.Context(), &s, 1)
		second.Wait(t, 1)
		second.Release()
		wait(t, late)
		synctest.Wait()
		if len(early) != 0 {
			t.Error("the second gate released a load of the first")
		}
		first.Release()
		wait(t, early)
	})
}

func TestGateWaitsForAsManyLoadsAsAreWanted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s cachetest.Source[int64, user]
		gate := s.Hold()
		defer gate.Release()
		passed := make(chan struct{})
		go func() {
			gate.Wait(t, 3)
			close(passed)
		}()
		for key := range int64(3) {
			synctest.Wait()
			select {
			case <-passed:
				t.Errorf("Wait(3) returned with %d loads", key)
			default:
			}
			loadAsync(t.Context(), &s, key)
		}
		wait(t, passed)
		gate.Wait(t, 2) // more than wanted will do
	})
}

func TestGateFailsTheTestWhenTooFewLoadsCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s cachetest.Source[int64, user]
		gate := s.Hold()
		defer gate.Release()
		ctx, cancel := context.WithCancel(t.Context())
		loadAsync(t.Context(), &s, 1)
		gone := loadAsync(ctx, &s, 2)
		gate.Wait(t, 2)
		cancel() // one that left does not count any more
		wait(t, gone)
		f, began := &fakeTB{}, time.Now()
		wantFatal(t, f, func() { gate.Wait(f, 2) }, "1 loads wait at the gate after 20s, want 2")
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("it gave up after %v, want 20s", took)
		}
	})
}

func TestGateFailsTheTestAtOnceWhenItWasReleased(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s cachetest.Source[int64, user]
		gate := s.Hold()
		time.AfterFunc(time.Second, gate.Release)
		began := time.Now()
		for range 2 { // while it waits, and from the start
			f := &fakeTB{}
			wantFatal(t, f, func() { gate.Wait(f, 1) }, "waiting for 1 held loads at a gate that was released")
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %v, want the 1s until the release", took)
		}
	})
}
