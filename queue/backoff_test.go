package queue_test

import (
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/queue"
)

func TestBackoffDoublesUpToItsLimitWithJitter(t *testing.T) {
	t.Parallel()
	backoff := queue.Backoff(time.Second, time.Minute)
	for attempt, most := range map[int]time.Duration{
		-1: time.Second, 0: time.Second, 1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 6: 32 * time.Second,
		7: time.Minute, 40: time.Minute, 63: time.Minute, 64: time.Minute, 1 << 40: time.Minute,
	} {
		seen := map[time.Duration]bool{}
		for range 50 {
			d := backoff(attempt)
			if d < most/2 || d > most {
				t.Errorf("backoff(%d) = %v, want between %v and %v", attempt, d, most/2, most)
			}
			seen[d] = true
		}
		if len(seen) < 10 {
			t.Errorf("backoff(%d) has %d different values in 50", attempt, len(seen))
		}
	}
}

func TestBackoffWithOddBoundsIsPositive(t *testing.T) {
	t.Parallel()
	for _, b := range [][2]time.Duration{{0, 0}, {-1, -1}, {time.Minute, time.Second}, {1, 1 << 62}, {1 << 62, 1<<63 - 1}} {
		for attempt := range 70 {
			if d := queue.Backoff(b[0], b[1])(attempt); d <= 0 {
				t.Errorf("Backoff(%v, %v)(%d) = %v", b[0], b[1], attempt, d)
			}
		}
	}
}
