package session

import (
	"context"
	"fmt"
)

// Update replaces a session's data. Its life stays: an update is no renewal. The
// bounds are those of [Manager.Create].
//
// Errors: ErrNotFound where the session has ended: nothing was written; ErrInvalid;
// ErrUnavailable.
func (m *Manager[U, D]) Update(ctx context.Context, id string, data D) error {
	fields, err := m.data.fields(data)
	if err != nil {
		return fmt.Errorf("session: update: %w", err)
	}
	if !isID(id) {
		return ErrNotFound
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	if err := m.update(ctx, id, fields); err != nil {
		return readFailure("update", err)
	}
	return nil
}

func (m *Manager[U, D]) update(ctx context.Context, id string, fields map[string]string) error {
	alive, err := m.change(ctx, updateScript, m.sessionKey(id), pairs(fields)...).AsInt64()
	if err == nil && alive == 0 {
		err = ErrNotFound
	}
	return err
}
