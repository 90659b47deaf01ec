package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// commandTimeout bounds the commands that this package sends itself.
const commandTimeout = 30 * time.Second

func clientOption(addrs ...string) rueidis.ClientOption {
	return rueidis.ClientOption{
		InitAddress:         addrs,
		Dialer:              net.Dialer{Timeout: time.Second, KeepAlive: time.Second},
		ConnWriteTimeout:    3 * time.Second,
		PipelineMultiplex:   -1,
		CacheSizeEachConn:   1 << 20,
		ReadBufferEachConn:  16 << 10,
		WriteBufferEachConn: 16 << 10,
	}
}

func newClient(tb testing.TB, opt rueidis.ClientOption) rueidis.Client {
	tb.Helper()
	// A connection has a second, which on a busy machine may be too little.
	for deadline := time.Now().Add(startTimeout); ; {
		c, err := rueidis.NewClient(opt)
		if err == nil {
			tb.Cleanup(c.Close)
			return c
		}
		if c != nil { // ForceSingleClient returns a client beside the error
			c.Close()
		}
		var late net.Error
		if !errors.As(err, &late) || !late.Timeout() || time.Now().After(deadline) {
			tb.Fatalf("connect to %s: %v", strings.Join(opt.InitAddress, ", "), err)
		}
	}
}

// do sends one command over a connection of its own, so that it works whatever
// happened to other connections.
func (s *Server) do(args ...string) (rueidis.RedisMessage, error) {
	opt := clientOption(s.Addr())
	opt.ForceSingleClient = true
	opt.AlwaysRESP2, opt.DisableCache = true, true
	opt.Dialer.Timeout, opt.ConnWriteTimeout = commandTimeout, commandTimeout
	c, err := rueidis.NewClient(opt)
	if c != nil {
		defer c.Close()
	}
	if err != nil {
		return rueidis.RedisMessage{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	return c.Do(ctx, c.B().Arbitrary(args[0]).Args(args[1:]...).Build()).ToMessage()
}

// Flush deletes all keys of all databases. On a [Shared] server it would delete
// those of other tests.
func (s *Server) Flush(tb testing.TB) {
	tb.Helper()
	if _, err := s.do("FLUSHALL"); err != nil {
		tb.Fatalf("flush redis-server: %v", err)
	}
}

// CLI runs one command and returns its reply as redis-cli prints it when its
// output is no terminal: a string as it is, an array one element a line, nil as
// an empty string. An error reply begins with "(error) "; a server that cannot be
// reached fails the test.
func (s *Server) CLI(tb testing.TB, args ...string) string {
	tb.Helper()
	if len(args) == 0 {
		tb.Fatal("redistest: CLI needs a command")
	}
	msg, err := s.do(args...)
	if rerr, ok := rueidis.IsRedisErr(err); ok {
		return "(error) " + rerr.Error()
	}
	if err != nil && !rueidis.IsRedisNil(err) {
		tb.Fatalf("redis command %s: %v", args[0], err)
	}
	return printable(msg)
}

func printable(m rueidis.RedisMessage) string {
	switch {
	case m.IsNil():
		return ""
	case m.IsInt64():
		n, _ := m.AsInt64()
		return strconv.FormatInt(n, 10)
	case m.IsArray():
		parts, _ := m.ToArray()
		lines := make([]string, len(parts))
		for i, p := range parts {
			lines[i] = printable(p)
		}
		return strings.Join(lines, "\n")
	case m.IsString():
		str, _ := m.ToString()
		return str
	}
	if err := m.Error(); err != nil {
		return "(error) " + err.Error()
	}
	return fmt.Sprint(m)
}
