package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/session"
)

func TestRevokeAllEndsEverySessionOfOneUser(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	first, _ := b.login(t, "1")
	second, _ := b.login(t, "1")
	other, _ := b.login(t, "2")
	if err := b.RevokeAll(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	b.mustBeGone(t, first)
	b.mustBeGone(t, second)
	b.mustLookup(t, other)
	again, _ := b.login(t, "1")
	b.mustLookup(t, again)
	b.checkKeys(t)
}

// What RevokeAll leaves of a session in Redis goes when the session would have.
func TestSessionOfAnEpochThatIsOverGoesWithItsTTL(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	token, s := b.login(t, "1")
	end := b.expiry(t, s)
	if err := b.RevokeAll(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b.mustBeGone(t, token)
	}
	if after := b.expiry(t, s); after != end {
		t.Errorf("the key goes at %d, want %d", after, end)
	}
	if _, _, err := b.Rotate(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("rotate = %v, want ErrNotFound", err)
	}
	b.checkKeys(t)
}

func TestRevokeAllBeforeTheFirstLogin(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	if err := b.RevokeAll(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	if n := len(b.entries(t)); n != 0 {
		t.Errorf("%d keys of a user who never logged in", n)
	}
	token, _ := b.login(t, "1")
	b.mustLookup(t, token)
	b.checkKeys(t)
}

// A login that took its epoch before Redis lost it, and before RevokeAll found none,
// is dead too.
func TestRevokeAllOfALostEpochEndsLoginsUnderWay(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	e, err := b.Epoch(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	b.do(t, "DEL", b.prefix+"epoch:1")
	if err := b.RevokeAll(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	token, _, err := b.Create(t.Context(), "1", e, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.mustBeGone(t, token)
	b.login(t, "1")
	b.mustBeGone(t, token)
}

func TestSessionWithoutEpochIsGone(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	token, _ := b.login(t, "1")
	b.do(t, "DEL", b.prefix+"epoch:1")
	b.mustBeGone(t, token)
	// A new epoch never meets an old session's.
	fresh, _ := b.login(t, "1")
	b.mustLookup(t, fresh)
	b.mustBeGone(t, token)
}

func TestDamagedEpochEndsSessionsAndHeals(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	token, _ := b.login(t, "1")
	b.do(t, "DEL", b.prefix+"epoch:1")
	b.do(t, "RPUSH", b.prefix+"epoch:1", "x")
	b.mustBeGone(t, token)
	fresh, _ := b.login(t, "1")
	b.mustLookup(t, fresh)
	b.checkKeys(t)
}

func TestEpochOutlivesEverySession(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	key := b.prefix + "epoch:1"
	b.login(t, "1")
	b.do(t, "PEXPIRE", key, "60000") // as after most of its life
	_, s := b.login(t, "1")
	if ttl := time.Duration(b.integer(t, "PTTL", key)) * time.Millisecond; ttl <= s.ExpiresAt.Sub(s.CreatedAt) {
		t.Errorf("the epoch ends in %v, the session in 24h", ttl)
	}

	// A manager with longer sessions extends it, one with shorter ones does not cut it.
	long := newBedOn(t, b.client, session.Options{Prefix: b.prefix, AbsoluteTimeout: 720 * time.Hour})
	long.login(t, "1")
	b.login(t, "1")
	if ttl := time.Duration(b.integer(t, "PTTL", key)) * time.Millisecond; ttl <= 720*time.Hour {
		t.Errorf("the epoch ends in %v, the longest session in 720h", ttl)
	}
}

func TestUserIdsDoNotMeet(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	tokens := map[string]string{}
	ids := []string{"1", "1:", ":1", "{1}", "%7B1%7D", "1\x00", "1 ", "epoch:1"}
	for _, id := range ids {
		tokens[id], _ = b.login(t, id)
	}
	for i, id := range ids {
		if err := b.RevokeAll(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		b.mustBeGone(t, tokens[id])
		for _, later := range ids[i+1:] {
			b.mustLookup(t, tokens[later])
		}
	}
}
