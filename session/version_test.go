package session_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/speedlayer/speedlayer/session"
)

func (b *bed) advance(tb testing.TB, user string, version int64) {
	tb.Helper()
	if err := b.Advance(tb.Context(), user, version); err != nil {
		tb.Fatal(err)
	}
}

func (b *bed) version(tb testing.TB, user string) int64 {
	tb.Helper()
	e, err := b.Epoch(tb.Context(), user)
	if err != nil {
		tb.Fatal(err)
	}
	return e.Version()
}

// A user who is gone and comes back has the version of before.
func TestGoneEndsAllSessionsAndKeepsTheVersion(t *testing.T) {
	t.Parallel()
	bothTiers(t, session.Options{}, func(t *testing.T, b *bed) {
		b.login(t, "1")
		b.advance(t, "1", 7)
		for range 2 { // again, and late
			token, _ := b.login(t, "1")
			b.mustLookup(t, token)
			for _, err := range b.AdvanceMany(t.Context(), session.Version[string]{User: "1", Version: 9, Gone: true}, session.Version[string]{User: "2", Gone: true}) {
				if err != nil {
					t.Fatal(err)
				}
			}
			b.mustBeGone(t, token)
			if v := b.version(t, "1"); v != 7 {
				t.Fatalf("version %d, want 7", v)
			}
		}
		back, _ := b.login(t, "1")
		b.advance(t, "1", 8)
		b.mustBeGone(t, back)
		if n, err := b.client.Do(t.Context(), b.client.B().Exists().Key(b.prefix+"epoch:2").Build()).AsInt64(); err != nil || n != 0 {
			t.Errorf("a key of somebody who never logged in (%v)", err)
		}
	})
}

func TestAdvanceEndsTheSessionsOfOlderVersions(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	old, _ := b.login(t, "1")
	other, _ := b.login(t, "2")
	b.advance(t, "1", 3)
	b.mustBeGone(t, old)
	b.mustLookup(t, other)
	token, _ := b.login(t, "1")
	for _, late := range []int64{3, 0, 2, 1, 3} { // again, and in any order
		b.advance(t, "1", late)
	}
	b.mustLookup(t, token)
	if v := b.version(t, "1"); v != 3 {
		t.Errorf("version %d, want 3", v)
	}
	if err := b.RevokeAll(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	b.mustBeGone(t, token)
	token, _ = b.login(t, "1")
	b.advance(t, "1", 3)
	b.mustLookup(t, token)
	b.checkKeys(t)
}

func TestAdvanceOfAUserWithoutEpochWritesNothing(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	b.advance(t, "1", 3)
	if n := len(b.entries(t)); n != 0 {
		t.Errorf("%d keys", n)
	}
}

// Versions are compared as integers, also where a float is not exact.
func TestVersionsAreExact(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	b.login(t, "1")
	for _, v := range []int64{9, 10, 1 << 53, 1<<53 + 1, 1<<53 + 2, math.MaxInt64 - 1, math.MaxInt64} {
		token, _ := b.login(t, "1")
		b.advance(t, "1", v-1)
		b.advance(t, "1", v)
		if got := b.version(t, "1"); got != v {
			t.Errorf("version %d, want %d", got, v)
		}
		b.mustBeGone(t, token)
		b.advance(t, "1", v-1)
		if got := b.version(t, "1"); got != v {
			t.Errorf("version %d after a lower one, want %d", got, v)
		}
	}
}

// An epoch that was written before there were versions counts as version 0.
func TestEpochWithoutVersion(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	for name, end := range map[string]func(user string) error{
		"advance":    func(user string) error { return b.Advance(t.Context(), user, 1) },
		"revoke all": func(user string) error { return b.RevokeAll(t.Context(), user) },
	} {
		b.do(t, "SET", b.prefix+"epoch:"+name, "0123456789abcdef", "PX", "100000000")
		token, _ := b.login(t, name)
		if v := b.version(t, name); v != 0 {
			t.Errorf("version %d, want 0", v)
		}
		b.advance(t, name, 0)
		b.mustLookup(t, token)
		if err := end(name); err != nil {
			t.Fatal(err)
		}
		b.mustBeGone(t, token)
	}
}

func TestAdvanceMany(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	var tokens []string
	var versions []session.Version[string]
	for i := range 100 {
		token, _ := b.login(t, fmt.Sprint(i))
		tokens = append(tokens, token)
		versions = append(versions, session.Version[string]{User: fmt.Sprint(i), Version: int64(i % 2)})
	}
	versions = append(versions, session.Version[string]{User: "", Version: 1}, session.Version[string]{User: "1", Version: -1})
	errs := b.AdvanceMany(t.Context(), versions...)
	if len(errs) != 102 || !errors.Is(errs[100], session.ErrInvalid) || !errors.Is(errs[101], session.ErrInvalid) {
		t.Fatalf("errors %v", errs)
	}
	for i, token := range tokens {
		if errs[i] != nil {
			t.Error(errs[i])
		}
		if i%2 == 1 {
			b.mustBeGone(t, token)
		} else {
			b.mustLookup(t, token)
		}
	}
	if errs := b.AdvanceMany(t.Context()); len(errs) != 0 {
		t.Errorf("errors of nothing: %v", errs)
	}
}

// The versions of a user arrive in any order, twice, from several relays at once, and
// in the middle the user logs in as a login does. Whoever was let in with the latest
// version stays, and nobody else.
func TestLoginRacingAdvance(t *testing.T) {
	t.Parallel()
	bothTiers(t, session.Options{}, func(t *testing.T, b *bed) {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 1))
		for i := range rounds() / 2 {
			user := fmt.Sprint("user", i)
			before, _ := b.login(t, user)
			var token string
			logins := func() {
				e, err := b.Epoch(t.Context(), user)
				if err == nil && e.Version() < 3 { // as the row in the database says
					if err = b.Advance(t.Context(), user, 3); err == nil {
						e, err = b.Epoch(t.Context(), user)
					}
				}
				if err == nil {
					token, _, err = b.tryCreate(t.Context(), user, e)
				}
				if err != nil {
					t.Error(err)
				}
			}
			fs := []func(){logins}
			for _, v := range random.Perm(6) {
				fs = append(fs, func() { b.advance(t, user, int64(v/2+1)) })
			}
			together(fs...)
			b.mustBeGone(t, before)
			if _, err := b.Lookup(t.Context(), token); err != nil {
				t.Fatalf("seed %d, round %d: %v", seed, i, err)
			}
			// The row changes once more between the epoch and the end of a login.
			e, err := b.Epoch(t.Context(), user)
			if err != nil {
				t.Fatal(err)
			}
			together(
				func() {
					if token, _, err = b.tryCreate(t.Context(), user, e); err != nil {
						t.Error(err)
					}
				},
				func() { b.advance(t, user, 4) },
			)
			b.mustBeGone(t, token)
		}
		b.checkKeys(t)
	})
}
