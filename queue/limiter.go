package queue

import (
	"context"
	"time"
)

// Limiter bounds how many tasks start in a time. ratelimit's limiters fit with a
// function of a few lines: see the example of [LimiterFunc].
type Limiter interface {
	// Take asks for n starts, n of at least 1. It returns how many are granted now, and
	// if those are fewer, how long to wait before asking for the rest. What is granted
	// starts; the other tasks stay claimed and wait. After an error, which grants
	// nothing, it is asked again. Grants are lost where the queue is paused, or the
	// worker stops, before they are used.
	Take(ctx context.Context, n int) (granted int, wait time.Duration, err error)
}

// LimiterFunc is a function as a [Limiter].
type LimiterFunc func(ctx context.Context, n int) (granted int, wait time.Duration, err error)

// Take calls f.
func (f LimiterFunc) Take(ctx context.Context, n int) (granted int, wait time.Duration, err error) {
	return f(ctx, n)
}

// minLimiterWait keeps a limiter that names no time from being asked without a pause.
const minLimiterWait = 10 * time.Millisecond

// admission is what the limiter says of tasks that are claimed already. They stay so
// while they wait, and are started only after another look at the queue: it may be
// paused by then. Used by fetch alone.
type admission struct {
	granted int       // starts that were not used yet
	askAt   time.Time // not before that
	pause   backoff   // while the limiter fails
}

// admitted returns how many of n tasks may start now.
func (s *shift) admitted(n int) int {
	if s.w.o.Limiter == nil {
		return n
	}
	n = min(n, s.admission.granted)
	s.admission.granted -= n
	return n
}

// ask asks the limiter for the start of up to free of the tasks that wait for it, and
// returns how long to wait for its grant.
func (s *shift) ask(ctx context.Context, free int) time.Duration {
	a := &s.admission
	want := min(free, len(s.early)) - a.granted
	if s.w.o.Limiter == nil || want <= 0 {
		return 0
	}
	if !time.Now().Before(a.askAt) {
		granted, wait, err := s.w.o.Limiter.Take(ctx, want)
		if err != nil {
			s.w.o.Logger.Warn("the limiter of a queue does not answer", "queue", s.w.q.name, "error", errorText(err))
			granted, wait = 0, a.pause.next()
		} else {
			a.pause.reset()
		}
		a.granted += max(0, min(granted, want))
		if granted < want {
			a.askAt = time.Now().Add(max(wait, minLimiterWait))
		}
	}
	if a.granted > 0 {
		return 0
	}
	return min(time.Until(a.askAt), pollInterval)
}
