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
	records, err := m.readMany(ctx, user, ids)
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
		if err == nil && r.user == user { // else the key is another's, or of a version that knows more
			found = append(found, s)
		}
	}
	m.strike(ctx, user, dead...)
	return found, nil
}

// readMany returns the records of the valid ones among a user's sessions, and nil for
// those that have ended for good.
func (m *Manager[U, D]) readMany(ctx context.Context, user string, ids []string) ([]*record, error) {
	e, err := m.epochOf(ctx, user)
	if err != nil {
		return nil, err
	}
	for {
		records, err := m.readAll(ctx, ids)
		if err != nil {
			return nil, err
		}
		over := false
		for i, r := range records {
			if r != nil && !r.marks.have(e.value) {
				over, records[i] = true, nil
			}
		}
		if !over {
			return records, nil
		}
		// Were they over, or has the epoch changed meanwhile, and they with it?
		again, err := m.epochOf(ctx, user)
		if err != nil || again.value == e.value {
			return records, err
		}
		e = again
	}
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
