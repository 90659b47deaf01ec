package session_test

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

func TestTouchSlidesTheIdleEnd(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	token, s := b.login(t, "1")
	b.age(t, s, 20*time.Minute)
	s = b.mustLookup(t, token)
	if left := s.IdleExpiresAt.Sub(s.CheckedAt); left > 10*time.Minute || left < 9*time.Minute {
		t.Fatalf("idle end in %v, want 10m", left)
	}
	if err := b.Touch(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	renewed := b.mustLookup(t, token)
	if left := renewed.IdleExpiresAt.Sub(renewed.CheckedAt); left > 30*time.Minute || left < 29*time.Minute {
		t.Errorf("idle end in %v, want 30m", left)
	}
	if renewed.ExpiresAt != s.ExpiresAt || renewed.CreatedAt != s.CreatedAt {
		t.Errorf("the touch moved the absolute end from %v to %v", s.ExpiresAt, renewed.ExpiresAt)
	}
	if !renewed.LastSeenAt.After(s.LastSeenAt) {
		t.Errorf("last seen at %v, before %v", renewed.LastSeenAt, s.LastSeenAt)
	}
}

func TestTouchNeverPassesTheAbsoluteEnd(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{IdleTimeout: 30 * time.Minute, AbsoluteTimeout: 40 * time.Minute})
	token, s := b.login(t, "1")
	b.age(t, s, 25*time.Minute)
	if err := b.Touch(t.Context(), b.mustLookup(t, token)); err != nil {
		t.Fatal(err)
	}
	if ttl := b.pttl(t, s); ttl > 15*time.Minute {
		t.Errorf("TTL = %v, want at most the 15m that remain", ttl)
	}
	if s := b.mustLookup(t, token); s.IdleExpiresAt.After(s.ExpiresAt) {
		t.Errorf("idle end %v after the absolute end %v", s.IdleExpiresAt, s.ExpiresAt)
	}
}

func TestShortAbsoluteTimeoutBoundsTheFirstTTL(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{IdleTimeout: 30 * time.Minute, AbsoluteTimeout: 10 * time.Minute})
	_, s := b.login(t, "1")
	if ttl := b.pttl(t, s); ttl > 10*time.Minute {
		t.Errorf("TTL = %v, want at most 10m", ttl)
	}
}

// A key that should have expired, but did not, is still no session.
func TestBothEndsAreCheckedBesideTheTTL(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	for name, fields := range map[string][]string{
		"idle":     {"_seen"},
		"absolute": {"_created", "_expires"},
	} {
		for op, end := range map[string]func(string, *Session) error{
			"lookup": func(token string, _ *Session) error { _, err := b.Lookup(t.Context(), token); return err },
			"touch":  func(_ string, s *Session) error { return b.Touch(t.Context(), aged(s)) },
			"rotate": func(token string, _ *Session) error { _, _, err := b.Rotate(t.Context(), token); return err },
		} {
			token, s := b.login(t, "1")
			for _, field := range fields {
				b.do(t, "HINCRBY", b.prefix+s.ID, field, strconv.FormatInt(-(25*time.Hour).Milliseconds(), 10))
			}
			b.do(t, "PERSIST", b.prefix+s.ID)
			if err := end(token, s); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("%s of a session past its %s end: %v, want ErrNotFound", op, name, err)
			}
			if b.integer(t, "EXISTS", b.prefix+s.ID) != 0 {
				t.Errorf("%s left the session that is past its %s end", op, name)
			}
		}
	}
}

func TestTouchIsThrottled(t *testing.T) {
	t.Parallel()
	var commands atomic.Int64
	client := &hooked{redistest.Shared(t).Client(t), func([]string) error { commands.Add(1); return nil }}
	b := newBedOn(t, client, session.Options{})
	token, s := b.login(t, "1")

	b.age(t, s, 50*time.Second)
	s = b.mustLookup(t, token)
	commands.Store(0)
	if err := b.Touch(t.Context(), s); err != nil || commands.Load() != 0 {
		t.Errorf("touch after 50s: %v, %d commands, want none", err, commands.Load())
	}

	b.age(t, s, 11*time.Second)
	stale := b.mustLookup(t, token)
	commands.Store(0)
	if err := b.Touch(t.Context(), stale); err != nil || commands.Load() == 0 {
		t.Errorf("touch after 61s: %v, %d commands, want one", err, commands.Load())
	}

	// A second request that looked the session up at the same time writes nothing.
	renewed := b.mustLookup(t, token)
	b.do(t, "PEXPIRE", b.prefix+s.ID, "1000000")
	if err := b.Touch(t.Context(), stale); err != nil {
		t.Fatal(err)
	}
	if ttl := b.pttl(t, s); ttl > 1000*time.Second {
		t.Errorf("TTL = %v: renewed twice in a minute", ttl)
	}
	if again := b.mustLookup(t, token); again.LastSeenAt != renewed.LastSeenAt {
		t.Error("the second touch moved the last renewal")
	}
}

// A session in use lives on, however TouchInterval and IdleTimeout relate.
func TestTouchIntervalLeavesRoomForRenewal(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{IdleTimeout: 40 * time.Second, TouchInterval: time.Hour})
	token, s := b.login(t, "1")
	for range 10 {
		b.age(t, s, 21*time.Second)
		if err := b.Touch(t.Context(), b.mustLookup(t, token)); err != nil {
			t.Fatal(err)
		}
	}
	b.mustLookup(t, token)
}

// TestExpiryIsFinal uses real, short lifetimes: requests hammer sessions until they
// end, and then go on. What was gone once must never be found again.
func TestExpiryIsFinal(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]session.Options{
		"idle":     {IdleTimeout: 100 * time.Millisecond, TouchInterval: time.Hour},
		"absolute": {IdleTimeout: 100 * time.Millisecond, AbsoluteTimeout: 150 * time.Millisecond, TouchInterval: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothTiers(t, o, func(t *testing.T, b *bed) {
				var revived atomic.Int64
				for batch := rounds() / 100; batch > 0; batch-- {
					var wg sync.WaitGroup
					for range 100 {
						wg.Go(func() {
							token, s, err := b.tryLogin(t.Context(), "1")
							if err != nil {
								t.Error(err)
								return
							}
							for err == nil {
								_ = b.Update(t.Context(), s.ID, map[string]string{"name": "Moritz", "email": "m"})
								if name == "absolute" {
									_ = b.Touch(t.Context(), s)
								}
								_, err = b.Lookup(t.Context(), token)
							}
							if !errors.Is(err, session.ErrNotFound) {
								t.Error(err)
							}
							_ = b.Touch(t.Context(), aged(s))
							_ = b.Update(t.Context(), s.ID, map[string]string{"name": "Moritz", "email": "m"})
							if _, err := b.Lookup(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
								revived.Add(1)
							}
						})
					}
					wg.Wait()
				}
				if n := revived.Load(); n != 0 {
					t.Errorf("%d sessions were revived", n)
				}
				b.checkKeys(t)
				if n := b.live(t); n != 0 {
					t.Errorf("%d sessions left", n)
				}
			})
		})
	}
}
