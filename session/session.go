package session

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// Session is one login as it was when Redis was asked. Its times are Redis's.
type Session struct {
	// ID is the digest of the token in hexadecimal. It is no secret that would let
	// anybody in, but it identifies the session.
	ID string
	// UserID is what the session was created with.
	UserID string
	// Data is what the caller stored, never nil.
	Data map[string]string
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

	epoch Epoch
	idle  time.Duration
}

// The fields of a session's hash that belong to the package. Names that begin with
// an underscore are reserved, so that later versions may add some.
const (
	fieldUser    = "user_id"
	fieldEpoch   = "_epoch"
	fieldCreated = "_created"
	fieldSeen    = "_seen"
	fieldExpires = "_expires"
	fieldIdle    = "_idle"
	reserved     = "_"
)

// Bounds of what a session may carry. A session is read with every request; what is
// bigger belongs elsewhere.
const (
	maxUserID    = 1 << 10
	maxFields    = 64
	maxFieldName = 64
	maxDataBytes = 16 << 10
)

func checkUserID(id string) error {
	if id == "" || len(id) > maxUserID {
		return fmt.Errorf("%w: a user id has 1 to %d bytes", ErrInvalid, maxUserID)
	}
	return nil
}

func checkData(data map[string]string) error {
	if len(data) > maxFields {
		return fmt.Errorf("%w: %d fields, at most %d are allowed", ErrInvalid, len(data), maxFields)
	}
	size := 0
	for name, value := range data {
		if name == "" || len(name) > maxFieldName || name == fieldUser || strings.HasPrefix(name, reserved) {
			return fmt.Errorf("%w: the field name %.80q is reserved, empty or longer than %d bytes", ErrInvalid, name, maxFieldName)
		}
		size += len(name) + len(value)
	}
	if size > maxDataBytes {
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrInvalid, size, maxDataBytes)
	}
	return nil
}

// errDamaged says that a hash is no session. To callers it is ErrNotFound.
var errDamaged = errors.New("damaged session")

// record is the content of a session's hash together with Redis's view of it.
type record struct {
	now    int64 // Redis's time, ms
	ttl    int64 // ms
	fields map[string]string
}

// parseRecord reads the reply of lookup.lua and of claim.lua.
func parseRecord(reply []rueidis.RedisMessage) (record, error) {
	if len(reply) < 2 || len(reply)%2 != 0 {
		return record{}, fmt.Errorf("%w: a reply of %d elements", errDamaged, len(reply))
	}
	now, err := reply[0].AsInt64()
	if err != nil {
		return record{}, err
	}
	ttl, err := reply[1].AsInt64()
	if err != nil {
		return record{}, err
	}
	r := record{now: now, ttl: ttl, fields: make(map[string]string, len(reply)/2-1)}
	for i := 2; i < len(reply); i += 2 {
		name, err := reply[i].ToString()
		if err != nil {
			return record{}, err
		}
		if r.fields[name], err = reply[i+1].ToString(); err != nil {
			return record{}, err
		}
	}
	return r, nil
}

// session returns the record as a session. The scripts have checked that the times
// are numbers; a number that is not a plain integer means that somebody else wrote.
func (r record) session(id string) (Session, error) {
	var created, seen, expires, idle int64
	for name, number := range map[string]*int64{
		fieldCreated: &created, fieldSeen: &seen, fieldExpires: &expires, fieldIdle: &idle,
	} {
		n, err := strconv.ParseInt(r.fields[name], 10, 64)
		if err != nil {
			return Session{}, fmt.Errorf("%w: field %s: %w", errDamaged, name, err)
		}
		*number = n
	}
	s := Session{
		ID:            id,
		UserID:        r.fields[fieldUser],
		Data:          make(map[string]string, len(r.fields)),
		CreatedAt:     time.UnixMilli(created),
		LastSeenAt:    time.UnixMilli(seen),
		IdleExpiresAt: time.UnixMilli(r.now + r.ttl),
		ExpiresAt:     time.UnixMilli(expires),
		CheckedAt:     time.UnixMilli(r.now),
		epoch:         Epoch(r.fields[fieldEpoch]),
		idle:          time.Duration(idle) * time.Millisecond,
	}
	if s.UserID == "" || s.epoch == "" {
		return Session{}, fmt.Errorf("%w: no user or no epoch", errDamaged)
	}
	for name, value := range r.fields {
		if name != fieldUser && !strings.HasPrefix(name, reserved) {
			s.Data[name] = value
		}
	}
	return s, nil
}
