package queue

import (
	"context"
	"strconv"
	"time"
)

// drain lets the running handlers finish, interrupts those that take too long and
// hands back what is left. When it returns, nothing more is done for any task.
func (s *shift) drain() {
	if !s.awaitNone(s.w.o.DrainTimeout) {
		s.mu.Lock()
		for r := range s.runs {
			r.end(ErrShutdown)
		}
		s.mu.Unlock()
		s.awaitNone(stragglerTimeout)
	}
	abandoned := s.abandon()
	close(s.over) // from now on a result that Redis does not take is dropped
	s.awaitSettled(2 * s.w.q.o.RedisTimeout)
	s.leave(abandoned)
}

// abandon takes the runs away from handlers that have not returned.
func (s *shift) abandon() []*run {
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

// leave hands back everything that this worker still holds: what was claimed and not
// started, and what was abandoned.
func (s *shift) leave(abandoned []*run) {
	for _, r := range abandoned {
		s.w.o.Logger.Warn("a task handler ignores the end of its context and is left behind",
			"queue", s.w.q.name, "task", r.task.ID)
	}
	m, err := s.signOff()
	if err != nil {
		s.w.o.Logger.Warn("a worker could not hand back its tasks, others take them up",
			"queue", s.w.q.name, "error", errorText(err))
		return
	}
	for _, r := range abandoned {
		kind := EventHandedBack
		if r.member != m {
			kind = EventLost
		}
		s.w.emit(Event{
			Kind: kind, TaskID: r.task.ID, Attempt: r.task.Attempt, Crashes: r.task.Crashes,
			Took: time.Since(r.started),
		})
	}
}

// signOff hands back what is claimed and returns by whom, or nil if that worker had
// been struck off.
func (s *shift) signOff() (*member, error) {
	s.mu.Lock()
	m := s.member
	s.mu.Unlock()
	if m == nil {
		return nil, nil //nolint:nilnil // nobody is an answer
	}
	for {
		n, err := s.w.q.exec(context.Background(), leaveScript, m.name, strconv.Itoa(maxSettled)).AsInt64()
		switch {
		case err != nil:
			return nil, err
		case n < 0:
			return nil, nil //nolint:nilnil // nobody is an answer
		case n < maxSettled:
			return m, nil
		}
	}
}

// awaitNone waits until nothing runs and nothing is to be settled, and reports
// whether that came true within d.
func (s *shift) awaitNone(d time.Duration) bool {
	return s.awaitThat(d, func() bool { return s.idle() && s.results.owed() == 0 })
}

func (s *shift) awaitSettled(d time.Duration) {
	s.awaitThat(d, func() bool { return s.results.owed() == 0 })
}

func (s *shift) awaitThat(d time.Duration, holds func() bool) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for !holds() {
		select {
		case <-s.freed:
		case <-timer.C:
			return holds()
		}
	}
	return true
}
