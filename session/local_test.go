package session_test

import (
	"context"
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

// revocations are all ways to end a session of user 1.
func revocations(s *Session, token string) map[string]func(context.Context, *bed) error {
	return map[string]func(context.Context, *bed) error{
		"revoke":     func(ctx context.Context, b *bed) error { return b.Revoke(ctx, token) },
		"revoke id":  func(ctx context.Context, b *bed) error { return b.RevokeID(ctx, "1", s.ID) },
		"revoke all": func(ctx context.Context, b *bed) error { return b.RevokeAll(ctx, "1") },
		"advance":    func(ctx context.Context, b *bed) error { return b.Advance(ctx, "1", 1) },
		"everyone":   func(ctx context.Context, b *bed) error { return b.RevokeEveryone(ctx) },
		"rotate":     func(ctx context.Context, b *bed) error { _, _, err := b.Rotate(ctx, token); return err },
		"others": func(ctx context.Context, b *bed) error {
			_, other, err := b.tryLogin(ctx, "1")
			if err != nil {
				return err
			}
			return b.RevokeOthers(ctx, other)
		},
	}
}

// The manager that revokes forgets the session before it returns, with the tracking
// connection too slow to help.
func TestOwnRevocationIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	b := newLocalBed(t, session.Options{})
	for name := range revocations(nil, "") {
		for range 20 {
			token, _ := b.login(t, "1")
			s := b.hot(t, token)
			if err := revocations(s, token)[name](t.Context(), b); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Lookup(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
				t.Fatalf("lookup after %s: %v, want ErrNotFound", name, err)
			}
			b.do(t, "DEL", b.prefix+"epoch:1")
		}
	}
}

// Three more managers stand for three more processes.
func TestRevocationReachesAllManagers(t *testing.T) {
	t.Parallel()
	b := newLocalBed(t, session.Options{})
	var others []*bed
	for range 3 {
		others = append(others, newLocalBed(t, session.Options{Prefix: b.prefix}))
	}
	for name := range revocations(nil, "") {
		token, _ := b.login(t, "1")
		var s *Session
		for _, other := range others {
			s = other.hot(t, token)
		}
		if err := revocations(s, token)[name](t.Context(), b); err != nil {
			t.Fatal(err)
		}
		for _, other := range others {
			eventually(t, func() bool { _, err := other.Lookup(t.Context(), token); return errors.Is(err, session.ErrNotFound) })
		}
		b.do(t, "DEL", b.prefix+"epoch:1")
	}
}

// The kept session stays in the memories of others, or is found in Redis; it is never
// refused.
func TestKeptSessionIsValidForOtherManagersAllTheTime(t *testing.T) {
	t.Parallel()
	b := newLocalBed(t, session.Options{})
	other := newLocalBed(t, session.Options{Prefix: b.prefix})
	token, s := b.login(t, "1")
	for i := range rounds() {
		together(
			func() {
				if err := b.RevokeOthers(t.Context(), s); err != nil {
					t.Error(err)
				}
			},
			func() {
				for range i%5 + 1 {
					other.mustLookup(t, token)
				}
			},
		)
	}
}

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

// A revocation that Redis did not confirm may have been executed: this process asks
// Redis before it lets the session in again.
func TestUnconfirmedRevocationForgetsTheSession(t *testing.T) {
	t.Parallel()
	for name := range revocations(nil, "") {
		if name == "everyone" || name == "others" || name == "advance" {
			continue // their commands do not pass the hook below, or come after others
		}
		armed := false
		client := &hooked{Client: redistest.Shared(t).Client(t)}
		client.before = func([]string) error {
			if armed {
				return errors.New("the connection broke")
			}
			return nil
		}
		b := newBedOn(t, client, session.Options{LocalBytes: 1 << 20, MaxStaleness: 20 * time.Second})
		b.awaitLocal(t)
		token, _ := b.login(t, "1")
		s := b.hot(t, token)
		armed = true
		if err := revocations(s, token)[name](t.Context(), b); err == nil {
			t.Fatal("the revocation succeeded")
		}
		armed = false
		before := b.Stats()
		b.mustLookup(t, token)
		if b.Stats().LocalHits != before.LocalHits && name != "rotate" { // which failed before it wrote
			t.Errorf("%s: the session was still in memory", name)
		}
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

// The old session is still in memory, and so is the epoch of the new one.
func TestNewSessionDoesNotBringTheOldOneBack(t *testing.T) {
	t.Parallel()
	b := newLocalBed(t, session.Options{})
	other := newLocalBed(t, session.Options{Prefix: b.prefix})
	for name := range revocations(nil, "") {
		old, _ := b.login(t, "1")
		s := b.hot(t, old)
		other.hot(t, old)
		if err := revocations(s, old)[name](t.Context(), b); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool { _, err := other.Lookup(t.Context(), old); return errors.Is(err, session.ErrNotFound) })
		token, _ := b.login(t, "1")
		for _, m := range []*bed{b, other} {
			m.hot(t, token)
			if _, err := m.Lookup(t.Context(), old); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("%s: lookup of the old session: %v, want ErrNotFound", name, err)
			}
		}
		b.do(t, "DEL", b.prefix+"epoch:1")
	}
}
