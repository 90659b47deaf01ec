package cachetest_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache/cachetest"
)

func TestTestsDoNotSeeEachOthersKeys(t *testing.T) {
	for _, kind := range backends {
		t.Run(kind, func(t *testing.T) {
			t.Setenv("CACHETEST_REDIS", kind)
			one, other := cachetest.Redis(inner(t)), cachetest.Redis(inner(t))
			if err := do(t, one, "SET", "cache:user:1", "Max").Error(); err != nil {
				t.Fatal(err)
			}
			if err := do(t, other, "GET", "cache:user:1").Error(); !rueidis.IsRedisNil(err) {
				t.Errorf("the other test reads the key: %v", err)
			}
			if err := do(t, other, "FLUSHALL").Error(); err != nil {
				t.Fatal(err)
			}
			if got, err := do(t, one, "GET", "cache:user:1").ToString(); got != "Max" {
				t.Errorf("after the other test's FLUSHALL: %q, %v", got, err)
			}
		})
	}
}

// A server of its own, and not a database: pushes do not stop at databases.
func TestTestsHaveServersOfTheirOwn(t *testing.T) {
	t.Setenv("CACHETEST_REDIS", "server")
	var ids []string
	for range 2 {
		info, err := do(t, cachetest.Redis(inner(t)), "INFO", "server").ToString()
		if err != nil {
			t.Fatal(err)
		}
		_, id, found := strings.Cut(info, "run_id:")
		if !found {
			t.Fatalf("no run id in %s", info)
		}
		id, _, _ = strings.Cut(id, "\r\n")
		ids = append(ids, id)
	}
	if ids[0] == ids[1] {
		t.Errorf("both tests use the server %s", ids[0])
	}
}

func TestASecondCallConnectsToTheSameRedis(t *testing.T) {
	for _, kind := range backends {
		t.Run(kind, func(t *testing.T) {
			t.Setenv("CACHETEST_REDIS", kind)
			f := inner(t)
			one, other := cachetest.Redis(f), cachetest.Redis(f)
			if one == other {
				t.Error("both calls returned one client")
			}
			if err := do(t, one, "SET", "k", "v").Error(); err != nil {
				t.Fatal(err)
			}
			if got, err := do(t, other, "GET", "k").ToString(); got != "v" {
				t.Errorf("the second client reads %q, %v", got, err)
			}
		})
	}
}

func TestRedisAndClientEndWithTheTest(t *testing.T) {
	for _, kind := range backends {
		t.Run(kind, func(t *testing.T) {
			t.Setenv("CACHETEST_REDIS", kind)
			f := inner(t)
			client := cachetest.Redis(f)
			for addr := range client.Nodes() {
				conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
				if err != nil {
					t.Fatalf("before the end: %v", err)
				}
				conn.Close()
				f.end()
				if conn, err = new(net.Dialer).DialContext(t.Context(), "tcp", addr); err == nil {
					conn.Close()
					t.Errorf("%s still accepts connections", addr)
				}
			}
			if err := do(t, client, "PING").Error(); !errors.Is(err, rueidis.ErrClosing) {
				t.Errorf("the client after the end: %v", err)
			}
			if _, err := do(t, cachetest.Redis(f), "PING").ToString(); err != nil {
				t.Errorf("the ended test's Redis is still remembered: %v", err)
			}
		})
	}
}

func TestAServerIsUsedWhereThereIsOne(t *testing.T) {
	for choice, want := range map[string]bool{"": true, "server": true, "miniredis": false} {
		t.Run("choice "+choice, func(t *testing.T) {
			t.Setenv("CACHETEST_REDIS", choice)
			f := inner(t)
			// miniredis has no CONFIG.
			if err := do(t, cachetest.Redis(f), "CONFIG", "GET", "port").Error(); (err == nil) != want {
				t.Errorf("real server: %t, want %t (%v)", err == nil, want, err)
			}
			if len(f.logs) != 0 {
				t.Errorf("logged %q, though the choice was free", f.logs)
			}
		})
	}
}

func TestWithoutAServerMiniredisTakesItsPlaceAndTheLogSaysSo(t *testing.T) {
	t.Setenv("CACHETEST_REDIS", "")
	t.Setenv("PATH", t.TempDir())
	f := inner(t)
	if err := do(t, cachetest.Redis(f), "SET", "k", "v").Error(); err != nil {
		t.Fatal(err)
	}
	if len(f.logs) != 1 || !strings.Contains(f.logs[0], "local tiers stay off") {
		t.Errorf("logged %q", f.logs)
	}
}

func TestAnImpossibleChoiceFailsAndSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for choice, words := range map[string][]string{
		"server": {"CACHETEST_REDIS=server", "apt-get install redis-server"},
		"valkey": {"CACHETEST_REDIS=valkey", "install redis-server", "miniredis"},
	} {
		t.Run(choice, func(t *testing.T) {
			t.Setenv("CACHETEST_REDIS", choice)
			f := inner(t)
			wantFatal(t, f, func() { cachetest.Redis(f) }, words...)
		})
	}
}
