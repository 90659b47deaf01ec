package queue

import (
	"context"
	"time"
)

// soloTimeout is how long a suspect that does not return keeps others away.
const soloTimeout = time.Minute

// start runs what was claimed, or hands it back if ctx has ended meanwhile.
func (s *shift) start(ctx context.Context, m *member, b batch) {
	if len(b.tasks) == 0 || ctx.Err() != nil {
		return // leave hands back what is claimed
	}
	runs := make([]*run, len(b.tasks))
	for i, c := range b.tasks {
		runs[i] = newRun(ctx, c, m, b.alone)
	}
	s.mu.Lock()
	if s.member != m {
		s.mu.Unlock()
		s.pardon(ctx, idsOf(b.tasks))
		return // struck off meanwhile: they belong to others
	}
	if b.alone {
		s.soloUntil = time.Now().Add(soloTimeout)
	}
	for _, r := range runs {
		s.runs[r] = struct{}{}
	}
	s.mu.Unlock()
	if s.w.batch != nil {
		go s.executeBatch(runs)
		return
	}
	for _, r := range runs {
		select {
		case s.spare <- r:
		default:
			go s.executeAll(r)
		}
	}
}

// executeAll carries out a task, and then others: a goroutine that has a large stack
// already is worth keeping. At most as many wait as there are slots.
func (s *shift) executeAll(r *run) {
	idle := time.NewTimer(spareTime)
	defer idle.Stop()
	for {
		s.execute(r)
		idle.Reset(spareTime)
		select {
		case r = <-s.spare:
		case <-idle.C:
			return
		case <-s.over:
			return
		}
	}
}

// spareTime is how long a goroutine waits for another task.
const spareTime = time.Second
