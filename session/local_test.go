package session_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// hot looks a session up until memory has it, to stay.
func (b *bed) hot(tb testing.TB, token string) *Session {
	tb.Helper()
	b.awaitHit(tb, token)
	b.awaitPushes(tb)
	return b.awaitHit(tb, token)
}

func (b *bed) awaitHit(tb testing.TB, token string) (s *Session) {
	tb.Helper()
	eventually(tb, func() bool {
		before := b.Stats().LocalHits
		s = b.mustLookup(tb, token)
		return b.Stats().LocalHits > before
	})
	return s
}

// awaitPushes returns when the local tier has heard of all that was changed before: of
// the session that is deleted here it hears last.
func (b *bed) awaitPushes(tb testing.TB) {
	tb.Helper()
	token, s := b.login(tb, "probe")
	b.awaitHit(tb, token)
	b.do(tb, "DEL", b.prefix+s.ID)
	eventually(tb, func() bool { _, err := b.Lookup(tb.Context(), token); return errors.Is(err, session.ErrNotFound) })
}

func TestHotLookupAsksNobodyAndAllocatesNothing(t *testing.T) {
	var commands atomic.Int64
	client := &hooked{redistest.Shared(t).Client(t), func([]string) error { commands.Add(1); return nil }}
	b := newBedOn(t, client, session.Options{LocalBytes: 1 << 20, MaxStaleness: 20 * time.Second, Realm: "production"})
	b.awaitLocal(t)
	token, _ := b.login(t, "1")
	s := b.hot(t, token)
	if s.UserID != "1" || s.Data["name"] != "Max" {
		t.Errorf("lookup = %+v", s)
	}
	commands.Store(0)
	before := b.Stats()
	allocs := testing.AllocsPerRun(1000, func() {
		s := b.mustLookup(t, token)
		if err := b.Touch(t.Context(), s); err != nil {
			t.Error(err)
		}
	})
	if !raceDetector && allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	if n := commands.Load(); n != 0 {
		t.Errorf("%d commands", n)
	}
	after := b.Stats()
	if after.LocalHits-before.LocalHits != 1001 || after.RedisLookups != before.RedisLookups {
		t.Errorf("counted %+v after %+v", after, before)
	}
}

// Unknown tokens, and those of sessions that have ended, take no room in memory.
func TestFloodOfWorthlessTokensEvictsNothing(t *testing.T) {
	t.Parallel()
	client := redistest.Shared(t).Client(t)
	b := newBedOn(t, client, session.Options{LocalBytes: 128 << 10, MaxStaleness: 20 * time.Second})
	b.awaitLocal(t)
	var tokens []string
	for i := range 20 {
		token, _ := b.login(t, fmt.Sprint("user", i))
		b.hot(t, token)
		tokens = append(tokens, token)
	}
	var dead []string
	for i := range 20 {
		token, _ := b.login(t, fmt.Sprint("dead", i))
		dead = append(dead, token)
		if err := b.RevokeAll(t.Context(), fmt.Sprint("dead", i)); err != nil {
			t.Fatal(err)
		}
	}
	before := b.Stats()
	for i := range 3 * rounds() {
		token := dead[i%len(dead)]
		if i%4 != 0 {
			token = fmt.Sprintf("%043d", i)
		}
		b.mustBeGone(t, token)
	}
	after := b.Stats()
	if after.LocalEntries != before.LocalEntries || after.LocalEvictions != 0 {
		t.Errorf("memory went from %+v to %+v", before, after)
	}
	hits := after.LocalHits
	for _, token := range tokens {
		b.mustLookup(t, token)
	}
	if n := b.Stats().LocalHits - hits; n != 20 {
		t.Errorf("%d of 20 sessions are in memory", n)
	}
}

// A session that is hot is still renewed: the time since Redis was asked counts.
func TestHotSessionIsRenewed(t *testing.T) {
	t.Parallel()
	var touched atomic.Int64
	b := newLocalBed(t, session.Options{TouchInterval: 100 * time.Millisecond, OnEvent: func(e session.Event) {
		if e.Kind == session.EventTouched {
			touched.Add(1)
		}
	}})
	token, _ := b.login(t, "1")
	first := b.hot(t, token)
	eventually(t, func() bool {
		s := b.mustLookup(t, token)
		if err := b.Touch(t.Context(), s); err != nil {
			t.Error(err)
		}
		return s.LastSeenAt.After(first.LastSeenAt)
	})
	if touched.Load() == 0 {
		t.Error("nobody touched it")
	}
}

func TestChangesAreSeenInTheSameProcessAtOnce(t *testing.T) {
	t.Parallel()
	b := newLocalBed(t, session.Options{})
	token, s := b.login(t, "1")
	for i := range 200 {
		b.hot(t, token)
		name := fmt.Sprint("name", i)
		if err := b.Update(t.Context(), s.ID, map[string]string{"name": name, "email": "m"}); err != nil {
			t.Fatal(err)
		}
		if got := b.mustLookup(t, token); got.Data["name"] != name {
			t.Fatalf("name = %q after the update to %q", got.Data["name"], name)
		}
	}
}

func TestClosedManagerAsksRedis(t *testing.T) {
	t.Parallel()
	b := newLocalBed(t, session.Options{})
	token, _ := b.login(t, "1")
	b.hot(t, token)
	b.Close()
	b.Close()
	hits := b.Stats().LocalHits
	b.mustLookup(t, token)
	if s := b.Stats(); s.LocalReady || s.LocalHits != hits {
		t.Errorf("the local tier goes on: %+v", s)
	}
}

func TestNegativeLocalBytesOpenNoConnection(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	tracking := func() int {
		n := 0
		text, err := client.Do(t.Context(), client.B().Arbitrary("INFO", "clients").Build()).ToString()
		if err != nil {
			t.Fatal(err)
		}
		_, rest, found := strings.Cut(text, "tracking_clients:")
		if !found {
			t.Fatal(text)
		}
		if _, err := fmt.Sscan(rest, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	plain := tracking()
	off := newBedOn(t, client, session.Options{LocalBytes: -1})
	off.login(t, "1")
	if n := tracking(); n != plain {
		t.Errorf("%d connections track without a local tier, %d before", n, plain)
	}
	on := newBedOn(t, client, session.Options{LocalBytes: 1 << 20})
	eventually(t, func() bool { return tracking() > plain })
	on.Close()
	eventually(t, func() bool { return tracking() == plain })
}

// A Redis that cannot push is asked every time.
func TestLocalTierWithoutPush(t *testing.T) {
	t.Parallel()
	client := redistest.Shared(t).Client(t, func(o *rueidis.ClientOption) { o.AlwaysRESP2, o.DisableCache = true, true })
	b := newBedOn(t, client, session.Options{LocalBytes: 1 << 20})
	token, _ := b.login(t, "1")
	for range 10 {
		b.mustLookup(t, token)
	}
	if err := b.Revoke(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	b.mustBeGone(t, token)
	if s := b.Stats(); s.LocalReady || s.LocalHits != 0 || s.RedisLookups != 11 {
		t.Errorf("stats %+v", s)
	}
}
