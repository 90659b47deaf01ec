package redisx_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/internal/redisx"
)

// TestLazyIsNotCancelledByAnotherCaller lets one caller start the dial that others
// wait for, and go away.
func TestLazyIsNotCancelledByAnotherCaller(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	opt, err := redisx.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	var hang atomic.Bool // the next dial hangs until its context is done
	hanging := make(chan struct{})
	opt.DialCtxFn = func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
		if hang.CompareAndSwap(true, false) {
			close(hanging)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return d.DialContext(ctx, "tcp", addr)
	}
	opt.Dialer.Timeout = time.Minute
	l := redisx.Open(opt, redisx.LazyOptions{})
	defer l.Close()
	eventually(t, "connected", func() bool { return l.TryConnect(t.Context()) == nil })
	// The first command that follows finds the connection dead and dials.
	s.CLI(t, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
	hang.Store(true)
	leaving, leave := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		for {
			err := l.Do(leaving, l.B().Ping().Build()).Error()
			if errors.Is(err, context.Canceled) {
				first <- err
				return
			}
		}
	}()
	<-hanging

	const waiters = 4
	results := make(chan error, waiters)
	for range waiters / 2 {
		go func() { results <- l.Do(t.Context(), l.B().Incr().Key("n").Build()).Error() }()
		go func() {
			cmds := []rueidis.Completed{l.B().Incr().Key("n").Build(), l.B().Incr().Key("n").Build()}
			rs := l.DoMulti(t.Context(), cmds...)
			results <- errors.Join(rs[0].Error(), rs[1].Error())
		}()
	}
	time.Sleep(50 * time.Millisecond) // nothing shows from outside that they wait; without it the test proves less, but holds
	leave()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller that went away got %v", err)
	}
	for range waiters {
		if err := <-results; err != nil {
			t.Errorf("a caller that nobody cancelled got %v", err)
		}
	}
	if got := s.CLI(t, "GET", "n"); got != "6" {
		t.Errorf("n = %s after 6 increments", got)
	}
}
