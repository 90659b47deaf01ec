package session_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

func TestRotateReplacesTheTokenAndKeepsTheSession(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	old, s := b.login(t, "1")
	b.age(t, s, 20*time.Minute)
	s = b.mustLookup(t, old)
	token, rotated, err := b.Rotate(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	b.mustBeGone(t, old)
	got := b.mustLookup(t, token)
	if token == old || got.ID == s.ID || got.ID != rotated.ID {
		t.Errorf("ids %s, %s and %s", s.ID, rotated.ID, got.ID)
	}
	if got.UserID != "1" || !maps.Equal(got.Data, s.Data) || got.CreatedAt != s.CreatedAt || got.ExpiresAt != s.ExpiresAt {
		t.Errorf("rotated to %+v from %+v", got, s)
	}
	if left := got.IdleExpiresAt.Sub(got.CheckedAt); left < 29*time.Minute {
		t.Errorf("idle end in %v, want 30m", left)
	}
	b.checkKeys(t)
	if n := b.live(t); n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
}

func TestRotateNeverPassesTheAbsoluteEnd(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{AbsoluteTimeout: 40 * time.Minute})
	token, s := b.login(t, "1")
	b.age(t, s, 20*time.Minute)
	token, s, err := b.Rotate(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if ttl := b.pttl(t, s); ttl > 20*time.Minute {
		t.Errorf("TTL = %v, want the 20m that remain", ttl)
	}
	b.mustLookup(t, token)
}

func TestMarkerOfARotationIsShortLived(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	token, s := b.login(t, "1")
	if _, _, err := b.Rotate(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if ttl := b.pttl(t, s); ttl <= 0 || ttl > time.Minute {
		t.Errorf("TTL of the marker = %v, want at most 1m", ttl)
	}
	if err := b.Touch(t.Context(), aged(s)); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("touch of the marker = %v, want ErrNotFound", err)
	}
	if err := b.Update(t.Context(), s.ID, map[string]string{"a": "b"}); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("update of the marker = %v, want ErrNotFound", err)
	}
	if _, _, err := b.Rotate(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("rotate of the marker = %v, want ErrNotFound", err)
	}
}

