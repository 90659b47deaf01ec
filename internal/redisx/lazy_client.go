package redisx

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/rueidis"
)

// noSlot is set in the slot of a command whose builder knows no cluster.
const noSlot = uint16(1 << 15)

// newDeadClient returns a client whose every dial fails. It lends its command
// builder and its dedicated connections to a [Lazy] that has no better ones.
func newDeadClient(reason func() error) rueidis.Client {
	// With ForceSingleClient there is a client beside the error of the first dial.
	c, _ := rueidis.NewClient(rueidis.ClientOption{
		InitAddress:       []string{"not-connected"},
		ForceSingleClient: true,
		DisableRetry:      true,
		DisableCache:      true,
		DialCtxFn: func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
			if err := reason(); err != nil {
				return nil, err
			}
			return nil, ErrNotConnected // the live client came meanwhile
		},
	})
	return c
}

// usable returns the client that commands go to, or why there is none.
func (l *Lazy) usable() (*innerClient, error) {
	s := l.state.Load()
	if s.client == nil {
		return nil, s.refused
	}
	return s.client, nil
}

// usableFor is usable for a command with this slot. A command that was built
// without slots would make rueidis's cluster client panic.
func (l *Lazy) usableFor(slot uint16) (*innerClient, error) {
	c, err := l.usable()
	if err == nil && c.cluster && slot&noSlot != 0 {
		return nil, fmt.Errorf("%w: the command was built before the connection to the cluster", ErrNotConnected)
	}
	return c, err
}

func (l *Lazy) usableForAll(multi []rueidis.Completed) (*innerClient, error) {
	for i := range multi {
		if _, err := l.usableFor(multi[i].Slot()); err != nil {
			return nil, err
		}
	}
	return l.usable()
}

// maxForeignCancels is how often a command is sent again because the dial that it
// waited for was somebody else's.
const maxForeignCancels = 3

// cancelledByOther reports whether a command failed with the cancellation of a
// context that is not its own: see [Lazy].
func cancelledByOther(ctx context.Context, r rueidis.RedisResult) bool {
	err := r.NonRedisError()
	return err != nil && errors.Is(err, context.Canceled) && ctx.Err() == nil
}

func errorResults(n int, err error) []rueidis.RedisResult {
	results := make([]rueidis.RedisResult, n)
	for i := range results {
		results[i] = rueidis.NewErrorResult(err)
	}
	return results
}

// B returns a command builder. See [Lazy] on how long its commands are good for.
func (l *Lazy) B() rueidis.Builder {
	if c := l.inner.Load(); c != nil {
		return c.B()
	}
	return l.dead.B()
}

// Do is [rueidis.Client]'s.
func (l *Lazy) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	c, err := l.usableFor(cmd.Slot())
	if err != nil {
		return rueidis.NewErrorResult(err)
	}
	r := c.Do(ctx, cmd)
	for i := 0; i < maxForeignCancels && cancelledByOther(ctx, r); i++ {
		r = c.Do(ctx, cmd)
	}
	return r
}

// DoMulti is [rueidis.Client]'s.
func (l *Lazy) DoMulti(ctx context.Context, multi ...rueidis.Completed) []rueidis.RedisResult {
	c, err := l.usableForAll(multi)
	if err != nil {
		return errorResults(len(multi), err)
	}
	results := c.DoMulti(ctx, multi...)
	for range maxForeignCancels {
		var again []int
		var cmds []rueidis.Completed
		for i, r := range results {
			if cancelledByOther(ctx, r) {
				again = append(again, i)
				cmds = append(cmds, multi[i])
			}
		}
		if len(again) == 0 {
			break
		}
		for j, r := range c.DoMulti(ctx, cmds...) {
			results[again[j]] = r
		}
	}
	return results
}

// DoCache is [rueidis.Client]'s.
func (l *Lazy) DoCache(ctx context.Context, cmd rueidis.Cacheable, ttl time.Duration) rueidis.RedisResult {
	c, err := l.usableFor(cmd.Slot())
	if err != nil {
		return rueidis.NewErrorResult(err)
	}
	return c.DoCache(ctx, cmd, ttl)
}

// DoMultiCache is [rueidis.Client]'s.
func (l *Lazy) DoMultiCache(ctx context.Context, multi ...rueidis.CacheableTTL) []rueidis.RedisResult {
	for i := range multi {
		if _, err := l.usableFor(multi[i].Cmd.Slot()); err != nil {
			return errorResults(len(multi), err)
		}
	}
	c, err := l.usable()
	if err != nil {
		return errorResults(len(multi), err)
	}
	return c.DoMultiCache(ctx, multi...)
}

// DoStream is [rueidis.Client]'s.
func (l *Lazy) DoStream(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResultStream {
	c, err := l.usableFor(cmd.Slot())
	if err != nil {
		return rueidis.NewErrorResultStream(err)
	}
	return c.DoStream(ctx, cmd)
}

// DoMultiStream is [rueidis.Client]'s.
func (l *Lazy) DoMultiStream(ctx context.Context, multi ...rueidis.Completed) rueidis.MultiRedisResultStream {
	c, err := l.usableForAll(multi)
	if err != nil {
		return rueidis.NewErrorResultStream(err)
	}
	return c.DoMultiStream(ctx, multi...)
}

// Receive is [rueidis.Client]'s.
func (l *Lazy) Receive(ctx context.Context, subscribe rueidis.Completed, fn func(rueidis.PubSubMessage)) error {
	c, err := l.usableFor(subscribe.Slot())
	if err != nil {
		return err
	}
	return c.Receive(ctx, subscribe, fn)
}

// Dedicated is [rueidis.Client]'s. Without a connection fn is not called.
func (l *Lazy) Dedicated(fn func(rueidis.DedicatedClient) error) error {
	c, err := l.usable()
	if err != nil {
		return err
	}
	return c.Dedicated(fn)
}

// Dedicate is [rueidis.Client]'s. Without a connection it returns a client whose
// calls fail, and which never becomes a working one.
func (l *Lazy) Dedicate() (rueidis.DedicatedClient, func()) {
	c, err := l.usable()
	if err != nil {
		return l.dead.Dedicate()
	}
	return c.Dedicate()
}

// Nodes is [rueidis.Client]'s. Without a connection the map is empty.
func (l *Lazy) Nodes() map[string]rueidis.Client {
	c, err := l.usable()
	if err != nil {
		return map[string]rueidis.Client{}
	}
	return c.Nodes()
}

// Mode is [rueidis.Client]'s. Before the first connection nobody can know it;
// then it is [rueidis.ClientModeStandalone].
func (l *Lazy) Mode() rueidis.ClientMode {
	if c := l.inner.Load(); c != nil {
		return c.Mode()
	}
	return l.dead.Mode()
}
