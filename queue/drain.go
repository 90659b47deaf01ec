package queue

import (
	"sync"
	"time"
)

// drain lets the running handlers finish, interrupts those that take too long and
// hands back what is left. When it returns, nothing more is done for any task.
func (s *shift) drain() {
	anyRun := func(*run) bool { return true }
	if s.awaitNone(anyRun, s.w.o.DrainTimeout) {
		return
	}
	s.mu.Lock()
	for r := range s.runs {
		r.end(ErrShutdown)
	}
	s.mu.Unlock()
	if s.awaitNone(anyRun, stragglerTimeout) {
		return
	}
	close(s.over) // from now on a result that Redis does not take is dropped
	var handBacks sync.WaitGroup
	for _, r := range s.stragglers() {
		s.w.o.Logger.Warn("a task handler ignores the end of its context and is left behind",
			"queue", s.w.q.name, "task", r.task.ID)
		handBacks.Go(func() { s.conclude(r, verdict{kind: EventHandedBack}) })
	}
	handBacks.Wait()
	// What is still being settled waits for at most one more answer of Redis.
	s.awaitNone(func(r *run) bool { return r.settled }, 2*s.w.q.o.RedisTimeout)
}

// stragglers takes the runs away from handlers that have not returned.
func (s *shift) stragglers() []*run {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []*run
	for r := range s.runs {
		if !r.settled {
			r.settled = true
			left = append(left, r)
		}
	}
	return left
}

// awaitNone waits until no run fits, and reports whether that came true within d.
func (s *shift) awaitNone(fits func(*run) bool, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for s.count(fits) > 0 {
		select {
		case <-s.freed:
		case <-timer.C:
			return s.count(fits) == 0
		}
	}
	return true
}

func (s *shift) count(fits func(*run) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for r := range s.runs {
		if fits(r) {
			n++
		}
	}
	return n
}
