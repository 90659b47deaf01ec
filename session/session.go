package session

import (
	"strings"
	"time"
)

// Session is one login as it was when Redis was asked. Its times are Redis's. Many
// requests share one: it must not be changed.
type Session[U, D any] struct {
	// ID is the digest of the token in hexadecimal. It is no secret that would let
	// anybody in, but it identifies the session.
	ID string
	// UserID is what the session was created with.
	UserID U
	// Data is what the caller stored.
	Data D
	// CreatedAt is the time of the login. A rotation keeps it.
	CreatedAt time.Time
	// LastSeenAt is the time of the last renewal, at first that of the creation.
	LastSeenAt time.Time
	// IdleExpiresAt is when the session ends unless it is renewed.
	IdleExpiresAt time.Time
	// ExpiresAt is when it ends in any case.
	ExpiresAt time.Time
	// CheckedAt is when Redis was asked.
	CheckedAt time.Time
	// Remembered tells that the session was created with a [Lifetime] of its own: its
	// cookie outlives the browser.
	Remembered bool

	user  string        // UserID as it stands in Redis
	marks marks         // of the epochs it belongs to
	idle  time.Duration // how long it lives without a renewal
	asked int64         // before Redis was asked, in the manager's clock
	// epochKey is where the user's epoch is.
	epochKey []byte
}

// session returns a record as a session.
func (m *Manager[U, D]) session(id string, r *record) (*Session[U, D], error) {
	user, err := m.users.id(r.user)
	if err != nil {
		return nil, err
	}
	data, err := m.data.data(r.data)
	if err != nil {
		return nil, err
	}
	return &Session[U, D]{
		ID:            id,
		UserID:        user,
		Data:          data,
		CreatedAt:     time.UnixMilli(r.created),
		LastSeenAt:    time.UnixMilli(r.seen),
		IdleExpiresAt: time.UnixMilli(r.now + r.ttl),
		ExpiresAt:     time.UnixMilli(r.expires),
		CheckedAt:     time.UnixMilli(r.now),
		Remembered:    r.remembered,
		user:          r.user,
		marks:         r.marks,
		idle:          time.Duration(r.idle) * time.Millisecond,
		asked:         r.asked.at,
		epochKey:      []byte(m.epochKey(r.user)),
	}, nil
}

// marks are the epochs that a session belongs to: the one it began in, and while
// [Manager.RevokeOthers] keeps it, the next one.
type marks struct{ epoch, kept Epoch }

func (m marks) have(e Epoch) bool { return e != "" && (m.epoch == e || m.kept == e) }

// The fields of a session's hash that belong to the package. Names that begin with
// an underscore are reserved, so that later versions may add some.
const (
	fieldUser       = "user_id"
	fieldEpoch      = "_epoch"
	fieldKept       = "_kept"
	fieldCreated    = "_created"
	fieldSeen       = "_seen"
	fieldExpires    = "_expires"
	fieldIdle       = "_idle"
	fieldRemembered = "_remembered"
	reserved        = "_"
)

// isID reports whether id may be a session's. Anything else must not become a part of
// a key: it could name another one.
func isID(id string) bool {
	return len(id) == idLength && strings.Trim(id, "0123456789abcdef") == ""
}
