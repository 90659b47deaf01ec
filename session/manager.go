package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

var (
	// ErrNotFound says that there is no such session: the token is unknown or
	// malformed, or the session has expired, was revoked or rotated. These cases
	// are not told apart.
	ErrNotFound = errors.New("session not found")
	// ErrUnavailable says that Redis could not be asked, so that nothing is known
	// about the session. It wraps the cause. A service answers 503, never 401.
	ErrUnavailable = errors.New("sessions are unavailable")
	// ErrInvalid says that the caller passed what can never be stored: see
	// [Manager.Create].
	ErrInvalid = errors.New("invalid session data")
)

// Options are the options of [New]. The zero value works.
type Options struct {
	// Prefix begins every key. Applications that share a Redis but not their users
	// need different prefixes. Default: "session:".
	Prefix string
	// IdleTimeout ends a session that nobody touched for so long. It is stored with
	// each session: a change applies to new ones. Default: 30 minutes.
	IdleTimeout time.Duration
	// AbsoluteTimeout ends a session so long after the login, whatever happens.
	// Default: 24 hours.
	AbsoluteTimeout time.Duration
	// TouchInterval is the least time between two renewals of a session. It is at
	// most half of IdleTimeout; a negative value renews with every Touch. Default:
	// 1 minute.
	TouchInterval time.Duration
	// Realm is mixed into the digest of each token: a token of one realm means
	// nothing in another. It does not separate users: [Manager.RevokeAll] reaches
	// all realms under one prefix. Default: "".
	Realm string
	// RedisTimeout bounds what one method spends on Redis, all its exchanges
	// together; a [Manager.Rotate] that fails may take twice as long. Default: 1
	// second.
	RedisTimeout time.Duration
}

func (o Options) withDefaults() Options {
	if o.Prefix == "" {
		o.Prefix = "session:"
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = 30 * time.Minute
	}
	if o.AbsoluteTimeout <= 0 {
		o.AbsoluteTimeout = 24 * time.Hour
	}
	if o.TouchInterval == 0 {
		o.TouchInterval = time.Minute
	}
	// A session in use must meet a renewal before it runs out.
	o.TouchInterval = min(max(o.TouchInterval, 0), o.IdleTimeout/2)
	if o.RedisTimeout <= 0 {
		o.RedisTimeout = time.Second
	}
	return o
}

// Manager creates, finds and ends sessions. It is safe for concurrent use, and any
// number of managers in any number of processes may share one Redis.
type Manager struct {
	client rueidis.Client
	o      Options
}

// New returns a manager. The client belongs to the caller, who closes it.
func New(client rueidis.Client, o Options) *Manager {
	return &Manager{client: client, o: o.withDefaults()}
}

// bound returns the context for all exchanges of one method.
func (m *Manager) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, m.o.RedisTimeout)
}

// failure wraps an error of Redis. What is no matter of Redis's state, such as the
// caller's cancellation, stays what it is.
func failure(op string, err error) error {
	if redisx.Unavailable(err) || redisx.Refused(err) {
		return fmt.Errorf("session: %s: %w: %w", op, ErrUnavailable, err)
	}
	return fmt.Errorf("session: %s: %w", op, err)
}

// ms renders a duration in whole milliseconds, at least one.
func ms(d time.Duration) string {
	return strconv.FormatInt(max(1, d.Milliseconds()), 10)
}
