package sessions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/session"
)

func speedlayer() Contestant {
	return Contestant{
		ID: "speedlayer", Name: "speedlayer", Memory: true, Heartbeat: true,
		Open: func(ctx context.Context, p Place) (Store, error) { return openManager(ctx, p, 0) },
	}
}

// speedlayerRedis shows what a lookup costs that memory does not answer.
func speedlayerRedis() Contestant {
	same := "The same as with the local tier."
	return Contestant{
		ID: "speedlayer-redis", Name: "speedlayer, `LocalBytes` -1", Heartbeat: true,
		Open:   func(ctx context.Context, p Place) (Store, error) { return openManager(ctx, p, -1) },
		Cannot: map[Kind]string{Change: same, Room: same},
	}
}

type manager struct {
	*session.Manager[int64, Data]
	client rueidis.Client
}

func openManager(ctx context.Context, p Place, localBytes int64) (Store, error) {
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{p.Redis}, ForceSingleClient: true, PipelineMultiplex: -1, DisableCache: true,
	})
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	m := &manager{session.New[int64, Data](client, session.Options{
		IdleTimeout: idleTimeout, AbsoluteTimeout: absoluteTimeout,
		TouchInterval: p.TouchInterval, LocalBytes: localBytes,
	}), client}
	if localBytes < 0 {
		return m, nil
	}
	if err := m.awaitLocal(ctx); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// awaitLocal returns when the local tier follows Redis.
func (m *manager) awaitLocal(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !m.Stats().LocalReady {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("sessions: the local tier does not get ready: %w", ctx.Err())
		}
	}
	return nil
}

func (m *manager) Login(ctx context.Context, p Profile) (string, error) {
	epoch, err := m.Epoch(ctx, p.UserID) // before the password is checked
	if err != nil {
		return "", err
	}
	token, _, err := m.Create(ctx, p.UserID, epoch, p.Data)
	return token, err
}

// Visitor does what the middleware does.
func (m *manager) Visitor(token string) Visitor {
	return func(ctx context.Context) (Profile, error) {
		s, err := m.Lookup(ctx, token)
		if err == nil {
			err = m.Touch(ctx, s)
		}
		if errors.Is(err, session.ErrNotFound) {
			return Profile{}, ErrNoSession
		}
		if err != nil {
			return Profile{}, err
		}
		return Profile{s.UserID, s.Data}, nil
	}
}

func (m *manager) Logout(ctx context.Context, token string) error { return m.Revoke(ctx, token) }

const managerCookie = "session"

func (m *manager) Handler(answer Answer) http.Handler {
	protect := m.Middleware(session.HTTPOptions{Cookie: managerCookie, Insecure: true})
	return protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, ok := session.FromContext[int64, Data](r.Context())
		if !ok {
			unauthorized(w)
			return
		}
		answer(w, Profile{s.UserID, s.Data})
	}))
}

func (m *manager) Cookie(token string) string { return managerCookie + "=" + token }

func (m *manager) Close() {
	m.Manager.Close()
	m.client.Close()
}
