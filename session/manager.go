package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
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
	// LongestTimeout is the longest time to the absolute end that a session may be
	// created with: see [Lifetime]. What the package knows about a user lives that
	// long. Default, and at least: AbsoluteTimeout.
	LongestTimeout time.Duration
	// TouchInterval is the least time between two renewals of a session. It is at
	// most half of the session's idle timeout; a negative value renews with every Touch. Default:
	// 1 minute.
	TouchInterval time.Duration
	// MaxPerUser is how many sessions a user may have. [Manager.Create] ends the oldest
	// of those beyond; where Redis fails in the middle, the next one does. Whoever may
	// begin any number of them fills Redis, and makes [Manager.List] expensive. Default:
	// no bound.
	MaxPerUser int
	// Realm is mixed into the digest of each token: a token of one realm means
	// nothing in another. It does not separate users: [Manager.RevokeAll] reaches
	// all realms under one prefix. Default: "".
	Realm string
	// RedisTimeout bounds what one method spends on Redis, all its exchanges
	// together; a [Manager.Rotate] that fails may take twice as long. Default: 1
	// second.
	RedisTimeout time.Duration
	// LocalBytes bounds what is kept in memory of sessions that are in use, so that a
	// Lookup of one takes no round trip. It costs a connection to Redis, to each
	// master of a Cluster. Where Redis cannot push, nothing is kept. A negative value
	// turns it off. Default: 16 MiB.
	LocalBytes int64
	// MaxStaleness bounds, in any failure of Redis or the network, how long after a
	// revocation was confirmed another process may still find the session in its
	// memory. In health it takes about as long as a round trip. Default: 1 second.
	MaxStaleness time.Duration
	// OnEvent is told what happens, on the goroutine of the call that made it happen.
	// It must not block. Default: none.
	OnEvent func(Event)
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
	o.TouchInterval = max(o.TouchInterval, 0)
	o.LongestTimeout = max(o.LongestTimeout, o.AbsoluteTimeout)
	if o.RedisTimeout <= 0 {
		o.RedisTimeout = time.Second
	}
	if o.LocalBytes == 0 {
		o.LocalBytes = 16 << 20
	}
	if o.MaxStaleness <= 0 {
		o.MaxStaleness = time.Second
	}
	return o
}

// Manager creates, finds and ends sessions. It is safe for concurrent use, and any
// number of managers in any number of processes may share one Redis.
type Manager[U, D any] struct {
	client rueidis.Client
	o      Options
	users  users[U]
	data   codec[D]
	local  *local[U, D]
	base   time.Time // of the clock, where there is no local tier
	closed sync.Once

	localHits, redisLookups atomic.Uint64
}

// New returns a manager for user ids of type U and data of type D. The client belongs
// to the caller, who closes it. [Manager.Close] ends what the manager does beside.
//
// U is a string or an integer, or both an encoding.TextMarshaler and, as a pointer, an
// encoding.TextUnmarshaler.
//
// D is stored in the session's hash, where other programs can read it. Of a struct,
// each member that it has in JSON is a field with the same name: a string as it is,
// everything else as JSON. A map[string]string is stored as it is. Any other type is
// JSON in one field, "data". Fields that D does not know are ignored, and missing ones
// are zero, so that versions of a program may run side by side; a field that cannot be
// decoded is a damaged session, which nobody finds.
//
// New panics for another type of U, and for a struct with a reserved name: see
// [Manager.Create].
func New[U, D any](client rueidis.Client, o Options) *Manager[U, D] {
	m := &Manager[U, D]{
		client: client, o: o.withDefaults(), base: newBase(),
		users: newUsers[U](), data: newCodec[D](),
	}
	m.local = newLocal[U, D](client, m.o)
	return m
}

// Close ends the tracking of the local tier, for which the client must still be open.
// The manager goes on without that tier. Close may be called again.
func (m *Manager[U, D]) Close() {
	m.closed.Do(func() {
		if m.local != nil {
			m.local.tracker.Close()
		}
	})
}

// bound returns the context for all exchanges of one method.
func (m *Manager[U, D]) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, m.o.RedisTimeout)
}

// failure wraps an error of Redis. What is no matter of Redis's state, such as the
// caller's cancellation, stays what it is.
func failure(op string, err error) error {
	if redisx.Unavailable(err) || redisx.Refused(err) || errors.Is(err, redisx.ErrSlots) {
		return fmt.Errorf("session: %s: %w: %w", op, ErrUnavailable, err)
	}
	return fmt.Errorf("session: %s: %w", op, err)
}

// ms renders a duration in whole milliseconds, at least one.
func ms(d time.Duration) string {
	return strconv.FormatInt(max(1, d.Milliseconds()), 10)
}
