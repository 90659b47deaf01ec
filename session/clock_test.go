package session_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// slowCommands lets milliseconds pass in front of each command of a script: what
// reads the clock twice gets two times.
const slowCommands = `
local fast = redis
local function micros()
  local t = fast.call('TIME')
  return t[1] * 1000000 + t[2]
end
local function wait()
  local began = micros()
  for _ = 1, 100000 do
    if micros() - began >= 5000 then
      return
    end
  end
end
local redis = {
  call = function(...) wait() return fast.call(...) end,
  pcall = function(...) wait() return fast.pcall(...) end,
}
`

// slowScripts is a client that runs the package's scripts with slowCommands.
type slowScripts struct {
	rueidis.Client
	sources map[string]string // by digest
}

func newSlowScripts(t *testing.T) *slowScripts {
	t.Helper()
	files, err := filepath.Glob("lua/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	c := &slowScripts{redistest.Shared(t).Client(t), map[string]string{}}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha1.Sum(source)
		c.sources[hex.EncodeToString(sum[:])] = string(source)
	}
	return c
}

func (c *slowScripts) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	args := cmd.Commands()
	if args[0] != "EVALSHA" {
		return c.Client.Do(ctx, cmd)
	}
	eval := append([]string{slowCommands + c.sources[args[1]]}, args[2:]...)
	return c.Client.Do(ctx, c.Client.B().Arbitrary("EVAL").Args(eval...).Build())
}

// expiry is when Redis will remove the key of s, in ms since 1970.
func (b *bed) expiry(t *testing.T, s *Session) int64 {
	t.Helper()
	return b.integer(t, "PEXPIRETIME", b.prefix+s.ID)
}

func (b *bed) field(t *testing.T, s *Session, name string) int64 {
	t.Helper()
	n, err := b.do(t, "HGET", b.prefix+s.ID, name).AsInt64()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// wantIdleEnd fails unless the key goes when the fields say, to the millisecond.
func (b *bed) wantIdleEnd(t *testing.T, after string, s *Session) {
	t.Helper()
	if late := b.expiry(t, s) - b.field(t, s, "_seen") - b.field(t, s, "_idle"); late != 0 {
		t.Errorf("after %s: the key goes %d ms after the idle end", after, late)
	}
}

// A script that reads the clock for its fields and has Redis read it again for the
// TTL lets the key outlive the session.
func TestKeyEndsExactlyWithItsSession(t *testing.T) {
	t.Parallel()
	b := newBedOn(t, newSlowScripts(t), session.Options{TouchInterval: -1})
	token, s := b.login(t, "1")
	b.wantIdleEnd(t, "create", s)
	if err := b.Touch(t.Context(), aged(s)); err != nil {
		t.Fatal(err)
	}
	b.wantIdleEnd(t, "touch", s)
	b.do(t, "PERSIST", b.prefix+s.ID)
	b.mustLookup(t, token)
	b.wantIdleEnd(t, "a lookup that healed the TTL", s)
}

func TestKeyEndsExactlyWithTheAbsoluteEnd(t *testing.T) {
	t.Parallel()
	b := newBedOn(t, newSlowScripts(t), session.Options{AbsoluteTimeout: 20 * time.Minute, TouchInterval: -1})
	token, s := b.login(t, "1")
	end := s.ExpiresAt.UnixMilli()
	check := func(after string, s *Session) {
		t.Helper()
		if late := b.expiry(t, s) - end; late != 0 {
			t.Errorf("after %s: the key goes %d ms after the absolute end", after, late)
		}
	}
	check("create", s)
	if err := b.Touch(t.Context(), aged(s)); err != nil {
		t.Fatal(err)
	}
	check("touch", s)
	b.do(t, "PERSIST", b.prefix+s.ID)
	b.mustLookup(t, token)
	check("a lookup that healed the TTL", s)
	_, rotated, err := b.Rotate(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	check("rotate", rotated)
}

// The marker must not outlive the session that it leads to.
func TestMarkerEndsExactlyWithTheAbsoluteEnd(t *testing.T) {
	t.Parallel()
	b := newBedOn(t, newSlowScripts(t), session.Options{AbsoluteTimeout: 30 * time.Second})
	token, s := b.login(t, "1")
	if _, _, err := b.Rotate(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if late := b.expiry(t, s) - s.ExpiresAt.UnixMilli(); late != 0 {
		t.Errorf("the marker goes %d ms after the absolute end", late)
	}
}

// Somebody else gave the key a TTL that is longer than the session's life.
func TestLookupNeverPromisesMoreThanTheSessionHas(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]session.Options{
		"idle":     {},
		"absolute": {AbsoluteTimeout: 20 * time.Minute},
	} {
		b := newBed(t, o)
		token, s := b.login(t, "1")
		b.do(t, "PEXPIRE", b.prefix+s.ID, strconv.FormatInt((48*time.Hour).Milliseconds(), 10))
		if got := b.mustLookup(t, token); got.IdleExpiresAt != s.IdleExpiresAt || got.IdleExpiresAt.After(got.ExpiresAt) {
			t.Errorf("%s: idle end %v, want %v; absolute end %v", name, got.IdleExpiresAt, s.IdleExpiresAt, got.ExpiresAt)
		}
	}
}

// Redis stands still in the middle of the script that stores a session, for longer than
// the session may live: the login succeeds, and the session has ended.
func TestSessionThatEndsWhileItIsStored(t *testing.T) {
	t.Parallel()
	b := newBedOn(t, newSlowScripts(t), session.Options{IdleTimeout: time.Millisecond})
	token, _ := b.login(t, "1")
	b.mustBeGone(t, token)
	if n := b.live(t); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
	b.checkKeys(t)
}
