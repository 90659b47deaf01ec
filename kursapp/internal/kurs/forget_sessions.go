package kurs

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/session"
)

// maxEnding bounds how many users' sessions are ended at the same time. What the
// client sends meanwhile goes out together.
const maxEnding = 64

// sessionEnder is what ForgetSessions asks of the sessions.
type sessionEnder interface {
	// Advance ends the sessions of a user that began before this version of the
	// credentials. Repeated, late and out of order it ends no others.
	Advance(ctx context.Context, user, version int64) error
	// RevokeAll ends all sessions of a user.
	RevokeAll(ctx context.Context, user int64) error
	// RevokeEveryone ends all sessions there are.
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
	versions, err := a.store.CredentialsVersions(ctx, ids)
	if err != nil {
		for i := range errs {
			errs[i] = wrap("end sessions", err)
		}
		return errs
	}
	var wg sync.WaitGroup
	free := make(chan struct{}, maxEnding)
	for i, id := range ids {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			if version, found := versions[id]; found {
				errs[i] = a.ender.Advance(ctx, id, version)
			} else {
				errs[i] = a.ender.RevokeAll(ctx, id)
			}
		})
	}
	wg.Wait()
	return errs
}

// sessionsV1 is a sessionEnder on a session.Manager whose epochs have no versions: it
// ends the sessions of users who are gone. The others notice a new role by themselves,
// because Authenticate reads it from the database; a password that was changed by hand
// ends none of them.
//
// TODO(session v2): Manager.Advance and Manager.RevokeEveryone take its place.
type sessionsV1 struct{ *session.Manager }

// Advance implements sessionEnder.
func (sessionsV1) Advance(context.Context, int64, int64) error { return nil }

// RevokeAll implements sessionEnder.
func (s sessionsV1) RevokeAll(ctx context.Context, user int64) error {
	return s.Manager.RevokeAll(ctx, sessionUser(user))
}

// RevokeEveryone implements sessionEnder. No session outlives its account: see
// Authenticate.
func (sessionsV1) RevokeEveryone(context.Context) error { return nil }
