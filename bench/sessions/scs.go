package sessions

import (
	"context"
	"fmt"
	"net/http"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/redis/go-redis/v9"
)

// scsFixed is scs as it comes: a session ends at a fixed time after the login.
func scsFixed() Contestant {
	return Contestant{
		ID: "scs", Name: "scs, no `IdleTimeout`",
		Open: func(ctx context.Context, p Place) (Store, error) { return openSCS(ctx, p, false) },
	}
}

// scsIdle is scs with an idle timeout, with which it stores a session anew with each
// request.
func scsIdle() Contestant {
	return Contestant{
		ID: "scs-idle", Name: "scs, `IdleTimeout`",
		Open: func(ctx context.Context, p Place) (Store, error) { return openSCS(ctx, p, true) },
	}
}

// scsStore uses the store for go-redis. That for redigo sends MULTI, SET, PEXPIREAT
// and EXEC where this one sends SET, and was not faster.
type scsStore struct {
	*scs.SessionManager
	client *redis.Client
}

func openSCS(ctx context.Context, p Place, idle bool) (Store, error) {
	client := redis.NewClient(&redis.Options{Addr: p.Redis, PoolSize: connections})
	if err := client.Ping(ctx).Err(); err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("sessions: %w", err)
	}
	m := scs.New()
	m.Lifetime = absoluteTimeout
	if idle {
		m.IdleTimeout = idleTimeout
	}
	m.Store = goredisstore.New(client)
	return &scsStore{m, client}, nil
}

// Login renews the token, as scs asks for at a login.
func (s *scsStore) Login(ctx context.Context, p Profile) (string, error) {
	ctx, err := s.Load(ctx, "")
	if err != nil {
		return "", err
	}
	if err := s.RenewToken(ctx); err != nil {
		return "", err
	}
	s.Put(ctx, keyUser, p.UserID)
	s.Put(ctx, keyName, p.Name)
	s.Put(ctx, keyEmail, p.Email)
	s.Put(ctx, keyUserAgent, p.UserAgent)
	s.Put(ctx, keyAddress, p.Address)
	token, expiry, err := s.Commit(ctx)
	if err != nil {
		return "", err
	}
	s.WriteSessionCookie(ctx, newSilent(), token, expiry)
	return token, nil
}

// read returns what is in the session that Load has put into the context.
func (s *scsStore) read(ctx context.Context) (Profile, error) {
	id, ok := s.Get(ctx, keyUser).(int64)
	if !ok {
		return Profile{}, ErrNoSession
	}
	return Profile{id, Data{
		Name:      s.GetString(ctx, keyName),
		Email:     s.GetString(ctx, keyEmail),
		UserAgent: s.GetString(ctx, keyUserAgent),
		Address:   s.GetString(ctx, keyAddress),
	}}, nil
}

// Visitor does what LoadAndSave does.
func (s *scsStore) Visitor(token string) Visitor {
	w := newSilent()
	return func(ctx context.Context) (Profile, error) {
		ctx, err := s.Load(ctx, token)
		if err != nil {
			return Profile{}, err
		}
		p, err := s.read(ctx)
		if err != nil || s.Status(ctx) != scs.Modified {
			return p, err
		}
		token, expiry, err := s.Commit(ctx)
		if err != nil {
			return Profile{}, err
		}
		clear(w.header)
		s.WriteSessionCookie(ctx, w, token, expiry)
		return p, nil
	}
}

func (s *scsStore) Logout(ctx context.Context, token string) error {
	ctx, err := s.Load(ctx, token)
	if err != nil {
		return err
	}
	return s.Destroy(ctx)
}

func (s *scsStore) Handler(answer Answer) http.Handler {
	return s.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := s.read(r.Context())
		if err != nil {
			unauthorized(w)
			return
		}
		answer(w, p)
	}))
}

// Cookie overrides nothing: the manager has a field of that name, with the name of the
// cookie.
func (s *scsStore) Cookie(token string) string { return s.SessionManager.Cookie.Name + "=" + token }

func (s *scsStore) Close() { _ = s.client.Close() }
