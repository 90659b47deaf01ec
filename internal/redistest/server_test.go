package redistest_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, redistest.IgnoreLeaks()...)
}

func TestCommandsReachTheServer(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := s.Client(t)
	if err := c.Do(t.Context(), c.B().Set().Key("k").Value("v").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	if got := s.CLI(t, "GET", "k"); got != "v" {
		t.Errorf("GET k = %q, want v", got)
	}
}

func TestCLIPrintsEachKindOfReply(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	for _, tc := range []struct {
		want string
		args []string
	}{
		{"2", []string{"RPUSH", "l", "a", "b"}},
		{"a\nb", []string{"LRANGE", "l", "0", "-1"}},
		{"", []string{"GET", "absent"}},
		{"(error) WRONGTYPE Operation against a key holding the wrong kind of value", []string{"GET", "l"}},
		{"OK", []string{"SET", "s", "x"}},
	} {
		if got := s.CLI(t, tc.args...); got != tc.want {
			t.Errorf("%v = %q, want %q", tc.args, got, tc.want)
		}
	}
}

func TestUnixSocketAnswers(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	conn, err := new(net.Dialer).DialContext(t.Context(), "unix", s.Socket())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestFlushDeletesEverything(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.CLI(t, "SET", "k", "v")
	s.Flush(t)
	if got := s.CLI(t, "DBSIZE"); got != "0" {
		t.Errorf("DBSIZE = %s, want 0", got)
	}
}

func TestRestartKeepsThePort(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.CLI(t, "SET", "k", "v")
	addr := s.Addr()
	s.Kill(t)
	if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr); err == nil {
		conn.Close()
		t.Fatal("the killed server still accepts connections")
	}
	s.Restart(t)
	if s.Addr() != addr {
		t.Errorf("address changed from %s to %s", addr, s.Addr())
	}
	if got := s.CLI(t, "EXISTS", "k"); got != "0" {
		t.Errorf("a server without persistence kept its data")
	}
}

func TestAppendOnlySurvivesKill(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.WithAppendOnly())
	s.CLI(t, "SET", "k", "v")
	s.Kill(t)
	s.Restart(t)
	if got := s.CLI(t, "GET", "k"); got != "v" {
		t.Errorf("GET k after the restart = %q, want v", got)
	}
}

func TestWithArgsWins(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.WithArgs("--maxmemory", "7mb"))
	if got := s.CLI(t, "CONFIG", "GET", "maxmemory"); got != "maxmemory\n7340032" {
		t.Errorf("CONFIG GET maxmemory = %q", got)
	}
}

func TestFrozenServerAnswersAfterThaw(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := s.Client(t)
	s.Freeze(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := c.Do(ctx, c.B().Ping().Build()).Error(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("PING of a frozen server: %v, want deadline exceeded", err)
	}
	s.Thaw(t)
	if got := s.CLI(t, "PING"); got != "PONG" {
		t.Errorf("PING after the thaw = %q", got)
	}
}

func TestEndOfTestRemovesServer(t *testing.T) {
	t.Parallel()
	var s *redistest.Server
	t.Run("inner", func(t *testing.T) {
		s = redistest.Start(t)
		s.Freeze(t)
	})
	if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr()); err == nil {
		conn.Close()
		t.Error("the server still accepts connections")
	}
	if _, err := os.Stat(s.Socket()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestSharedIsOneServerWithPrefixes(t *testing.T) {
	t.Parallel()
	a, b := redistest.Shared(t), redistest.Shared(t)
	if a != b {
		t.Error("two shared servers in one process")
	}
	p, q := redistest.Prefix(t), redistest.Prefix(t)
	if p == q || !strings.HasPrefix(p, "TestSharedIsOneServerWithPrefixes-") {
		t.Errorf("prefixes %q and %q", p, q)
	}
}
