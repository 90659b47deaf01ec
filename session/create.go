package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Lifetime is how long a session lives, where it is not as the options say. A field
// that is 0 is.
type Lifetime struct {
	// Idle ends the session that nobody touched for so long.
	Idle time.Duration
	// Absolute ends it so long after the login. At most Options.LongestTimeout.
	Absolute time.Duration
}

// Create stores a new session and returns its token: 43 characters of base64url
// with 256 random bits, which must reach the user and nobody else. e comes from
// [Manager.Epoch]; where the epoch has ended meanwhile, the session is dead from the
// beginning. With a life, of which only the first counts, the session is one that is
// remembered.
//
// The user id has 1 to 1024 bytes. Data has at most 64 fields and 16 KiB; names
// have 1 to 64 bytes, do not begin with an underscore and are not "user_id".
//
// Errors: ErrInvalid, ErrUnavailable.
func (m *Manager[U, D]) Create(ctx context.Context, user U, e Epoch, data D, life ...Lifetime) (string, *Session[U, D], error) {
	d, err := m.draft(user, e, data, life)
	if err != nil {
		return "", nil, fmt.Errorf("session: create: %w", err)
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	token := newToken()
	id := m.digest(token)
	s, err := m.begin(ctx, id, d)
	if err != nil {
		m.tidy(ctx, id)
		return "", nil, failure("create", err)
	}
	m.emit(Event{Kind: EventCreated, UserID: d.user, SessionID: id})
	return token, s, nil
}

func (m *Manager[U, D]) begin(ctx context.Context, id string, d draft) (*Session[U, D], error) {
	r, err := m.create(ctx, id, d)
	if err != nil {
		return nil, err
	}
	if m.o.MaxPerUser > 0 && r.listed > int64(m.o.MaxPerUser) {
		m.trim(ctx, d.user, id)
	}
	return m.session(id, r)
}

// draft is a session that is not stored yet.
type draft struct {
	user           string
	marks          marks
	data           map[string]string
	idle, lifetime time.Duration
	created        int64 // ms since 1970; 0 is the time at which Redis stores it
	remembered     bool
}

func (m *Manager[U, D]) draft(user U, e Epoch, data D, life []Lifetime) (draft, error) {
	text, err := m.users.text(user)
	if err != nil {
		return draft{}, err
	}
	fields, err := m.data.fields(data)
	if err != nil {
		return draft{}, err
	}
	// What cannot be read again would be a session that nobody finds.
	if _, err := m.data.data(fields); err != nil {
		return draft{}, errors.Join(ErrInvalid, err)
	}
	if e == "" {
		return draft{}, fmt.Errorf("%w: no epoch", ErrInvalid)
	}
	d := draft{
		user: text, marks: marks{epoch: e}, data: fields,
		idle: m.o.IdleTimeout, lifetime: m.o.AbsoluteTimeout, remembered: len(life) > 0,
	}
	if d.remembered {
		if life[0].Idle > 0 {
			d.idle = life[0].Idle
		}
		if life[0].Absolute > 0 {
			d.lifetime = life[0].Absolute
		}
	}
	if d.lifetime > m.o.LongestTimeout {
		return draft{}, fmt.Errorf("%w: a life of %v, longer than %v", ErrInvalid, d.lifetime, m.o.LongestTimeout)
	}
	return d, nil
}

// create stores a session, and names it. It fails with Redis's nil for one that would
// have ended already.
func (m *Manager[U, D]) create(ctx context.Context, id string, d draft) (*record, error) {
	args := make([]string, 0, 11+2*len(d.data))
	args = append(args, ms(d.idle), strconv.FormatInt(d.created, 10), ms(d.lifetime),
		fieldUser, d.user, fieldEpoch, string(d.marks.epoch))
	if d.marks.kept != "" {
		args = append(args, fieldKept, string(d.marks.kept))
	}
	if d.remembered {
		args = append(args, fieldRemembered, "1")
	}
	r, err := m.read(ctx, createScript, id, append(args, pairs(d.data)...)...)
	if err != nil {
		return nil, err
	}
	r.listed, err = m.enlist(ctx, d.user, id, r.expires)
	return r, err
}

// tidy deletes what a creation that failed may have stored. Nobody knows its token, so
// no error matters. It may have failed because its time was over: this has its own.
func (m *Manager[U, D]) tidy(ctx context.Context, id string) {
	ctx, cancel := m.bound(context.WithoutCancel(ctx))
	defer cancel()
	_, _ = m.revoke(ctx, id, "", "")
}

func pairs(data map[string]string) []string {
	args := make([]string, 0, 2*len(data))
	for name, value := range data {
		args = append(args, name, value)
	}
	return args
}
