package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/rueidis"
)

// List returns a user's sessions that are valid, the newest login first. It asks
// Redis, in as many exchanges for one session as for a hundred, and renews nothing.
//
// Errors: ErrInvalid for an empty or overlong user id, ErrUnavailable.
func (m *Manager[U, D]) List(ctx context.Context, user U) ([]*Session[U, D], error) {
	text, err := m.users.text(user)
	if err != nil {
		return nil, fmt.Errorf("session: list: %w", err)
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	found, err := m.list(ctx, text)
	if err != nil {
		return nil, failure("list", err)
	}
	slices.SortFunc(found, func(a, b *Session[U, D]) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

func (m *Manager[U, D]) list(ctx context.Context, user string) ([]*Session[U, D], error) {
	ids, err := indexScript.Exec(ctx, m.client, []string{m.indexKey(user)}, nil).AsStrSlice()
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var dead []string // names that cannot be a session's must not be made keys
	ids = slices.DeleteFunc(ids, func(id string) bool {
		if !isID(id) {
			dead = append(dead, id)
		}
		return !isID(id)
	})
	records, e, err := m.readMany(ctx, user, ids)
	if err != nil {
		return nil, err
	}
	var found []*Session[U, D]
	for i, id := range ids {
		r := records[i]
		if r == nil {
			dead = append(dead, id)
			continue
		}
		s, err := m.session(id, r)
		// Not found are the sessions of an epoch that is over, another user's under
		// this name, and those of a version that knows other data. Their names stay.
		if err == nil && r.user == user && r.marks.have(e) {
			found = append(found, s)
		}
	}
	m.strike(ctx, user, dead...)
	return found, nil
}

// readMany returns the records of a user's sessions, nil for those that are gone, and
// the epoch by which they are valid or not.
func (m *Manager[U, D]) readMany(ctx context.Context, user string, ids []string) ([]*record, Epoch, error) {
	e, err := m.epochOf(ctx, user)
	for err == nil {
		var records []*record
		if records, err = m.readAll(ctx, ids); err != nil {
			break
		}
		over := slices.ContainsFunc(records, func(r *record) bool { return r != nil && !r.marks.have(e.value) })
		if !over {
			return records, e.value, nil
		}
		// Are they over, or has the epoch changed meanwhile, and they with it?
		var again epoch
		if again, err = m.epochOf(ctx, user); err == nil && again.value == e.value {
			return records, e.value, nil
		}
		e = again
	}
	return nil, "", err
}

// readAll reads sessions whatever their epoch is.
func (m *Manager[U, D]) readAll(ctx context.Context, ids []string) ([]*record, error) {
	calls := make([]rueidis.LuaExec, len(ids))
	for i, id := range ids {
		calls[i].Keys = []string{m.sessionKey(id)}
	}
	records := make([]*record, len(ids))
	asked := m.now()
	for i, reply := range lookupScript.ExecMulti(ctx, m.client, calls...) {
		fields, err := reply.ToArray()
		if err == nil {
			records[i], err = parseRecord(fields)
		}
		switch {
		case err == nil:
			records[i].asked.at = asked
		case !rueidis.IsRedisNil(err) && !errors.Is(err, errDamaged):
			return nil, err
		}
	}
	return records, nil
}
