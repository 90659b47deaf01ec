package session

import (
	"context"
	"time"
)

// Touch renews a session that was looked up: it ends its idle timeout from now, and
// never later than its absolute end. It asks Redis only where the last renewal that
// the Lookup saw is at least TouchInterval ago, so that it may follow every Lookup.
//
// Errors: ErrNotFound where the session has ended since: nothing was written;
// ErrUnavailable.
func (m *Manager[U, D]) Touch(ctx context.Context, s *Session[U, D]) error {
	interval := min(m.o.TouchInterval, s.idle/2) // a session in use must meet a renewal
	// Redis's time now is what it was when it was asked, and what has passed since.
	// The script looks again: another request may have renewed the session meanwhile.
	passed := max(0, time.Duration(m.now()-s.asked))
	if age := s.CheckedAt.Add(passed).Sub(s.LastSeenAt); age >= 0 && age < interval {
		return nil
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	// A Touch that comes every time must not be stopped by a millisecond.
	least := "0"
	if interval > 0 {
		least = ms(interval)
	}
	alive, err := m.change(ctx, touchScript, m.sessionKey(s.ID), least).AsInt64()
	if err != nil {
		return failure("touch", err)
	}
	if alive == 0 {
		return ErrNotFound
	}
	if alive == 2 {
		m.emit(Event{Kind: EventTouched, UserID: s.user, SessionID: s.ID})
	}
	return nil
}
