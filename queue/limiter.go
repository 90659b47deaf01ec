package queue

import (
	"context"
	"time"
)

// Limiter bounds how many tasks start in a time. ratelimit's limiters fit with a
// function of a few lines: see the example of [LimiterFunc].
type Limiter interface {
	// Take asks for n starts at once, n of at least 1. It returns how many are granted
	// now, and if those are fewer, how long to wait before asking for the rest. An
	// error grants nothing and is asked again.
	Take(ctx context.Context, n int) (granted int, wait time.Duration, err error)
}

// LimiterFunc is a function as a [Limiter].
type LimiterFunc func(ctx context.Context, n int) (granted int, wait time.Duration, err error)

// Take calls f.
func (f LimiterFunc) Take(ctx context.Context, n int) (granted int, wait time.Duration, err error) {
	return f(ctx, n)
}

// admit waits until the limiter has granted the start of all these tasks, which are
// claimed already and stay so. It reports whether they may start: not when ctx ended
// meanwhile.
func (s *shift) admit(ctx context.Context, tasks []claimed) bool {
	if s.w.o.Limiter == nil {
		return true
	}
	var pause backoff
	for want := len(tasks); want > 0; {
		granted, wait, err := s.w.o.Limiter.Take(ctx, want)
		if err != nil {
			s.w.o.Logger.Warn("the limiter of a queue does not answer", "queue", s.w.q.name, "error", errorText(err))
			wait, granted = pause.next(), 0
		}
		if want -= max(0, granted); want <= 0 {
			return true
		}
		if !sleep(ctx, max(wait, 10*time.Millisecond)) {
			return false
		}
	}
	return true
}
