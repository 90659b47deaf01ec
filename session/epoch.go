package session

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// Epoch is the time between two revocations of all of a user's sessions, as a value
// "<version>:<random>" that no other epoch has.
type Epoch string

// Version returns the version that the epoch began with: see [Manager.Advance].
func (e Epoch) Version() int64 {
	version, _, found := strings.Cut(string(e), ":")
	if n, err := strconv.ParseInt(version, 10, 64); found && err == nil {
		return n
	}
	return 0 // also of epochs from before there were versions
}

// epochSlack is how much longer than a session an epoch lives at least: the time
// that may pass between Epoch and Create without the session ending too early.
const epochSlack = time.Hour

// epochLife is how long an epoch that was just taken must live.
func (m *Manager[U, D]) epochLife() string { return ms(m.o.LongestTimeout + epochSlack) }

// Epoch returns the user's present epoch, for [Manager.Create]; where there is none,
// one with version 0 begins. A login must take it before it reads the account, and so
// before it looks at the password: a revocation that follows a password change then
// also ends the session of a login that was checked against the old password and is
// not stored yet. Where versions are used, see [Manager.Advance] for what a login
// does with the account's.
//
// Errors: ErrInvalid for an empty or overlong user id, ErrUnavailable.
func (m *Manager[U, D]) Epoch(ctx context.Context, user U) (Epoch, error) {
	text, err := m.users.text(user)
	if err != nil {
		return "", fmt.Errorf("session: epoch: %w", err)
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	epoch, err := epochScript.Exec(ctx, m.client, []string{m.epochKey(text)},
		[]string{newRandom(), m.epochLife()}).ToString()
	if err != nil {
		return "", failure("epoch", err)
	}
	return Epoch(epoch), nil
}

// epoch is what Redis said about a user's epoch.
type epoch struct {
	value Epoch // "" where there is none
	ttl   int64 // ms
	asked asked
}

// epochOf asks Redis for a user's epoch. Where there is none, all sessions of the user
// are over: the epoch was lost, and with it the knowledge of what was revoked.
func (m *Manager[U, D]) epochOf(ctx context.Context, user string) (epoch, error) {
	key := m.epochKey(user)
	e := epoch{asked: m.asking(key)}
	reply, err := epochReadScript.Exec(ctx, m.client, []string{key}, nil).ToArray()
	if rueidis.IsRedisNil(err) {
		return e, nil
	}
	if err != nil {
		return e, err
	}
	if len(reply) != 2 {
		return e, fmt.Errorf("a reply of %d elements", len(reply))
	}
	value, err := reply[0].ToString()
	if err != nil {
		return e, err
	}
	e.value = Epoch(value)
	e.ttl, err = reply[1].AsInt64()
	return e, err
}
