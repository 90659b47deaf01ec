package session

import (
	"context"
	"strconv"
)

// # Which sessions a user has
//
// A sorted set for each user names the sessions by their digests, in the order of
// their absolute ends. A session is stored first, then named, and only then its token
// is handed out: nobody has the token of a session that is not named, and a name
// without a session is one whose session has gone for good, so that it can be removed
// without a look at what goes on beside. Naming it first was rejected: whoever looks
// between the two would have to tell a session that is not there yet from one that is
// there no more.
//
// The name of a session whose epoch is over stays as long as the session: one that is
// just being rotated may look like that, until it gets its mark.

// enlist names a session that is stored, and returns how many names the user has.
func (m *Manager[U, D]) enlist(ctx context.Context, user, id string, expires int64) (int64, error) {
	return enlistScript.Exec(ctx, m.client, []string{m.indexKey(user)},
		[]string{id, strconv.FormatInt(expires, 10)}).AsInt64()
}

// strike removes the names of sessions that have ended. What it fails to remove goes
// with the next List, or when its absolute end has come.
func (m *Manager[U, D]) strike(ctx context.Context, user string, ids ...string) {
	if user == "" || len(ids) == 0 {
		return
	}
	_ = m.client.Do(ctx, m.client.B().Zrem().Key(m.indexKey(user)).Member(ids...).Build())
}
