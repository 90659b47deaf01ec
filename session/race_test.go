package session_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/session"
)

// revivals counts what a race found.
type revivals struct {
	during int // the write that raced the end won
	after  int // a write that came after the end did
}

// race runs a write against the end of a session, many times, and counts how often
// the session, or anything under its key, was there afterwards.
func race(t *testing.T, b *bed, write func(context.Context, *Session), end func(string)) revivals {
	t.Helper()
	var found revivals
	for i := range rounds() {
		found.add(t, b, i, write, end)
	}
	return found
}

// add runs round i of a race.
func (found *revivals) add(t *testing.T, b *bed, i int, write func(context.Context, *Session), end func(string)) {
	t.Helper()
	token, s := b.login(t, fmt.Sprint("user", i%10))
	key := b.prefix + s.ID
	together(
		func() {
			for range i % 3 { // meet the end at different moments
				b.do(t, "PING")
			}
			write(t.Context(), aged(s))
		},
		func() { end(token) },
		func() { _, _ = b.Lookup(t.Context(), token) },
	)
	exists := b.integer(t, "EXISTS", key)
	if _, err := b.Lookup(t.Context(), token); exists != 0 || !errors.Is(err, session.ErrNotFound) {
		found.during++
	}
	b.do(t, "DEL", key)
	write(t.Context(), aged(s))
	found.after += int(b.integer(t, "EXISTS", key))
}

// patience is how long a race is repeated until it went both ways, and how long a
// test waits for what must happen.
const patience = time.Minute

func touch(t *testing.T, b *bed) func(context.Context, *Session) {
	t.Helper()
	return func(ctx context.Context, s *Session) {
		if err := b.Touch(ctx, s); err != nil && !errors.Is(err, session.ErrNotFound) {
			t.Errorf("touch: %v", err)
		}
	}
}

func update(t *testing.T, b *bed) func(context.Context, *Session) {
	t.Helper()
	return func(ctx context.Context, s *Session) {
		err := b.Update(ctx, s.ID, map[string]string{"name": "Moritz", "email": "m"})
		if err != nil && !errors.Is(err, session.ErrNotFound) {
			t.Errorf("update: %v", err)
		}
	}
}

func revoke(t *testing.T, b *bed) func(string) {
	t.Helper()
	return func(token string) {
		if err := b.Revoke(t.Context(), token); err != nil {
			t.Errorf("revoke: %v", err)
		}
	}
}

func TestNothingRevivesARevokedSession(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(*testing.T, *bed) func(context.Context, *Session){
		"touch": touch, "update": update,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothTiers(t, session.Options{TouchInterval: -1}, func(t *testing.T, b *bed) {
				if n := race(t, b, write(t, b), revoke(t, b)); n != (revivals{}) {
					t.Errorf("revivals: %+v", n)
				}
				b.checkKeys(t)
				if n := b.live(t); n != 0 {
					t.Errorf("%d sessions left", n)
				}
			})
		})
	}
}

func TestDoubleRevoke(t *testing.T) {
	t.Parallel()
	bothTiers(t, session.Options{TouchInterval: -1}, func(t *testing.T, b *bed) {
		twice := func(token string) {
			together(func() { revoke(t, b)(token) }, func() { revoke(t, b)(token) })
		}
		if n := race(t, b, touch(t, b), twice); n != (revivals{}) {
			t.Errorf("revivals: %+v", n)
		}
		b.checkKeys(t)
	})
}

// The same race and the same checks must find the writes that others use: without
// the guard a session comes back, and it has no TTL.
func TestTheRaceFindsUnguardedWrites(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]func(b *bed, s *Session) []string{
		"unguarded update": func(b *bed, s *Session) []string {
			return []string{"HSET", b.prefix + s.ID, "name", "Moritz"}
		},
		"unguarded save": func(b *bed, s *Session) []string { // as stores do that write the whole session back
			return []string{
				"HSET", b.prefix + s.ID, "user_id", s.UserID, "name", "Max", "email", "max@example.com",
				"_epoch", b.epochOf(t, s), "_created", millis(s.CreatedAt), "_seen", millis(s.LastSeenAt),
				"_expires", millis(s.ExpiresAt), "_idle", "1800000",
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, session.Options{TouchInterval: -1})
			write := func(_ context.Context, s *Session) { b.do(t, command(b, s)...) }
			var found revivals
			ran := 0
			for began := time.Now(); found.during == 0 && time.Since(began) < patience; ran++ {
				found.add(t, b, ran, write, revoke(t, b))
			}
			if found.during == 0 || found.after != ran {
				t.Errorf("the race found %+v in %d rounds", found, ran)
			}
			if len(b.faults(t)) == 0 {
				t.Error("the check of the keys found no fault")
			}
		})
	}
}

func TestNothingRevivesASessionAfterRevokeAll(t *testing.T) {
	t.Parallel()
	bothTiers(t, session.Options{TouchInterval: -1}, func(t *testing.T, b *bed) {
		revived := 0
		for i := range rounds() {
			user := fmt.Sprint("user", i%10)
			token, s := b.login(t, user)
			together(
				func() {
					if s, err := b.Lookup(t.Context(), token); err == nil {
						touch(t, b)(t.Context(), s)
					}
				},
				func() { touch(t, b)(t.Context(), aged(s)) },
				func() { update(t, b)(t.Context(), s) },
				func() {
					if err := b.RevokeAll(t.Context(), user); err != nil {
						t.Error(err)
					}
				},
			)
			touch(t, b)(t.Context(), aged(s))
			update(t, b)(t.Context(), s)
			if _, err := b.Lookup(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
				revived++
			}
		}
		if revived != 0 {
			t.Errorf("%d revivals", revived)
		}
		b.checkKeys(t)
	})
}

// A login that looked at the password before RevokeAll, which follows the change of
// that password, must not leave a session, wherever the two meet.
func TestLoginRacingRevokeAll(t *testing.T) {
	t.Parallel()
	bothTiers(t, session.Options{}, func(t *testing.T, b *bed) {
		for i := range rounds() {
			user := fmt.Sprint("user", i%10)
			epoch, err := b.Epoch(t.Context(), user)
			if err != nil {
				t.Fatal(err)
			}
			var token string
			together(
				func() {
					if token, _, err = b.Create(t.Context(), user, epoch, map[string]string{"name": "Max", "email": "m"}); err != nil {
						t.Error(err)
					}
				},
				func() {
					if err := b.RevokeAll(t.Context(), user); err != nil {
						t.Error(err)
					}
				},
			)
			b.mustBeGone(t, token)
		}
		b.checkKeys(t)
	})
}

// Logins at the same time share one epoch: none ends another.
func TestFirstLoginsOfAUserShareAnEpoch(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	for i := range rounds() / 10 {
		user := fmt.Sprint("user", i)
		tokens := make([]string, 4)
		var logins []func()
		for j := range tokens {
			logins = append(logins, func() {
				var err error
				if tokens[j], _, err = b.tryLogin(t.Context(), user); err != nil {
					t.Error(err)
				}
			})
		}
		together(logins...)
		for _, token := range tokens {
			b.mustLookup(t, token)
		}
	}
}