func TestLogoutWithATokenOfBeforeEndsTheSession(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	first, _ := b.login(t, "1")
	token := first
	for range 5 {
		var err error
		if token, _, err = b.Rotate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	b.mustBeGone(t, first) // looking must not remove the marker
	if err := b.Revoke(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	b.mustBeGone(t, token)
	if n := b.live(t); n != 0 {
		t.Errorf("%d sessions left", n)
	}
}

// TestRevokeBetweenAnyTwoStepsOfRotate stops a rotation in front of each of its
// commands, logs out with the old token, and lets it go on.
func TestRevokeBetweenAnyTwoStepsOfRotate(t *testing.T) {
	t.Parallel()
	b := eachStep(t, func(b *bed, old string) error { return b.Revoke(context.Background(), old) })
	if n := b.live(t); n != 1 {
		t.Errorf("%d sessions are stored, want the warm-up alone", n)
	}
}

func TestRevokeAllBetweenAnyTwoStepsOfRotate(t *testing.T) {
	t.Parallel()
	eachStep(t, func(b *bed, _ string) error { return b.RevokeAll(context.Background(), "1") })
}

// eachStep returns a bed that shows what all the rotations have left.
func eachStep(t *testing.T, interrupt func(b *bed, old string) error) *bed {
	t.Helper()
	other := newBed(t, session.Options{})
	other.login(t, "warm-up") // so that the scripts are loaded
	for step := 1; ; step++ {
		n := 0
		old := ""
		client := &hooked{Client: redistest.Shared(t).Client(t)}
		client.before = func([]string) error {
			if old == "" {
				return nil
			}
			if n++; n == step {
				return interrupt(other, old)
			}
			return nil
		}
		b := newBedOn(t, client, session.Options{Prefix: other.prefix})
		token, _ := b.login(t, "1")
		old = token
		rotated, _, err := b.Rotate(t.Context(), old)
		steps := n
		old = ""
		if steps < step {
			if step < 5 {
				t.Fatalf("only %d steps: the test looks at nothing", steps)
			}
			if err := other.Revoke(t.Context(), rotated); err != nil { // nobody interrupted this one
				t.Error(err)
			}
			return other
		}
		if err != nil && !errors.Is(err, session.ErrNotFound) {
			t.Errorf("interrupted before step %d: %v", step, err)
		}
		b.mustBeGone(t, token)
		if err == nil {
			b.mustBeGone(t, rotated)
		}
		b.checkKeys(t)
	}
}

// A process that dies in the middle leaves the old token in force or logs out.
// It never leaves two sessions that somebody has a token of.
func TestCrashBetweenAnyTwoStepsOfRotate(t *testing.T) {
	t.Parallel()
	kept, lost := 0, 0
	for step := 1; step <= 5; step++ {
		n, dead := 0, false
		client := &hooked{Client: redistest.Shared(t).Client(t)}
		armed := false
		client.before = func([]string) error {
			if armed {
				n++
			}
			if dead = dead || armed && n == step; dead {
				return errors.New("the process is dead")
			}
			return nil
		}
		b := newBedOn(t, client, session.Options{})
		token, _ := b.login(t, "1")
		b.login(t, "warm-up")
		armed = true
		if rotated, _, err := b.Rotate(t.Context(), token); err == nil {
			if n >= step {
				t.Errorf("step %d failed, yet the rotation succeeded", step)
			}
			token = rotated
		}
		armed, dead = false, false
		switch _, err := b.Lookup(t.Context(), token); {
		case err == nil:
			kept++
		case errors.Is(err, session.ErrNotFound):
			lost++
		default:
			t.Error(err)
		}
		b.checkKeys(t)
	}
	if kept != 5 || lost != 0 {
		t.Errorf("%d kept, %d lost; a crash between steps must lose none", kept, lost)
	}
}

func TestRotateRacingRevoke(t *testing.T) {
	t.Parallel()
	bothTiers(t, session.Options{TouchInterval: -1}, func(t *testing.T, b *bed) {
		ran, won := 0, 0
		began := time.Now()
		for i := 0; i < rounds() || (won == 0 || won == ran) && time.Since(began) < patience; i++ {
			token, s := b.login(t, fmt.Sprint("user", i%10))
			var rotated string
			var err error
			together(
				func() { rotated, _, err = b.Rotate(t.Context(), token) },
				func() {
					for range i % 8 { // a rotation takes some round trips: meet each of them
						b.do(t, "PING")
					}
					revoke(t, b)(token)
				},
				func() { touch(t, b)(t.Context(), aged(s)) },
				func() { update(t, b)(t.Context(), s) },
			)
			b.mustBeGone(t, token)
			ran++
			switch {
			case err == nil:
				won++
				b.mustBeGone(t, rotated)
			case !errors.Is(err, session.ErrNotFound):
				t.Fatal(err)
			}
		}
		if won == 0 || won == ran {
			t.Errorf("the rotation came first in %d of %d rounds: there was no race", won, ran)
		}
		if n := b.live(t); n != 0 {
			t.Errorf("%d sessions left", n)
		}
		b.checkKeys(t)
	})
}

func TestOnlyOneOfManyRotationsSucceeds(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	many := rounds() / 5
	for i := range many {
		token, _ := b.login(t, fmt.Sprint("user", i))
		var succeeded atomic.Int64
		var winner atomic.Value
		var rotations []func()
		for range 4 {
			rotations = append(rotations, func() {
				rotated, _, err := b.Rotate(t.Context(), token)
				if err == nil {
					succeeded.Add(1)
					winner.Store(rotated)
				} else if !errors.Is(err, session.ErrNotFound) {
					t.Error(err)
				}
			})
		}
		together(rotations...)
		if n := succeeded.Load(); n != 1 {
			t.Fatalf("%d rotations succeeded, want 1", n)
		}
		b.mustLookup(t, winner.Load().(string))
	}
	if n := b.live(t); n != many {
		t.Errorf("%d sessions are left of %d", n, many)
	}
	b.checkKeys(t)
}

// Data that is updated while the session rotates is in the new session, where the
// update said that it succeeded.
func TestUpdateDuringRotateIsNotLost(t *testing.T) {
	t.Parallel()
	bothTiers(t, session.Options{}, func(t *testing.T, b *bed) {
		for i := range rounds() {
			old, s := b.login(t, fmt.Sprint("user", i%10))
			var token string
			var rotate, update error
			together(
				func() { token, _, rotate = b.Rotate(t.Context(), old) },
				func() { update = b.Update(t.Context(), s.ID, map[string]string{"name": "Moritz", "email": "m"}) },
			)
			if rotate != nil {
				t.Fatal(rotate)
			}
			if got := b.mustLookup(t, token); update == nil && got.Data["name"] != "Moritz" {
				t.Fatalf("name = %q after a successful update", got.Data["name"])
			}
		}
	})
}
