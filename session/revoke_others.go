package session

import (
	"context"
	"strconv"
)

// RevokeOthers ends all sessions of a user but s, which is valid all the time, and
// those of logins that took their epoch before. The version stays. When it has
// returned nil, no Lookup that starts later finds one of the others.
//
// The session and the epoch lie in different Cluster slots, so that no script can
// change both:
//
//  1. Choose the next epoch and mark the session with it. The session is valid in its
//     epoch, and in the one that it is marked with.
//  2. Replace the epoch, if it is still the one that was read. This is the moment at
//     which the others end.
//  3. Make the mark the session's epoch.
//
// A crash after 1 leaves a mark for an epoch that never begins, or that the next
// RevokeOthers from this session begins. A crash after 2 leaves a session that is
// valid by its mark. Calls at the same time from one session agree on its mark; of two
// sessions that end each other, the one whose step 2 comes first stays.
//
// Errors: ErrNotFound where s has ended: then nothing was revoked, or a RevokeAll has
// revoked everything; ErrUnavailable: the others may or may not have ended.
func (m *Manager[U, D]) RevokeOthers(ctx context.Context, s *Session[U, D]) error {
	ctx, cancel := m.bound(ctx)
	defer cancel()
	if err := m.revokeOthers(ctx, s); err != nil {
		return readFailure("revoke others", err)
	}
	return nil
}

func (m *Manager[U, D]) revokeOthers(ctx context.Context, s *Session[U, D]) error {
	now, err := m.epochOf(ctx, s.user)
	if err != nil {
		return err
	}
	for now.value != "" {
		done, err := m.keepOnly(ctx, s, now.value)
		if err != nil || done {
			return err
		}
		// The session belongs to another epoch than the one that was read. If that is
		// still the epoch, the session has ended. Otherwise the epoch has just
		// changed, and perhaps the session with it.
		again, err := m.epochOf(ctx, s.user)
		if err != nil {
			return err
		}
		if again.value == now.value {
			break
		}
		now = again
	}
	return ErrNotFound
}

// keepOnly is steps 1 to 3 of RevokeOthers, and reports whether they were done from
// the epoch now.
func (m *Manager[U, D]) keepOnly(ctx context.Context, s *Session[U, D], now Epoch) (bool, error) {
	key := m.sessionKey(s.ID)
	kept, err := m.change(ctx, keepScript, key, string(now), string(now.next())).ToString()
	if err != nil || kept == "" {
		return false, err // Redis's nil: the session is gone
	}
	replaced, err := m.change(ctx, replaceScript, m.epochKey(s.user), string(now), kept, m.epochLife()).AsInt64()
	if err != nil || replaced == 0 {
		return false, err
	}
	// Where this fails, the session is valid by its mark.
	_ = m.change(ctx, settleScript, key, kept)
	m.emit(Event{Kind: EventRevoked, UserID: s.user, SessionID: s.ID, Reason: ReasonOthers})
	return true, nil
}

// next returns an epoch of the same version.
func (e Epoch) next() Epoch {
	return Epoch(strconv.FormatInt(e.Version(), 10) + ":" + newRandom())
}
