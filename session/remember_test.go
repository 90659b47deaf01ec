package session_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/session"
)

func TestSessionsWithLifetimesOfTheirOwn(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	b := newBed(t, session.Options{LongestTimeout: 30 * day})
	for name, tc := range map[string]struct {
		life           []session.Lifetime
		idle, absolute time.Duration
		remembered     bool
	}{
		"as the options say": {nil, 30 * time.Minute, day, false},
		"both":               {[]session.Lifetime{{Idle: 14 * day, Absolute: 30 * day}}, 14 * day, 30 * day, true},
		"absolute alone":     {[]session.Lifetime{{Absolute: 2 * day}}, 30 * time.Minute, 2 * day, true},
		"idle alone":         {[]session.Lifetime{{Idle: time.Hour}}, time.Hour, day, true},
		"longer than all":    {[]session.Lifetime{{Idle: 60 * day, Absolute: 30 * day}}, 30 * day, 30 * day, true},
	} {
		user := strings.ReplaceAll(name, " ", "_")
		e, err := b.Epoch(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		token, _, err := b.Create(t.Context(), user, e, map[string]string{"name": "Max", "email": "m"}, tc.life...)
		if err != nil {
			t.Fatal(err)
		}
		check := func(s *Session) {
			t.Helper()
			if got := s.ExpiresAt.Sub(s.CreatedAt); got != tc.absolute {
				t.Errorf("%s: absolute end after %v, want %v", name, got, tc.absolute)
			}
			if got := s.IdleExpiresAt.Sub(s.CheckedAt); got > tc.idle || got < tc.idle-time.Minute {
				t.Errorf("%s: idle end after %v, want %v", name, got, tc.idle)
			}
			if s.Remembered != tc.remembered {
				t.Errorf("%s: remembered = %v", name, s.Remembered)
			}
			if ttl := time.Duration(b.integer(t, "PTTL", b.prefix+"epoch:"+s.UserID)) * time.Millisecond; ttl <= 30*day {
				t.Errorf("%s: the epoch ends in %v", name, ttl)
			}
		}
		s := b.mustLookup(t, token)
		check(s)
		b.age(t, s, tc.idle/2)
		if err := b.Touch(t.Context(), aged(s)); err != nil {
			t.Fatal(err)
		}
		token, s, err = b.Rotate(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if s.ExpiresAt.Sub(s.CreatedAt) != tc.absolute || s.Remembered != tc.remembered {
			t.Errorf("%s: rotated to %+v", name, s)
		}
		b.mustLookup(t, token)
	}
	b.checkKeys(t)
}

func TestLifetimeIsBounded(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{LongestTimeout: 48 * time.Hour})
	e, err := b.Epoch(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = b.Create(t.Context(), "1", e, nil, session.Lifetime{Absolute: 48*time.Hour + 1})
	if !errors.Is(err, session.ErrInvalid) {
		t.Errorf("error %v, want ErrInvalid", err)
	}
	if n := b.live(t); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// A session with a short idle time must meet a renewal before it ends, whatever
// TouchInterval is.
func TestShortLivedSessionIsRenewedInTime(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{TouchInterval: 10 * time.Minute})
	e, err := b.Epoch(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	token, s, err := b.Create(t.Context(), "1", e, nil, session.Lifetime{Idle: 40 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		b.age(t, s, 21*time.Second)
		if err := b.Touch(t.Context(), b.mustLookup(t, token)); err != nil {
			t.Fatal(err)
		}
	}
	b.mustLookup(t, token)
}
