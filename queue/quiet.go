package queue

import (
	"context"
	"time"
)

const (
	// quietTimeout is how long a busy worker at first claims nothing so that a
	// suspect can run alone, and loudTime how long it then goes on if that was in
	// vain. See quietude.
	quietTimeout = 10 * time.Second
	loudTime     = time.Minute
	// maxDoublings bounds both, so that the longest wait is 640 s.
	maxDoublings = 6
)

// quietude says when a busy worker makes room for a suspect, and for how long.
// Both times double whenever that was in vain, up to a limit: a suspect gets its
// turn in the end even if there is always a task that runs, as long as none takes
// more than ten minutes. The free slots idle for a seventh of the time meanwhile.
// To wait without a limit was rejected: a handler that never returns would stop
// the queue.
type quietude struct {
	doublings int
	loudUntil time.Time
}

// limit is how long the next wait may take.
func (q *quietude) limit() time.Duration { return quietTimeout << q.doublings }

func (q *quietude) due() bool { return !time.Now().Before(q.loudUntil) }

// note takes down whether the wait has made room.
func (q *quietude) note(made bool) {
	if made {
		*q = quietude{}
		return
	}
	q.loudUntil = time.Now().Add(loudTime << q.doublings)
	q.doublings = min(q.doublings+1, maxDoublings)
}

// makeRoom claims nothing until nothing runs, so that the next claim may bring a
// suspect, or until another worker has taken it. It reports whether that came true
// within d.
func (s *shift) makeRoom(ctx context.Context, d time.Duration) bool {
	for end := time.Now().Add(d); ctx.Err() == nil && time.Now().Before(end); {
		if s.awaitQuiet(ctx, min(quietTimeout, time.Until(end))) {
			return true
		}
		if n, err := s.suspects(ctx); err == nil && n == 0 {
			return true
		}
	}
	return false
}

// suspects counts those that wait, by a claim of no task.
func (s *shift) suspects(ctx context.Context) (int64, error) {
	m, err := s.membership(ctx)
	if err != nil {
		return 0, err
	}
	b, err := s.claim(ctx, m, 0)
	return b.suspects, err
}

// awaitQuiet waits until nothing runs, and reports whether that came true within d.
func (s *shift) awaitQuiet(ctx context.Context, d time.Duration) bool {
	deadline := time.Now().Add(d)
	for !s.idle() {
		if left := time.Until(deadline); left <= 0 || !s.awaitEnd(ctx, left) {
			return false
		}
	}
	return true
}
