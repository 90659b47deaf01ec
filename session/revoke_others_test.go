package session_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

func TestRevokeOthersKeepsOneSession(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	mine, s := b.login(t, "1")
	other, _ := b.login(t, "1")
	stranger, _ := b.login(t, "2")
	late, err := b.Epoch(t.Context(), "1") // of a login that has not come to its end
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // s is as it was looked up before the first
		if err := b.RevokeOthers(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		b.mustLookup(t, mine)
		b.mustBeGone(t, other)
		b.mustLookup(t, stranger)
		token, _, err := b.tryCreate(t.Context(), "1", late)
		if err != nil {
			t.Fatal(err)
		}
		b.mustBeGone(t, token)
		b.wantIDs(t, "1", s.ID)
		other, _ = b.login(t, "1")
	}
	if err := b.Touch(t.Context(), aged(s)); err != nil {
		t.Error(err)
	}
	if _, _, err := b.Rotate(t.Context(), mine); err != nil {
		t.Error(err)
	}
	b.checkKeys(t)
}

func TestRevokeOthersKeepsTheVersion(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	b.login(t, "1")
	b.advance(t, "1", 7)
	token, s := b.login(t, "1")
	if err := b.RevokeOthers(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	b.advance(t, "1", 7) // once more, late
	b.mustLookup(t, token)
}

func TestRevokeOthersFromASessionThatHasEndedRevokesNothing(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(b *bed, token string) error{
		"revoked":     func(b *bed, token string) error { return b.Revoke(t.Context(), token) },
		"revoked all": func(b *bed, _ string) error { return b.RevokeAll(t.Context(), "1") },
		"advanced":    func(b *bed, _ string) error { return b.Advance(t.Context(), "1", 1) },
		"rotated":     func(b *bed, token string) error { _, _, err := b.Rotate(t.Context(), token); return err },
	} {
		b := newBed(t, session.Options{})
		token, s := b.login(t, "1")
		if err := end(b, token); err != nil {
			t.Fatal(err)
		}
		other, _ := b.login(t, "1")
		if err := b.RevokeOthers(t.Context(), s); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
		b.mustLookup(t, other)
	}
	b := newBed(t, session.Options{})
	_, s := b.login(t, "1")
	b.do(t, "DEL", b.prefix+"epoch:1")
	if err := b.RevokeOthers(t.Context(), s); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("without an epoch: %v, want ErrNotFound", err)
	}
}

// The process dies in front of one of its commands. The session is valid in any case,
// and the next attempt ends the others.
func TestCrashBetweenAnyTwoStepsOfRevokeOthers(t *testing.T) {
	t.Parallel()
	for step := 1; ; step++ {
		n, armed := 0, false
		client := &hooked{Client: redistest.Shared(t).Client(t)}
		client.before = func([]string) error {
			if n++; armed && n >= step {
				return errors.New("the process is dead")
			}
			return nil
		}
		b := newBedOn(t, client, session.Options{})
		_, warm := b.login(t, "warm-up")
		if err := b.RevokeOthers(t.Context(), warm); err != nil {
			t.Fatal(err)
		}
		mine, s := b.login(t, "1")
		other, _ := b.login(t, "1")
		n, armed = 0, true
		err := b.RevokeOthers(t.Context(), s)
		steps := n
		armed = false
		b.mustLookup(t, mine)
		b.checkKeys(t)
		if err := b.Touch(t.Context(), aged(s)); err != nil {
			t.Error(err)
		}
		if step%2 == 0 { // what is left of the session goes on in another one
			if mine, s, err = b.Rotate(t.Context(), mine); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.RevokeOthers(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		b.mustLookup(t, mine)
		b.mustBeGone(t, other)
		if steps < step {
			if step < 5 || err != nil {
				t.Fatalf("%d steps, %v: the test looks at nothing", steps, err)
			}
			return
		}
	}
}

// While others are being ended, the session that stays is never refused, and a
// session that was ended never found again.
func TestKeptSessionIsValidAllTheTime(t *testing.T) {
	t.Parallel()
	bothTiers(t, session.Options{}, func(t *testing.T, b *bed) {
		mine, s := b.login(t, "1")
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		var lookups atomic.Int64
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				if _, err := b.Lookup(t.Context(), mine); err != nil {
					t.Errorf("lookup %d: %v", lookups.Load(), err)
					return
				}
				lookups.Add(1)
			}
		}()
		for range rounds() {
			other, _ := b.login(t, "1")
			revokeOthers := func() {
				if err := b.RevokeOthers(t.Context(), s); err != nil {
					t.Errorf("revoke others: %v", err)
				}
			}
			together(revokeOthers, revokeOthers)
			b.mustBeGone(t, other)
		}
		stop()
		<-done
		if lookups.Load() == 0 {
			t.Error("nobody looked")
		}
		b.checkKeys(t)
	})
}

