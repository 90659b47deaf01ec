package session

import (
	"cmp"
	"context"
	"slices"
)

// trim ends the sessions of a user beyond MaxPerUser, except the one that is just being
// created. First go those that nobody can use any more, because their epoch is over: they
// take room as well, and a user can make any number of them too. Then the oldest.
//
// What fails is left to the next login: this one has nothing to do with it.
func (m *Manager[U, D]) trim(ctx context.Context, user, created string) {
	ids, err := indexScript.Exec(ctx, m.client, []string{m.indexKey(user)}, nil).AsStrSlice()
	if err != nil {
		return
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == created || !isID(id) })
	records, e, err := m.readMany(ctx, user, ids)
	if err != nil {
		return
	}
	type candidate struct {
		id    string
		valid int
		*record
	}
	var there []candidate
	var gone []string
	for i, r := range records {
		switch {
		case r == nil:
			gone = append(gone, ids[i])
		case r.user != user: // another user's under this name
		case r.marks.have(e):
			there = append(there, candidate{ids[i], 1, r})
		default:
			there = append(there, candidate{ids[i], 0, r})
		}
	}
	m.strike(ctx, user, gone...)
	slices.SortFunc(there, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.valid, a.valid), cmp.Compare(b.created, a.created), cmp.Compare(a.id, b.id))
	})
	for _, c := range there[min(len(there), m.o.MaxPerUser-1):] {
		if _, err := m.revoke(ctx, c.id, user, ReasonTooMany); err != nil {
			return
		}
	}
}
