package session_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/session"
)

func TestLookupReturnsWhatWasCreated(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	token, created := b.login(t, "1")
	got := b.mustLookup(t, token)
	if got.ID != created.ID || got.UserID != "1" || got.CreatedAt != created.CreatedAt ||
		got.LastSeenAt != created.CreatedAt || got.ExpiresAt != created.ExpiresAt {
		t.Errorf("lookup = %+v, created %+v", got, created)
	}
	if want := map[string]string{"name": "Max", "email": "max@example.com"}; !maps.Equal(got.Data, want) || !maps.Equal(created.Data, want) {
		t.Errorf("data = %v and %v, want %v", got.Data, created.Data, want)
	}
	if d := got.ExpiresAt.Sub(got.CreatedAt); d != 24*time.Hour {
		t.Errorf("absolute life = %v, want 24h", d)
	}
	if d := created.IdleExpiresAt.Sub(created.CreatedAt); d != 30*time.Minute {
		t.Errorf("idle life = %v, want 30m", d)
	}
	if late := got.IdleExpiresAt.Sub(created.IdleExpiresAt).Abs(); late > time.Second {
		t.Errorf("idle end moved by %v without a touch", late)
	}
	b.checkKeys(t)
}

func TestSessionIsAHashUnderTheContractsKey(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	_, s := b.login(t, "1")
	for field, want := range map[string]string{"user_id": "1", "name": "Max", "email": "max@example.com"} {
		if got, _ := b.do(t, "HGET", b.prefix+s.ID, field).ToString(); got != want {
			t.Errorf("HGET %s = %q, want %q", field, got, want)
		}
	}
	if ttl := b.pttl(t, s); ttl <= 29*time.Minute || ttl > 30*time.Minute {
		t.Errorf("TTL = %v, want about 30m", ttl)
	}
	if ttl := time.Duration(b.integer(t, "PTTL", b.prefix+"epoch:1")) * time.Millisecond; ttl <= 24*time.Hour {
		t.Errorf("TTL of the epoch = %v, want more than the absolute 24h", ttl)
	}
}

func TestDataOfAnyBytes(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	const user = "uid {1}\x00\xff 日本"
	want := map[string]string{"ä{}": "\x00\xff\r\n", "empty": "", "n": "1e3"}
	epoch, err := b.Epoch(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := b.Create(t.Context(), user, epoch, want)
	if err != nil {
		t.Fatal(err)
	}
	if s := b.mustLookup(t, token); s.UserID != user || !maps.Equal(s.Data, want) {
		t.Errorf("lookup = %q %q", s.UserID, s.Data)
	}
}

func TestInvalidInputIsRefused(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	many := map[string]string{}
	for i := range 65 {
		many[strings.Repeat("x", i+1)] = ""
	}
	for name, tc := range map[string]struct {
		user  string
		epoch session.Epoch
		data  map[string]string
	}{
		"no user":        {"", "e", nil},
		"long user":      {strings.Repeat("u", 1025), "e", nil},
		"no epoch":       {"1", "", nil},
		"reserved name":  {"1", "e", map[string]string{"_epoch": "x"}},
		"user_id":        {"1", "e", map[string]string{"user_id": "2"}},
		"empty name":     {"1", "e", map[string]string{"": "x"}},
		"long name":      {"1", "e", map[string]string{strings.Repeat("n", 65): "x"}},
		"many fields":    {"1", "e", many},
		"too many bytes": {"1", "e", map[string]string{"x": strings.Repeat("x", 16<<10)}},
	} {
		if token, _, err := b.Create(t.Context(), tc.user, tc.epoch, tc.data); !errors.Is(err, session.ErrInvalid) || token != "" {
			t.Errorf("%s: %q, %v; want ErrInvalid", name, token, err)
		}
	}
	_, s := b.login(t, "1")
	if err := b.Update(t.Context(), s.ID, map[string]string{"user_id": "2"}); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("update of user_id: %v, want ErrInvalid", err)
	}
	if _, err := b.Epoch(t.Context(), ""); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("epoch of nobody: %v, want ErrInvalid", err)
	}
	if err := b.RevokeAll(t.Context(), ""); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("revoke all of nobody: %v, want ErrInvalid", err)
	}
}

