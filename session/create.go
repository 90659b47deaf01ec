package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// Create stores a new session and returns its token: 43 characters of base64url
// with 256 random bits, which must reach the user and nobody else. e comes from
// [Manager.Epoch]; where the epoch has ended meanwhile, the session is dead from the
// beginning.
//
// The user id has 1 to 1024 bytes. Data holds at most 64 fields and 16 KiB; names
// have 1 to 64 bytes, do not begin with an underscore and are not "user_id".
//
// Errors: ErrInvalid, ErrUnavailable.
func (m *Manager) Create(ctx context.Context, userID string, e Epoch, data map[string]string) (string, Session, error) {
	err := errors.Join(checkUserID(userID), checkData(data))
	if e == "" {
		err = errors.Join(err, fmt.Errorf("%w: no epoch", ErrInvalid))
	}
	if err != nil {
		return "", Session{}, fmt.Errorf("session: create: %w", err)
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	token := newToken()
	s, err := m.create(ctx, m.digest(token), draft{
		userID: userID, epoch: e, data: data,
		idle: m.o.IdleTimeout, created: 0, lifetime: m.o.AbsoluteTimeout,
	})
	if err != nil {
		return "", Session{}, failure("create", err)
	}
	return token, s, nil
}

// draft is a session that is not stored yet.
type draft struct {
	userID         string
	epoch          Epoch
	data           map[string]string
	idle, lifetime time.Duration
	created        int64 // ms since 1970; 0 is the time at which Redis stores it
}

// create returns ErrNotFound for a session that would have ended already.
func (m *Manager) create(ctx context.Context, id string, d draft) (Session, error) {
	args := append([]string{
		string(d.epoch), ms(d.idle), strconv.FormatInt(d.created, 10), ms(d.lifetime), d.userID,
	}, pairs(d.data)...)
	reply, err := createScript.Exec(ctx, m.client, []string{m.sessionKey(id)}, args).AsIntSlice()
	if rueidis.IsRedisNil(err) {
		return Session{}, ErrNotFound
	}
	if err != nil {
		return Session{}, err
	}
	if len(reply) != 4 {
		return Session{}, fmt.Errorf("a reply of %d numbers", len(reply))
	}
	now, ttl, created, expires := reply[0], reply[1], reply[2], reply[3]
	s := Session{
		ID:            id,
		UserID:        d.userID,
		Data:          maps.Clone(d.data),
		CreatedAt:     time.UnixMilli(created),
		LastSeenAt:    time.UnixMilli(now),
		IdleExpiresAt: time.UnixMilli(now + ttl),
		ExpiresAt:     time.UnixMilli(expires),
		CheckedAt:     time.UnixMilli(now),
		epoch:         d.epoch,
		idle:          d.idle,
	}
	if s.Data == nil {
		s.Data = map[string]string{}
	}
	return s, nil
}

func pairs(data map[string]string) []string {
	args := make([]string, 0, 2*len(data))
	for name, value := range data {
		args = append(args, name, value)
	}
	return args
}
