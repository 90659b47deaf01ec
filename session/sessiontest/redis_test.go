package sessiontest_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/session"
	"github.com/speedlayer/speedlayer/session/sessiontest"
)

func do(t *testing.T, client rueidis.Client, args ...string) rueidis.RedisResult {
	t.Helper()
	return client.Do(t.Context(), client.B().Arbitrary(args...).Build())
}

func TestEachTestHasARedisOfItsOwn(t *testing.T) {
	for _, kind := range backends {
		t.Run(kind, func(t *testing.T) {
			t.Setenv("SESSIONTEST_REDIS", kind)
			f := inner(t)
			one, again, other := sessiontest.Redis(f), sessiontest.Redis(f), sessiontest.Redis(inner(t))
			if err := do(t, one, "SET", "k", "v").Error(); err != nil {
				t.Fatal(err)
			}
			if got, err := do(t, again, "GET", "k").ToString(); got != "v" || one == again {
				t.Errorf("a second client of the test reads %q, %v", got, err)
			}
			if err := do(t, other, "GET", "k").Error(); !rueidis.IsRedisNil(err) {
				t.Errorf("another test reads the key: %v", err)
			}
		})
	}
}

func TestRedisEndsWithTheTest(t *testing.T) {
	for _, kind := range backends {
		t.Run(kind, func(t *testing.T) {
			t.Setenv("SESSIONTEST_REDIS", kind)
			f := inner(t)
			client := sessiontest.Redis(f)
			for addr := range client.Nodes() {
				f.end()
				if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr); err == nil {
					conn.Close()
					t.Errorf("%s still accepts connections", addr)
				}
			}
			if err := do(t, client, "PING").Error(); !errors.Is(err, rueidis.ErrClosing) {
				t.Errorf("the client after the end: %v", err)
			}
			wantFatal(t, f, func() { sessiontest.Outage(f) }, "no Redis") // it is not remembered
		})
	}
}

func TestTheKindOfRedisCanBeChosen(t *testing.T) {
	for choice, want := range map[string]bool{"": true, "server": true, "miniredis": false} {
		t.Run("choice "+choice, func(t *testing.T) {
			t.Setenv("SESSIONTEST_REDIS", choice)
			// miniredis has no CONFIG.
			if err := do(t, sessiontest.Redis(inner(t)), "CONFIG", "GET", "port").Error(); (err == nil) != want {
				t.Errorf("real server: %t, want %t (%v)", err == nil, want, err)
			}
		})
	}
}

func TestWithoutAServer(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("SESSIONTEST_REDIS", "")
	f := inner(t)
	if err := do(t, sessiontest.Redis(f), "SET", "k", "v").Error(); err != nil {
		t.Fatal(err)
	}
	if len(f.logs) != 1 || !strings.Contains(f.logs[0], "local tiers stay off") {
		t.Errorf("logged %q", f.logs)
	}
	for choice, word := range map[string]string{"server": "install redis-server", "valkey": "neither"} {
		t.Setenv("SESSIONTEST_REDIS", choice)
		f := inner(t)
		wantFatal(t, f, func() { sessiontest.Redis(f) }, "SESSIONTEST_REDIS="+choice, word)
	}
}

func TestAnOutageKeepsTheSessions(t *testing.T) {
	for _, kind := range backends {
		t.Run(kind, func(t *testing.T) {
			t.Setenv("SESSIONTEST_REDIS", kind)
			client, second := sessiontest.Redis(t), sessiontest.Redis(t)
			m := newManager(t, client, session.Options{})
			token := sessiontest.LogIn(t, m, 42, profile{Name: "Max"})
			for range 2 {
				end := sessiontest.Outage(t)
				if err := do(t, second, "SET", "k", "v").Error(); err == nil {
					t.Error("Redis answers in spite of the outage")
				}
				if err := m.RevokeAll(t.Context(), 42); !errors.Is(err, session.ErrUnavailable) {
					t.Errorf("revoke: %v, want ErrUnavailable", err)
				}
				end()
				end()
				if err := do(t, second, "SET", "k", "v").Error(); err != nil {
					t.Errorf("after the outage: %v", err)
				}
				if s, err := m.Lookup(t.Context(), token); err != nil || s.UserID != 42 {
					t.Errorf("the session after the outage: %v, %v", s, err)
				}
			}
		})
	}
}

func TestAnOutageNeedsARedis(t *testing.T) {
	t.Parallel()
	f := inner(t)
	wantFatal(t, f, func() { sessiontest.Outage(f) }, "call Redis")
}

func TestAnOutageMayLastToTheEnd(t *testing.T) {
	t.Parallel()
	f := inner(t)
	sessiontest.Redis(f)
	sessiontest.Outage(f)
	f.end()
	if len(f.failures) != 0 {
		t.Errorf("failures: %q", f.failures)
	}
}
