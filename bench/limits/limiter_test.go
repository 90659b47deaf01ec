package limits_test

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/limits"
)

// TestContestantsLimit: whoever skips one of these would be faster for it.
func TestContestantsLimit(t *testing.T) {
	t.Parallel()
	for _, c := range limits.All() {
		if c.Bare {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			s := open(t, c, limits.Rule{Name: "a", Limit: 9, Window: limits.Long}, limits.Rule{Name: "b", Limit: 2, Window: limits.Long})
			for i, want := range []bool{true, true, false, false} {
				if d := s.take(t, "one"); d.Allowed != want || d.Allowed && d.Remaining != int64(1-i) {
					t.Errorf("request %d: %+v", i+1, d)
				}
			}
			if d := s.take(t, "two"); !d.Allowed || d.Remaining != 1 {
				t.Errorf("another subject: %+v", d)
			}
		})
	}
}

// TestContestantsLimitsEnd: a limiter that never admits again needs no clock.
func TestContestantsLimitsEnd(t *testing.T) {
	t.Parallel()
	for _, c := range limits.All() {
		if c.Bare {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			s := open(t, c, limits.Rule{Name: "a", Limit: 1, Window: time.Second})
			if !s.take(t, "one").Allowed {
				t.Fatal("the first request is denied")
			}
			end := time.Now().Add(20 * time.Second)
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for !s.take(t, "one").Allowed {
				if (<-tick.C).After(end) {
					t.Fatal("denied for 20 windows")
				}
			}
		})
	}
}

// TestContestantsAreExact: many goroutines, and never one request too many.
func TestContestantsAreExact(t *testing.T) {
	t.Parallel()
	const limit, subjects = 50, 3
	for _, c := range limits.All() {
		if c.Bare {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			s := open(t, c, limits.Rule{Name: "a", Limit: limit, Window: limits.Long})
			var admitted [subjects]atomic.Int64
			if err := together(32, func(g int) error {
				for range limit / 4 {
					d, err := s.Take(t.Context(), strconv.Itoa(g%subjects), 1)
					if err != nil {
						return err
					}
					if d.Allowed {
						admitted[g%subjects].Add(1)
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			for i := range admitted {
				if n := admitted[i].Load(); n != limit {
					t.Errorf("subject %d: %d admitted, want %d", i, n, limit)
				}
			}
		})
	}
}
