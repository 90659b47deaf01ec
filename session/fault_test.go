package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// operations are all methods, on a session that exists.
func operations(b *bed, token string, s *Session) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"epoch":      func(ctx context.Context) error { _, err := b.Epoch(ctx, "1"); return err },
		"create":     func(ctx context.Context) error { _, _, err := b.tryCreate(ctx, "1", "e"); return err },
		"lookup":     func(ctx context.Context) error { _, err := b.Lookup(ctx, token); return err },
		"touch":      func(ctx context.Context) error { return b.Touch(ctx, aged(s)) },
		"update":     func(ctx context.Context) error { return b.Update(ctx, s.ID, map[string]string{"a": "b"}) },
		"rotate":     func(ctx context.Context) error { _, _, err := b.Rotate(ctx, token); return err },
		"revoke":     func(ctx context.Context) error { return b.Revoke(ctx, token) },
		"revoke all": func(ctx context.Context) error { return b.RevokeAll(ctx, "1") },
		"revoke id":  func(ctx context.Context) error { return b.RevokeID(ctx, "1", s.ID) },
		"others":     func(ctx context.Context) error { return b.RevokeOthers(ctx, s) },
		"everyone":   func(ctx context.Context) error { return b.RevokeEveryone(ctx) },
		"advance":    func(ctx context.Context) error { return b.Advance(ctx, "1", 1) },
		"list":       func(ctx context.Context) error { _, err := b.List(ctx, "1"); return err },
	}
}

func mustBeUnavailable(t *testing.T, b *bed, token string, s *Session, bound time.Duration) {
	t.Helper()
	for name, op := range operations(b, token, s) {
		began := time.Now()
		err := op(t.Context())
		if took := time.Since(began); took > bound {
			t.Errorf("%s took %v, more than %v", name, took, bound)
		}
		if !errors.Is(err, session.ErrUnavailable) || errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s: %v, want ErrUnavailable", name, err)
		}
	}
}

// slack is what a busy machine may add to a bound.
const slack = 20 * time.Second

func TestKilledRedisIsUnavailableAndComesBack(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.WithAppendOnly())
	patient := newBedOn(t, server.Client(t), session.Options{})
	token, s := patient.login(t, "1")
	b := newBedOn(t, patient.client, session.Options{Prefix: patient.prefix, RedisTimeout: time.Second})
	server.Kill(t)
	mustBeUnavailable(t, b, token, s, time.Second+slack)
	server.Restart(t)
	eventually(t, func() bool {
		_, err := b.Lookup(t.Context(), token)
		if errors.Is(err, session.ErrNotFound) {
			t.Fatal("the session was lost")
		}
		return err == nil
	})
	if err := patient.Touch(t.Context(), aged(s)); err != nil {
		t.Error(err)
	}
	b.checkKeys(t)
}

func TestFrozenRedisIsUnavailableWithinTheBound(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	patient := newBedOn(t, server.Client(t), session.Options{})
	token, s := patient.login(t, "1")
	b := newBedOn(t, patient.client, session.Options{Prefix: patient.prefix, RedisTimeout: 200 * time.Millisecond})
	server.Freeze(t)
	mustBeUnavailable(t, b, token, s, 200*time.Millisecond+slack)
	server.Thaw(t)
	eventually(t, func() bool { _, err := b.Lookup(t.Context(), token); return !errors.Is(err, session.ErrUnavailable) })
	b.checkKeys(t)
}

func TestFlushedRedisKnowsNoSession(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), session.Options{})
	token, s := b.login(t, "1")
	server.Flush(t)
	b.mustBeGone(t, token)
	if err := b.Touch(t.Context(), aged(s)); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("touch = %v, want ErrNotFound", err)
	}
	if n := b.integer(t, "DBSIZE"); n != 0 {
		t.Errorf("%d keys came back", n)
	}
	again, _ := b.login(t, "1")
	b.mustLookup(t, again)
}

// A Redis that was restarted has forgotten the scripts.
func TestScriptsAreLoadedAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), session.Options{})
	for range 2 {
		token, s := b.login(t, "1")
		for name, op := range operations(b, token, s) {
			if err := op(t.Context()); err != nil && !errors.Is(err, session.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		b.do(t, "SCRIPT", "FLUSH")
	}
}

func TestCallersCancellationIsNotUnavailable(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	token, s := b.login(t, "1")
	for name, op := range operations(b, token, s) {
		if err := op(canceled()); !errors.Is(err, context.Canceled) || errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s: %v, want context.Canceled alone", name, err)
		}
	}
	b.mustLookup(t, token)
}

// What Redis refuses for another reason than being away is passed on.
func TestOtherErrorsStayWhatTheyAre(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.CLI(t, "ACL", "SETUSER", "limited", "on", "nopass", "~*", "+@all", "-hgetall", "-hset", "-hget", "-hmget", "-get", "-set", "-scan")
	b := newBedOn(t, server.Client(t), session.Options{})
	token, s := b.login(t, "1")
	limited := newBedOn(t, server.Client(t, func(o *rueidis.ClientOption) { o.Username, o.Password = "limited", "any" }),
		session.Options{Prefix: b.prefix})
	for name, op := range operations(limited, token, s) {
		err := op(t.Context())
		var refusal *rueidis.RedisError
		if !errors.As(err, &refusal) || errors.Is(err, session.ErrUnavailable) || errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s: %v, want Redis's refusal", name, err)
		}
	}
	b.mustLookup(t, token)
}

// Redis out of memory refuses writes; no session is half written.
func TestRedisOutOfMemory(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), session.Options{})
	token, _ := b.login(t, "1")
	epoch, err := b.Epoch(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	server.CLI(t, "CONFIG", "SET", "maxmemory", "1")
	if _, _, err := b.tryCreate(t.Context(), "1", epoch); err == nil {
		t.Error("a session was created without memory")
	}
	if err := b.Revoke(t.Context(), token); err != nil { // frees memory, so it must work
		t.Error(err)
	}
	b.mustBeGone(t, token)
	b.checkKeys(t)
	if n := b.live(t); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

func eventually(tb testing.TB, ok func() bool) {
	tb.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			tb.Fatalf("it did not happen within %v", patience)
		}
	}
}
