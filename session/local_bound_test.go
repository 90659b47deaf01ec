package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// A frozen Redis pushes nothing, and confirms nothing. MaxStaleness later nobody is let
// in from memory, in none of three managers.
func TestFrozenRedisEndsLocalHits(t *testing.T) {
	t.Parallel()
	const staleness = 500 * time.Millisecond
	server := redistest.Start(t)
	o := session.Options{LocalBytes: 1 << 20, MaxStaleness: staleness, RedisTimeout: 50 * time.Millisecond}
	maker := newBedOn(t, server.Client(t), session.Options{})
	o.Prefix = maker.prefix
	token, s := maker.login(t, "1")
	var managers []*bed
	for range 3 {
		b := newBedOn(t, server.Client(t), o)
		eventually(t, func() bool {
			before := b.Stats().LocalHits
			_, _ = b.Lookup(t.Context(), token)
			return b.Stats().LocalHits > before
		})
		managers = append(managers, b)
	}
	if err := maker.Revoke(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	server.Freeze(t)
	frozen := time.Now()
	for _, b := range managers {
		for started := time.Now(); ; started = time.Now() {
			_, err := b.Lookup(t.Context(), token)
			if started.Sub(frozen) > staleness {
				if !errors.Is(err, session.ErrUnavailable) {
					t.Errorf("lookup %v after the freeze: %v, want ErrUnavailable", started.Sub(frozen), err)
				}
				break
			}
			if err == nil {
				t.Log("found in memory", started.Sub(frozen), "after the freeze")
			}
		}
		if err := b.Touch(t.Context(), aged(s)); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("touch: %v, want ErrUnavailable", err)
		}
	}
	server.Thaw(t)
	for _, b := range managers {
		eventually(t, func() bool { _, err := b.Lookup(t.Context(), token); return errors.Is(err, session.ErrNotFound) })
	}
}

// Nothing pushes when a session's idle time is over and Redis has not noticed. Memory
// knows when it ends, and lets nobody in later.
func TestMemoryKnowsTheEnds(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]session.Options{
		"idle":     {IdleTimeout: 2 * time.Second},
		"absolute": {AbsoluteTimeout: 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			o.LocalBytes, o.MaxStaleness, o.RedisTimeout = 1<<20, time.Minute, 5*time.Second
			b := newBedOn(t, server.Client(t), o)
			b.awaitLocal(t)
			var token string
			var created time.Time // not before the session was stored
			eventually(t, func() bool {
				token, _ = b.login(t, "1")
				created = time.Now()
				hits := b.Stats().LocalHits
				for b.Stats().LocalHits == hits {
					if _, err := b.Lookup(t.Context(), token); err != nil {
						return false // it ended before it was in memory: the machine had a pause
					}
				}
				return true
			})
			server.Freeze(t)
			for started := time.Now(); ; started = time.Now() {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				_, err := b.Lookup(ctx, token)
				cancel()
				if err != nil {
					if !errors.Is(err, session.ErrUnavailable) {
						t.Errorf("lookup: %v, want ErrUnavailable", err)
					}
					break
				}
				if over := started.Sub(created) - 2*time.Second; over > 0 {
					t.Fatalf("found in memory %v after its end", over)
				}
			}
		})
	}
}