// Everything that ends all sessions ends the one that is being kept, whichever comes
// first.
func TestRevokeOthersRacingWhatEndsEverything(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(b *bed, user string, i int) error{
		"revoke all": func(b *bed, user string, _ int) error { return b.RevokeAll(context.Background(), user) },
		"advance":    func(b *bed, user string, i int) error { return b.Advance(context.Background(), user, int64(i+1)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothTiers(t, session.Options{}, func(t *testing.T, b *bed) {
				for i := range rounds() / 2 {
					user := fmt.Sprint("user", i%10)
					mine, s := b.login(t, user)
					other, _ := b.login(t, user)
					together(
						func() {
							if err := b.RevokeOthers(t.Context(), s); err != nil && !errors.Is(err, session.ErrNotFound) {
								t.Error(err)
							}
						},
						func() {
							for range i % 6 {
								b.do(t, "PING")
							}
							if err := end(b, user, i); err != nil {
								t.Error(err)
							}
						},
						func() { _, _ = b.Lookup(t.Context(), mine) },
					)
					b.mustBeGone(t, mine)
					b.mustBeGone(t, other)
				}
				b.checkKeys(t)
			})
		})
	}
}

// Of two sessions that end each other one stays, never none and never both.
func TestTwoSessionsEndEachOther(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	for i := range rounds() {
		user := fmt.Sprint("user", i%10)
		first, s1 := b.login(t, user)
		second, s2 := b.login(t, user)
		var err1, err2 error
		together(
			func() { err1 = b.RevokeOthers(t.Context(), s1) },
			func() { err2 = b.RevokeOthers(t.Context(), s2) },
		)
		_, gone1 := b.Lookup(t.Context(), first)
		_, gone2 := b.Lookup(t.Context(), second)
		if (gone1 == nil) == (gone2 == nil) || (err1 == nil) != (gone1 == nil) || (err2 == nil) != (gone2 == nil) {
			t.Fatalf("round %d: revocations %v and %v, lookups %v and %v", i, err1, err2, gone1, gone2)
		}
	}
	b.checkKeys(t)
}

// Wherever a rotation meets the revocation of all others, its session stays and is
// listed, and the others end if the revocation says so.
func TestRotateRacingRevokeOthers(t *testing.T) {
	t.Parallel()
	bothTiers(t, session.Options{}, func(t *testing.T, b *bed) {
		ran, won := 0, 0
		began := time.Now()
		for i := 0; i < rounds() || (won == 0 || won == ran) && time.Since(began) < patience; i++ {
			user := fmt.Sprint("user", i/5) // List reads the sessions of epochs that are over
			old, s := b.login(t, user)
			other, _ := b.login(t, user)
			var mine string
			var rotated *Session
			var rotate, revoke error
			together(
				func() {
					for range i % 3 {
						b.do(t, "PING")
					}
					mine, rotated, rotate = b.Rotate(t.Context(), old)
				},
				func() {
					for range i % 7 {
						b.do(t, "PING")
					}
					revoke = b.RevokeOthers(t.Context(), s)
				},
				func() { _, _ = b.List(t.Context(), user) },
			)
			if rotate != nil {
				t.Fatalf("round %d: rotate: %v (revoke others: %v)", i, rotate, revoke)
			}
			b.mustBeGone(t, old)
			b.mustLookup(t, mine)
			ran++
			switch {
			case revoke == nil:
				won++
				b.mustBeGone(t, other)
				b.wantIDs(t, user, rotated.ID)
			case !errors.Is(revoke, session.ErrNotFound): // the token was rotated before
				t.Fatal(revoke)
			}
			if err := b.RevokeOthers(t.Context(), rotated); err != nil {
				t.Fatalf("round %d: %v", i, err)
			}
			b.mustLookup(t, mine)
			b.mustBeGone(t, other)
		}
		t.Logf("%d rounds, the revocation came first in %d", ran, won)
		if won == 0 || won == ran {
			t.Errorf("the revocation came first in %d of %d rounds: there was no race", won, ran)
		}
		b.checkKeys(t)
	})
}

// The others are ended in front of the commands of a Lookup: of one, of some, of each
// of the first ones.
func TestLookupBetweenRevocationsOfOthers(t *testing.T) {
	t.Parallel()
	other := newBed(t, session.Options{})
	longest := 0
	for pattern := range 1 << 5 { // bit i: in front of command i
		n, armed := 0, false
		var s *Session
		client := &hooked{Client: redistest.Shared(t).Client(t)}
		client.before = func([]string) error {
			if !armed {
				return nil
			}
			if pattern>>n&1 == 1 {
				if err := other.RevokeOthers(context.Background(), s); err != nil {
					t.Error(err)
				}
			}
			n++
			return nil
		}
		b := newBedOn(t, client, session.Options{Prefix: other.prefix})
		var token string
		token, s = b.login(t, "1")
		armed = true
		if _, err := b.Lookup(t.Context(), token); err != nil {
			t.Errorf("pattern %05b: lookup: %v after %d commands", pattern, err, n)
		}
		armed = false
		longest = max(longest, n)
		if err := b.Revoke(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	if longest < 4 {
		t.Errorf("no lookup took more than %d commands: the test looks at nothing", longest)
	}
}
