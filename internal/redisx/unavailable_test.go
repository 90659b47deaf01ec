package redisx_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/internal/redisx"
)

func TestUnavailable(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, tc := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{rueidis.Nil, false},
		{errors.New("anything"), false},
		{context.Canceled, false},
		{fmt.Errorf("get: %w", context.Canceled), false},
		{context.DeadlineExceeded, true},
		{os.ErrDeadlineExceeded, true},
		{refused, true},
		{fmt.Errorf("get: %w", refused), true},
		{syscall.ECONNRESET, true},
		{io.EOF, true},
		{net.ErrClosed, true},
		{rueidis.ErrClosing, true},
		{redisx.ErrNotConnected, true},
		{fmt.Errorf("%w: %w", redisx.ErrNotConnected, errors.New("wrong version")), true},
		{rueidis.ErrDedicatedClientRecycled, false},
	} {
		if got := redisx.Unavailable(tc.err); got != tc.want {
			t.Errorf("Unavailable(%v) = %t, want %t", tc.err, got, tc.want)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	server.CLI(t, "CONFIG", "SET", "maxmemory", "1")
	err := client.Do(t.Context(), client.B().Set().Key("k").Value("v").Build()).Error()
	if !redisx.Refused(err) || redisx.Unavailable(err) {
		t.Errorf("%v: Refused is %t, Unavailable %t, want true and false", err, redisx.Refused(err), redisx.Unavailable(err))
	}
	for _, err := range []error{nil, rueidis.Nil, io.EOF, client.Do(t.Context(), client.B().Arbitrary("NOPE").Build()).Error()} {
		if redisx.Refused(err) {
			t.Errorf("Refused(%v) = true", err)
		}
	}
}

func TestUnavailableKnowsErrorReplies(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]bool{
		"LOADING Redis is loading the dataset in memory":               true,
		"CLUSTERDOWN The cluster is down":                              true,
		"MASTERDOWN Link with MASTER is down":                          true,
		"READONLY You can't write against a read only replica.":        true,
		"NOREPLICAS Not enough good replicas to write.":                true,
		"TRYAGAIN Multiple keys request during rehashing of slot":      true,
		"BUSY Redis is busy running a script.":                         true,
		"ERR max number of clients reached":                            true,
		"BUSYGROUP Consumer Group name already exists":                 false,
		"WRONGTYPE Operation against a key holding the wrong kind":     false,
		"OOM command not allowed when used memory > 'maxmemory'.":      false,
		"NOAUTH Authentication required.":                              false,
		"ERR unknown command 'FOO'":                                    false,
		"NOSCRIPT No matching script. Please use EVAL.":                false,
		"MISCONF Redis is configured to save RDB snapshots, but fails": false,
	} {
		if got := redisx.Unavailable(errorReply(t, reply)); got != want {
			t.Errorf("Unavailable(%q) = %t, want %t", reply, got, want)
		}
	}
}

// errorReply returns the error of a client whose server answers everything with
// this error.
func errorReply(t *testing.T, text string) error {
	t.Helper()
	c, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{"fake"}, ForceSingleClient: true,
		DisableCache: true, DisableRetry: true, AlwaysRESP2: true,
		DialCtxFn: func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				buf := make([]byte, 4096)
				for {
					n, err := server.Read(buf)
					if err != nil {
						return
					}
					commands := strings.Count(string(buf[:n]), "*")
					_, _ = io.WriteString(server, strings.Repeat("-"+text+"\r\n", commands))
				}
			}()
			return client, nil
		},
	})
	if c != nil {
		defer c.Close()
	}
	if _, ok := errors.AsType[*rueidis.RedisError](err); !ok {
		t.Fatalf("the fake server's answer arrived as %v", err)
	}
	return err
}
