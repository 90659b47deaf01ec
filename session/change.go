package session

import (
	"context"
	"fmt"
	"strconv"
)

// Touch renews a session that was looked up: it ends IdleTimeout from now, and never
// later than its absolute end. It asks Redis only where the last renewal was at
// least TouchInterval old at the Lookup, so that it may follow every Lookup.
//
// Errors: ErrNotFound where the session has ended since: nothing was written;
// ErrUnavailable.
func (m *Manager) Touch(ctx context.Context, s Session) error {
	// Both times are Redis's. The script looks again: another request may have
	// renewed the session meanwhile.
	if age := s.CheckedAt.Sub(s.LastSeenAt); age >= 0 && age < m.o.TouchInterval {
		return nil
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	interval := strconv.FormatInt(m.o.TouchInterval.Milliseconds(), 10)
	alive, err := touchScript.Exec(ctx, m.client, []string{m.sessionKey(s.ID)},
		[]string{string(s.epoch), interval}).AsInt64()
	if err != nil {
		return failure("touch", err)
	}
	if alive == 0 {
		return ErrNotFound
	}
	return nil
}

// Update sets fields of a session's data. Other fields stay, and so does its life:
// an update is no renewal. The bounds are those of [Manager.Create], for each call.
//
// Errors: ErrNotFound where the session has ended: nothing was written; ErrInvalid;
// ErrUnavailable.
func (m *Manager) Update(ctx context.Context, id string, data map[string]string) error {
	if err := checkData(data); err != nil {
		return fmt.Errorf("session: update: %w", err)
	}
	if len(data) == 0 {
		return nil
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	if err := m.update(ctx, id, data); err != nil {
		return readFailure("update", err)
	}
	return nil
}

func (m *Manager) update(ctx context.Context, id string, data map[string]string) error {
	alive, err := updateScript.Exec(ctx, m.client, []string{m.sessionKey(id)}, pairs(data)).AsInt64()
	if err == nil && alive == 0 {
		err = ErrNotFound
	}
	return err
}
