package history_test

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/hex"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

// connect returns a worker's client, made as an application makes it, but for two
// things: its first connection, which carries the commands, goes another way than
// the others, so that a test can delay pushes more than replies; and it may have a
// planted bug.
func connect(s settings) (rueidis.Client, func(), error) {
	opt, err := redisx.ParseURL("redis://" + s.Replies)
	if err != nil {
		return nil, nil, err
	}
	opt.ForceSingleClient = true
	var dials atomic.Int64
	opt.DialCtxFn = func(ctx context.Context, _ string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
		addr := s.Pushes
		if dials.Add(1) == 1 {
			addr = s.Replies
		}
		return d.DialContext(ctx, "tcp", addr)
	}
	lazy := redisx.Open(opt, redisx.LazyOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = lazy.Run(ctx) })
	var client rueidis.Client = lazy
	switch s.Plant {
	case plantLeaseless:
		client = &leaseless{Client: lazy, fill: s.FillSHA}
	case plantDeaf:
		client = &deaf{Client: lazy}
	}
	return client, func() { cancel(); running.Wait(); lazy.Close() }, nil
}

// fillSHA is the digest of the script by which package cache stores a load.
func fillSHA(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("../../cache/fill.lua")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(source)
	return hex.EncodeToString(sum[:])
}

// leaseless is a client with a planted bug: it stores what was loaded without a
// look at the lease.
type leaseless struct {
	rueidis.Client
	fill string
}

// leaselessFill is fill.lua without its guard.
const leaselessFill = `
if ARGV[3] == '0' then redis.call('DEL', KEYS[1])
else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
redis.call('DEL', KEYS[2])
return 1`

func (l *leaseless) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	// EVALSHA digest 2 value lease token …; EVAL follows only where the server does
	// not know the digest, which is never asked here.
	if c := cmd.Commands(); len(c) > 5 && c[0] == "EVALSHA" && c[1] == l.fill {
		cmd = l.Client.B().Arbitrary("EVAL", leaselessFill, c[2]).Keys(c[3], c[4]).Args(c[5:]...).Build()
	}
	return l.Client.Do(ctx, cmd)
}

// deaf is a client with a planted bug: no pushed invalidation arrives, though a
// lost connection is reported as always.
type deaf struct{ rueidis.Client }

func (d *deaf) Dedicate() (rueidis.DedicatedClient, func()) {
	c, cancel := d.Client.Dedicate()
	return &deafConnection{c}, cancel
}

func (d *deaf) Dedicated(fn func(rueidis.DedicatedClient) error) error {
	return d.Client.Dedicated(func(c rueidis.DedicatedClient) error { return fn(&deafConnection{c}) })
}

type deafConnection struct{ rueidis.DedicatedClient }

func (d *deafConnection) SetOnInvalidations(fn func([]rueidis.RedisMessage)) <-chan error {
	return d.DedicatedClient.SetOnInvalidations(func(keys []rueidis.RedisMessage) {
		if keys == nil {
			fn(nil)
		}
	})
}
