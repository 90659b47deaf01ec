package kurs

import (
	"context"
	"fmt"
	"strconv"

	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/session"
)

// sessionEnder is what ForgetSessions asks of the sessions: see session.Manager.
type sessionEnder interface {
	AdvanceMany(ctx context.Context, versions ...session.Version[int64]) []error
	RevokeEveryone(ctx context.Context) error
}

// ForgetSessions ends the sessions that rows of the outbox with the target
// OutboxSessions are about. A row only says of whom something changed; what counts is
// the version that the database has now, so rows may come repeatedly, late and in any
// order. It returns an error for each row, as Users.Forget does.
func (a *Accounts) ForgetSessions(ctx context.Context, rows []outbox.Row) []error {
	errs := make([]error, len(rows))
	users := map[int64][]int{} // the indices of the rows, by user
	var ids []int64
	var everyone []int
	for i, row := range rows {
		switch {
		case row.Target == OutboxSessions && row.Kind == outbox.KindInvalidateAll:
			everyone = append(everyone, i)
		case row.Target == OutboxSessions && row.Kind == outbox.KindInvalidate:
			id, err := strconv.ParseInt(row.Key, 10, 64)
			if err != nil || strconv.FormatInt(id, 10) != row.Key {
				errs[i] = fmt.Errorf("kurs: %q is no user's id: %w", row.Key, outbox.ErrRefused)
				continue
			}
			if users[id] == nil {
				ids = append(ids, id)
			}
			users[id] = append(users[id], i)
		default:
			errs[i] = fmt.Errorf("kurs: sessions do not know %s for %q: %w", row.Kind, row.Target, outbox.ErrRefused)
		}
	}
	if len(everyone) > 0 {
		err := a.ender.RevokeEveryone(ctx)
		for _, i := range everyone {
			errs[i] = err
		}
	}
	ended := a.endSessions(ctx, ids)
	for n, id := range ids {
		for _, i := range users[id] {
			errs[i] = ended[n]
		}
	}
	return errs
}

// endSessions ends the sessions of these users as far as the database says so, and
// returns an error for each.
func (a *Accounts) endSessions(ctx context.Context, ids []int64) []error {
	errs := make([]error, len(ids))
	if len(ids) == 0 {
		return errs
	}
	found, err := a.store.CredentialsVersions(ctx, ids)
	if err != nil {
		for i := range errs {
			errs[i] = wrap("end sessions", err)
		}
		return errs
	}
	versions := make([]session.Version[int64], len(ids))
	for i, id := range ids {
		version, exists := found[id]
		versions[i] = session.Version[int64]{User: id, Version: version, Gone: !exists}
	}
	return a.ender.AdvanceMany(ctx, versions...)
}
