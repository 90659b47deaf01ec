package sessions

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/bench/redisserver"
)

// What docs/benchmarks.md says about the contestants is tested here, so that it stays
// true when their versions change.

type stored interface {
	Store
	// revived logs a user out while a request of that user is under way, lets the
	// request end and reports whether the token is worth something again.
	revived(ctx context.Context, token string) (bool, error)
}

func (s *scsStore) revived(ctx context.Context, token string) (bool, error) {
	var failed error
	h := s.LoadAndSave(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		failed = s.Logout(ctx, token)
	}))
	r := (&http.Request{Header: http.Header{"Cookie": {s.Cookie(token)}}}).WithContext(ctx)
	h.ServeHTTP(newSilent(), r)
	return alive(ctx, s, token, failed)
}

func (g *gorillaStore) revived(ctx context.Context, token string) (bool, error) {
	r := g.request(token).WithContext(ctx)
	s, err := g.store.Get(r, gorillaName)
	if err == nil {
		err = g.Logout(ctx, token)
	}
	if err == nil && g.save {
		err = s.Save(r, newSilent())
	}
	return alive(ctx, g, token, err)
}

func (m *manager) revived(ctx context.Context, token string) (bool, error) {
	s, err := m.Lookup(ctx, token)
	if err == nil {
		err = m.Revoke(ctx, token)
	}
	if err == nil {
		_ = m.Touch(ctx, s) // the interval is negative: it is not left out
	}
	return alive(ctx, m, token, err)
}

func alive(ctx context.Context, s Store, token string, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	_, err = s.Visitor(token)(ctx)
	if errors.Is(err, ErrNoSession) {
		return false, nil
	}
	return err == nil, err
}

func TestWhoseRequestsReviveSessions(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"speedlayer": false, "scs": false, "scs-idle": true, "gorilla": false, "gorilla-sliding": true,
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			s, _ := openStored(t, id)
			token, err := s.Login(t.Context(), NewProfile(1))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := s.revived(t.Context(), token); err != nil || got != want {
				t.Errorf("revived: %v, want %v (%v)", got, want, err)
			}
		})
	}
}

// TestWhoseTokensLieInRedis: where a key contains what a client sends, a copy of the
// database lets its reader in.
func TestWhoseTokensLieInRedis(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{"speedlayer": false, "scs": true, "gorilla": false} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			s, client := openStored(t, id)
			token, err := s.Login(t.Context(), NewProfile(1))
			if err != nil {
				t.Fatal(err)
			}
			keys, err := client.Do(t.Context(), client.B().Keys().Pattern("*").Build()).AsStrSlice()
			if err != nil || len(keys) == 0 {
				t.Fatalf("keys %q, %v", keys, err)
			}
			got := slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(key, token) })
			if got != want {
				t.Errorf("a key holds the token: %v, want %v", got, want)
			}
		})
	}
}

// openStored opens a contestant that renews with each request, and a client to look at
// its Redis.
func openStored(t *testing.T, id string) (stored, rueidis.Client) {
	t.Helper()
	redis, err := redisserver.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(redis.Stop)
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{redis.Addr()}, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	i := slices.IndexFunc(All(), func(c Contestant) bool { return c.ID == id })
	s, err := All()[i].Open(t.Context(), Place{Redis: redis.Addr(), TouchInterval: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.(stored), client
}
