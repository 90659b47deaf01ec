package session

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/rueidis"
)

// errDamaged says that a hash is no session. To callers it is ErrNotFound.
var errDamaged = errors.New("damaged session")

// record is the content of a session's hash together with Redis's view of it. Times
// are in milliseconds, those of an event since 1970.
type record struct {
	now, ttl                     int64
	user                         string
	data                         map[string]string
	marks                        marks
	created, seen, expires, idle int64
	remembered                   bool
	asked                        asked
	listed                       int64 // of a session that was just named: the names of its user
}

// parseRecord reads the reply of lookup.lua and of claim.lua.
func parseRecord(reply []rueidis.RedisMessage) (*record, error) {
	if len(reply) < 2 || len(reply)%2 != 0 {
		return nil, fmt.Errorf("%w: a reply of %d elements", errDamaged, len(reply))
	}
	r := &record{data: make(map[string]string, len(reply)/2)}
	var err error
	if r.now, err = reply[0].AsInt64(); err != nil {
		return nil, err
	}
	if r.ttl, err = reply[1].AsInt64(); err != nil {
		return nil, err
	}
	for i := 2; i < len(reply); i += 2 {
		name, err := reply[i].ToString()
		if err != nil {
			return nil, err
		}
		value, err := reply[i+1].ToString()
		if err != nil {
			return nil, err
		}
		if err := r.take(name, value); err != nil {
			return nil, err
		}
	}
	if r.user == "" || r.marks.epoch == "" {
		return nil, fmt.Errorf("%w: no user or no epoch", errDamaged)
	}
	return r, nil
}

// take takes in one field. The scripts have checked that the times are there and are
// numbers; a number that is not a plain integer means that somebody else wrote.
func (r *record) take(name, value string) (err error) {
	switch name {
	case fieldUser:
		r.user = value
	case fieldEpoch:
		r.marks.epoch = Epoch(value)
	case fieldKept:
		r.marks.kept = Epoch(value)
	case fieldRemembered:
		r.remembered = true
	case fieldCreated:
		r.created, err = strconv.ParseInt(value, 10, 64)
	case fieldSeen:
		r.seen, err = strconv.ParseInt(value, 10, 64)
	case fieldExpires:
		r.expires, err = strconv.ParseInt(value, 10, 64)
	case fieldIdle:
		r.idle, err = strconv.ParseInt(value, 10, 64)
	default:
		if !isReserved(name) {
			r.data[name] = value
		}
	}
	if err != nil {
		return fmt.Errorf("%w: field %s: %w", errDamaged, name, err)
	}
	return nil
}
