package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// revocations are all ways to end a session.
func revocations(s *Session, token string) map[string]func(context.Context, *bed) error {
	user := "1"
	if s != nil {
		user = s.UserID
	}
	return map[string]func(context.Context, *bed) error{
		"revoke":     func(ctx context.Context, b *bed) error { return b.Revoke(ctx, token) },
		"revoke id":  func(ctx context.Context, b *bed) error { return b.RevokeID(ctx, user, s.ID) },
		"revoke all": func(ctx context.Context, b *bed) error { return b.RevokeAll(ctx, user) },
		"advance":    func(ctx context.Context, b *bed) error { return b.Advance(ctx, user, 1) },
		"everyone":   func(ctx context.Context, b *bed) error { return b.RevokeEveryone(ctx) },
		"rotate":     func(ctx context.Context, b *bed) error { _, _, err := b.Rotate(ctx, token); return err },
		"others": func(ctx context.Context, b *bed) error {
			_, other, err := b.tryLogin(ctx, user)
			if err != nil {
				return err
			}
			return b.RevokeOthers(ctx, other)
		},
	}
}

// The manager that revokes forgets the session before it returns, with the tracking
// connection too slow to help.
func TestOwnRevocationIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	b := newLocalBed(t, session.Options{})
	for name := range revocations(nil, "") {
		for range 20 {
			token, _ := b.login(t, "1")
			s := b.hot(t, token)
			if err := revocations(s, token)[name](t.Context(), b); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Lookup(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
				t.Fatalf("lookup after %s: %v, want ErrNotFound", name, err)
			}
			b.do(t, "DEL", b.prefix+"epoch:1")
		}
	}
}

// Three more managers stand for three more processes.
func TestRevocationReachesAllManagers(t *testing.T) {
	t.Parallel()
	b := newLocalBed(t, session.Options{})
	var others []*bed
	for range 3 {
		others = append(others, newLocalBed(t, session.Options{Prefix: b.prefix}))
	}
	for name := range revocations(nil, "") {
		token, _ := b.login(t, "1")
		var s *Session
		for _, other := range others {
			s = other.hot(t, token)
		}
		if err := revocations(s, token)[name](t.Context(), b); err != nil {
			t.Fatal(err)
		}
		for _, other := range others {
			eventually(t, func() bool { _, err := other.Lookup(t.Context(), token); return errors.Is(err, session.ErrNotFound) })
		}
		b.do(t, "DEL", b.prefix+"epoch:1")
	}
}

// The kept session stays in the memories of others, or is found in Redis; it is never
// refused.
func TestKeptSessionIsValidForOtherManagersAllTheTime(t *testing.T) {
	t.Parallel()
	b := newLocalBed(t, session.Options{})
	other := newLocalBed(t, session.Options{Prefix: b.prefix})
	token, s := b.login(t, "1")
	for i := range rounds() {
		together(
			func() {
				if err := b.RevokeOthers(t.Context(), s); err != nil {
					t.Error(err)
				}
			},
			func() {
				for range i%5 + 1 {
					other.mustLookup(t, token)
				}
			},
		)
	}
}

// A revocation that Redis did not confirm may have been executed: this process asks
// Redis before it lets the session in again.
func TestUnconfirmedRevocationForgetsTheSession(t *testing.T) {
	t.Parallel()
	for name := range revocations(nil, "") {
		if name == "everyone" || name == "others" || name == "advance" {
			continue // their commands do not pass the hook below, or come after others
		}
		armed := false
		client := &hooked{Client: redistest.Shared(t).Client(t)}
		client.before = func([]string) error {
			if armed {
				return errors.New("the connection broke")
			}
			return nil
		}
		b := newBedOn(t, client, session.Options{LocalBytes: 1 << 20, MaxStaleness: 20 * time.Second})
		b.awaitLocal(t)
		token, _ := b.login(t, "1")
		s := b.hot(t, token)
		armed = true
		if err := revocations(s, token)[name](t.Context(), b); err == nil {
			t.Fatal("the revocation succeeded")
		}
		armed = false
		before := b.Stats()
		b.mustLookup(t, token)
		if b.Stats().LocalHits != before.LocalHits && name != "rotate" { // which failed before it wrote
			t.Errorf("%s: the session was still in memory", name)
		}
	}
}

// The old session is still in memory, and so is the epoch of the new one.
func TestNewSessionDoesNotBringTheOldOneBack(t *testing.T) {
	t.Parallel()
	b := newLocalBed(t, session.Options{})
	other := newLocalBed(t, session.Options{Prefix: b.prefix})
	for name := range revocations(nil, "") {
		old, _ := b.login(t, "1")
		s := b.hot(t, old)
		other.hot(t, old)
		if err := revocations(s, old)[name](t.Context(), b); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool { _, err := other.Lookup(t.Context(), old); return errors.Is(err, session.ErrNotFound) })
		token, _ := b.login(t, "1")
		for _, m := range []*bed{b, other} {
			m.hot(t, token)
			if _, err := m.Lookup(t.Context(), old); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("%s: lookup of the old session: %v, want ErrNotFound", name, err)
			}
		}
		b.do(t, "DEL", b.prefix+"epoch:1")
	}
}
