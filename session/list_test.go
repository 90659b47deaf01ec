package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

func (b *bed) ids(tb testing.TB, user string) []string {
	tb.Helper()
	list, err := b.List(tb.Context(), user)
	if err != nil {
		tb.Fatal(err)
	}
	ids := []string{}
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}

func (b *bed) wantIDs(tb testing.TB, user string, want ...string) {
	tb.Helper()
	if got := b.ids(tb, user); !slices.Equal(got, append([]string{}, want...)) {
		tb.Fatalf("list = %v, want %v", got, want)
	}
}

// names are what the index holds.
func (b *bed) names(tb testing.TB, user string) int64 {
	tb.Helper()
	return b.integer(tb, "ZCARD", b.prefix+"of:"+user)
}

func TestListShowsTheLiveSessionsOfOneUserNewestFirst(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	b.wantIDs(t, "1")
	_, oldest := b.login(t, "1")
	b.age(t, oldest, 20*time.Minute)
	_, old := b.login(t, "1")
	b.age(t, old, 10*time.Minute)
	token, young := b.login(t, "1")
	b.login(t, "2")
	b.wantIDs(t, "1", young.ID, old.ID, oldest.ID)
	list, err := b.List(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	if s := list[0]; s.UserID != "1" || s.Data["name"] != "Max" || s.CreatedAt != young.CreatedAt || s.ExpiresAt != young.ExpiresAt {
		t.Errorf("listed %+v, created %+v", s, young)
	}
	if err := b.Touch(t.Context(), aged(list[1])); err != nil { // what List returns is as good as a Lookup
		t.Error(err)
	}

	rotated, s, err := b.Rotate(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	b.wantIDs(t, "1", s.ID, old.ID, oldest.ID)
	if err := b.Revoke(t.Context(), rotated); err != nil {
		t.Fatal(err)
	}
	b.wantIDs(t, "1", old.ID, oldest.ID)
	if n := b.names(t, "1"); n != 2 {
		t.Errorf("%d names in the index, want 2", n)
	}
	if err := b.RevokeAll(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	b.wantIDs(t, "1")
	for _, s := range []*Session{old, oldest} { // as after their idle end
		b.do(t, "DEL", b.prefix+s.ID)
	}
	b.wantIDs(t, "1")
	if n := b.names(t, "1"); n != 0 {
		t.Errorf("%d names left by List, want none", n)
	}
	b.checkKeys(t)
}

func TestListRemovesTheNamesOfSessionsThatExpired(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	_, gone := b.login(t, "1")
	_, s := b.login(t, "1")
	b.do(t, "DEL", b.prefix+gone.ID) // as after its idle end
	b.wantIDs(t, "1", s.ID)
	if n := b.names(t, "1"); n != 1 {
		t.Errorf("%d names, want 1", n)
	}
}

// What nobody lists goes with its absolute end.
func TestIndexIsBoundedWithoutList(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	key := b.prefix + "of:1"
	_, s := b.login(t, "1")
	if end := b.integer(t, "PEXPIRETIME", key); end != s.ExpiresAt.UnixMilli() {
		t.Errorf("the index goes at %d, the session at %d", end, s.ExpiresAt.UnixMilli())
	}
	b.do(t, "ZADD", key, "1", strings.Repeat("a", 64)) // one whose end is long past
	_, later := b.login(t, "1")
	if n := b.names(t, "1"); n != 2 {
		t.Errorf("%d names, want 2", n)
	}
	short := newBedOn(t, b.client, session.Options{Prefix: b.prefix, AbsoluteTimeout: time.Minute})
	short.login(t, "1")
	if end := b.integer(t, "PEXPIRETIME", key); end != later.ExpiresAt.UnixMilli() {
		t.Errorf("a short session cut the index to %d from %d", end, later.ExpiresAt.UnixMilli())
	}
}

func TestDamagedIndexHeals(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	key := b.prefix + "of:1"
	b.do(t, "SET", key, "x")
	b.wantIDs(t, "1")
	_, s := b.login(t, "1")
	token, other := b.login(t, "2")
	b.do(t, "ZADD", key, "9e15", "epoch:2", "9e15", "epoch:1", "9e15", other.ID)
	b.wantIDs(t, "1", s.ID)
	b.mustLookup(t, token)
	b.do(t, "PERSIST", key)
	b.login(t, "1")
	b.checkKeys(t)
}

func TestRevokeIDEndsOnlyTheUsersOwn(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	mine, s := b.login(t, "1")
	other, _ := b.login(t, "1")
	for _, id := range []string{"", "epoch:1", "of:1", strings.Repeat("0", 64), strings.ToUpper(s.ID), s.ID[1:], "*"} {
		if err := b.RevokeID(t.Context(), "1", id); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("revoke of %q: %v, want ErrNotFound", id, err)
		}
	}
	if err := b.RevokeID(t.Context(), "2", s.ID); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("revoke of somebody else's: %v, want ErrNotFound", err)
	}
	b.mustLookup(t, mine)
	if err := b.RevokeID(t.Context(), "1", s.ID); err != nil {
		t.Fatal(err)
	}
	b.mustBeGone(t, mine)
	b.mustLookup(t, other)
	if err := b.RevokeID(t.Context(), "1", s.ID); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("second revoke: %v, want ErrNotFound", err)
	}
	if n := b.names(t, "1"); n != 1 {
		t.Errorf("%d names, want 1", n)
	}
}

// The id that the user saw in a list is that of before the rotation.
func TestRevokeIDFollowsARotation(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	old, s := b.login(t, "1")
	token, _, err := b.Rotate(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.RevokeID(t.Context(), "2", s.ID); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("revoke of somebody else's: %v, want ErrNotFound", err)
	}
	b.mustLookup(t, token)
	if err := b.RevokeID(t.Context(), "1", s.ID); err != nil {
		t.Fatal(err)
	}
	b.mustBeGone(t, token)
}

// At no moment a session that somebody has the token of is missing, while others
// come and go and lists are cleaned.
func TestListNeverMissesALiveSession(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	_, constant := b.login(t, "1")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if _, err := b.List(t.Context(), "1"); err != nil {
				t.Error(err)
			}
		}
	}()
	for i := range rounds() {
		token, s := b.login(t, "1")
		if i%2 == 0 {
			var err error
			if token, s, err = b.Rotate(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		if got := b.ids(t, "1"); !slices.Contains(got, s.ID) || !slices.Contains(got, constant.ID) {
			t.Fatalf("round %d: %s or %s is missing from %v", i, s.ID, constant.ID, got)
		}
		if err := b.Revoke(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if got := b.ids(t, "1"); len(got) != 1 {
			t.Fatalf("round %d: %v are left", i, got)
		}
	}
	stop()
	<-done
	b.checkKeys(t)
}

func TestLongListInACluster(t *testing.T) {
	t.Parallel()
	b := newBedOn(t, redistest.StartCluster(t, 3).Client(t), session.Options{})
	want := map[string]bool{}
	for range 150 {
		_, s := b.login(t, "user{1}")
		want[s.ID] = true
	}
	for _, id := range b.ids(t, "user{1}") {
		if !want[id] {
			t.Errorf("%s comes twice, or from nowhere", id)
		}
		delete(want, id)
	}
	if len(want) > 0 {
		t.Errorf("%s are missing", fmt.Sprint(want))
	}
}
