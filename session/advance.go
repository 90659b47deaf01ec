package session

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/rueidis"
)

// Version is a user and the version that the database has for it.
type Version[U any] struct {
	User    U
	Version int64
	// Gone says that the user exists no more: all sessions end, and Version does not
	// count. Should the user come back, from a backup for instance, with the version of
	// before, later changes end sessions as ever.
	Gone bool
}

// Advance ends the sessions that were begun under an older version of the user: all
// of them, unless the user's epoch has this version or a higher one. It is for what
// tells of changes late, more than once or in another order, such as an outbox: it
// ends nothing that it should not, and may be repeated as often as one likes.
//
// Versions come from the application's database: a column that grows with each
// change of password or role. A login takes the [Epoch] first, then reads the
// account's row. Where the row's version is higher than that of the epoch, nobody has
// told Redis yet: it calls Advance, takes the epoch again and reads the row again.
// Only then it checks the password.
//
// A user without an epoch has no session that could be valid: nothing is written.
//
// Errors: ErrInvalid for a negative version and an empty or overlong user id,
// ErrUnavailable; after the latter the call should be repeated.
func (m *Manager[U, D]) Advance(ctx context.Context, user U, version int64) error {
	return m.AdvanceMany(ctx, Version[U]{User: user, Version: version})[0]
}

// AdvanceMany is [Manager.Advance] for many users in one exchange. The errors are in
// the order of the versions.
func (m *Manager[U, D]) AdvanceMany(ctx context.Context, versions ...Version[U]) []error {
	errs := make([]error, len(versions))
	calls := make([]rueidis.LuaExec, 0, len(versions))
	places := make([]int, 0, len(versions)) // of the calls in errs
	users := make([]string, 0, len(versions))
	for i, v := range versions {
		text, err := m.users.text(v.User)
		if err == nil && v.Version < 0 {
			err = fmt.Errorf("%w: a version below 0", ErrInvalid)
		}
		if err != nil {
			errs[i] = fmt.Errorf("session: advance: %w", err)
			continue
		}
		version := strconv.FormatInt(v.Version, 10)
		if v.Gone {
			version = ""
		}
		calls = append(calls, rueidis.LuaExec{
			Keys: []string{m.epochKey(text)},
			Args: []string{version, newRandom(), m.epochLife()},
		})
		places = append(places, i)
		users = append(users, text)
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	for i, reply := range advanceScript.ExecMulti(ctx, m.client, calls...) {
		m.drop(calls[i].Keys...)
		begun, err := reply.AsInt64()
		if err != nil {
			errs[places[i]] = failure("advance", err)
		} else if begun == 1 {
			m.emit(Event{Kind: EventRevoked, UserID: users[i], Reason: ReasonVersion})
		}
	}
	return errs
}