func TestUpdateChangesDataAndNothingElse(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	token, s := b.login(t, "1")
	b.age(t, s, 10*time.Minute)
	for _, data := range []map[string]string{
		{"name": "Moritz", "email": "m", "size": "9"},
		{"name": "Moritz", "email": "m", "theme": "dark"},
	} {
		if err := b.Update(t.Context(), s.ID, data); err != nil {
			t.Fatal(err)
		}
	}
	got := b.mustLookup(t, token)
	if want := map[string]string{"name": "Moritz", "email": "m", "theme": "dark"}; !maps.Equal(got.Data, want) {
		t.Errorf("data = %v, want %v", got.Data, want)
	}
	if ttl := b.pttl(t, s); ttl > 20*time.Minute || ttl <= 19*time.Minute {
		t.Errorf("TTL = %v, want the 20m from before", ttl)
	}
	if err := b.Update(t.Context(), strings.Repeat("0", 64), map[string]string{"a": "b"}); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("update of an unknown session: %v, want ErrNotFound", err)
	}
	b.checkKeys(t)
}

func TestRevokedSessionIsGone(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	token, s := b.login(t, "1")
	other, _ := b.login(t, "1")
	for range 2 { // a second logout is no error
		if err := b.Revoke(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	b.mustBeGone(t, token)
	if err := b.Touch(t.Context(), aged(s)); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("touch = %v, want ErrNotFound", err)
	}
	if err := b.Update(t.Context(), s.ID, map[string]string{"a": "b"}); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("update = %v, want ErrNotFound", err)
	}
	b.mustLookup(t, other)
	if n := b.live(t); n != 1 {
		t.Errorf("%d sessions in Redis, want 1", n)
	}
}

func TestRevokeOfUnknownTokenIsNoError(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	for _, token := range []string{"", "garbage", strings.Repeat("A", 43)} {
		if err := b.Revoke(t.Context(), token); err != nil {
			t.Errorf("revoke of %q: %v", token, err)
		}
	}
}

// aged returns s as an old lookup would have it: Touch does not throttle it.
func aged(s *Session) *Session {
	old := *s
	old.CheckedAt = s.CheckedAt.Add(24 * time.Hour)
	return &old
}

func TestDamagedEntryIsNoSession(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	for name, damage := range map[string][][]string{
		"string":        {{"DEL"}, {"SET", "x"}},
		"list":          {{"DEL"}, {"RPUSH", "x"}},
		"foreign hash":  {{"DEL"}, {"HSET", "a", "b"}},
		"no user":       {{"HDEL", "user_id"}},
		"no epoch":      {{"HDEL", "_epoch"}},
		"no end":        {{"HDEL", "_expires"}},
		"no number":     {{"HSET", "_seen", "soon"}},
		"not a number":  {{"HSET", "_expires", "nan"}},
		"hexadecimal":   {{"HSET", "_idle", "0xffffff"}},
		"foreign epoch": {{"HSET", "_epoch", "guessed"}},
		"empty epoch":   {{"HSET", "_epoch", ""}},
	} {
		token, s := b.login(t, "1")
		for _, cmd := range damage {
			b.do(t, append([]string{cmd[0], b.prefix + s.ID}, cmd[1:]...)...)
		}
		if err := b.Touch(t.Context(), aged(s)); err != nil && !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s: touch = %v", name, err)
		}
		if name == "string" || name == "list" || name == "foreign hash" {
			if err := b.Update(t.Context(), s.ID, map[string]string{"a": "b"}); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("%s: update = %v, want ErrNotFound", name, err)
			}
		}
		if _, _, err := b.Rotate(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s: rotate = %v, want ErrNotFound", name, err)
		}
		if _, err := b.Lookup(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s: lookup = %v, want ErrNotFound", name, err)
		}
		if err := b.Revoke(t.Context(), token); err != nil {
			t.Errorf("%s: revoke = %v", name, err)
		}
	}
	if n := b.live(t); n != 0 {
		t.Errorf("%d sessions left", n)
	}
	b.checkKeys(t)
}

func TestLookupHealsALostTTL(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	token, s := b.login(t, "1")
	b.age(t, s, 10*time.Minute)
	b.do(t, "PERSIST", b.prefix+s.ID)
	b.mustLookup(t, token)
	if ttl := b.pttl(t, s); ttl <= 19*time.Minute || ttl > 20*time.Minute {
		t.Errorf("TTL = %v, want the remaining 20m", ttl)
	}
	b.do(t, "PERSIST", b.prefix+"epoch:1")
	b.login(t, "1")
	b.checkKeys(t)
}

// The package must not ask its process what time it is: security would depend on it.
// Only clock.go knows how much time has passed.
func TestProcessClockIsNeverRead(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "clock.go" {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range []string{"time.Now", "time.Since", "time.Until"} {
			if strings.Contains(string(source), call) {
				t.Errorf("%s uses %s", file, call)
			}
		}
	}
}
