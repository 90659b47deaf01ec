package nearcache

import (
	"context"
	"errors"
	"time"

	"github.com/redis/rueidis"
)

var (
	errReplica = errors.New("nearcache: the server is no master any more")
	errNoPush  = errors.New("nearcache: the connection does not speak RESP3, so nothing is pushed")
	errLost    = errors.New("nearcache: the connection was lost")
)

// lane is a connection of its own to one server, which pushes what it executes. The
// heartbeat goes over the same connection, behind the pushes.
type lane struct {
	group *lanes
	id    string // of the node, in a Cluster
	conn  rueidis.DedicatedClient
	free  func()
	lost  <-chan error
	view  *view // of the first heartbeat, in a Cluster
	until int64 // what this lane allows; guarded by Tracker.mu
}

// newLane connects. That cannot be cancelled, but ends with the client's timeouts.
func (g *lanes) newLane(client rueidis.Client, id string) *lane {
	l := &lane{group: g, id: id}
	l.conn, l.free = client.Dedicate()
	l.lost = l.conn.SetOnInvalidations(g.pushed)
	return l
}

// begin switches tracking on.
func (l *lane) begin() error {
	t := l.group.tracker
	ctx, cancel := context.WithTimeout(l.group.ctx, t.o.MaxStaleness)
	defer cancel()
	// rueidis switches tracking on for its own cache, in a mode that excludes this one.
	off := l.conn.B().Arbitrary("CLIENT", "TRACKING", "OFF").Build()
	on := l.conn.B().Arbitrary("CLIENT", "TRACKING", "ON", "BCAST")
	for _, p := range t.o.Prefixes {
		on = on.Args("PREFIX", p)
	}
	if err := l.conn.Do(ctx, off).Error(); err != nil {
		return err
	}
	// Redis accepts tracking on a connection that speaks RESP2, and pushes nothing.
	hello, err := l.conn.Do(ctx, l.conn.B().Arbitrary("HELLO").Build()).AsMap()
	if err != nil {
		return err
	}
	proto := hello["proto"]
	if version, err := proto.AsInt64(); err != nil || version < 3 {
		return errors.Join(errNoPush, err)
	}
	return l.conn.Do(ctx, on.Build()).Error()
}

// beat sends one heartbeat. What it finds is good from when it was sent.
func (l *lane) beat() error {
	t := l.group.tracker
	ctx, cancel := context.WithTimeout(l.group.ctx, t.o.MaxStaleness)
	defer cancel()
	sent := t.Now()
	if err := l.group.ask(ctx, l); err != nil {
		return err
	}
	return l.group.extend(l, sent+int64(t.o.MaxStaleness))
}

// run keeps the lane until it fails.
func (l *lane) run() error {
	tick := time.NewTicker(l.group.tracker.o.MaxStaleness / 4)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case err := <-l.lost:
			return errors.Join(errLost, err)
		case <-l.group.ctx.Done():
			return l.group.ctx.Err()
		}
		if err := l.beat(); err != nil {
			return err
		}
	}
}

// close may take a second where the server is silent.
func (l *lane) close() {
	l.conn.Close() // its pushes must not reach whoever gets the connection next
	l.free()
}

// askServer is the heartbeat outside of a Cluster. After a failover that Sentinel
// made, the old master goes on answering PING: there the role is asked for.
func (t *Tracker) askServer(ctx context.Context, l *lane) error {
	if t.client.Mode() != rueidis.ClientModeSentinel {
		return l.conn.Do(ctx, l.conn.B().Ping().Build()).Error()
	}
	role, err := l.conn.Do(ctx, l.conn.B().Role().Build()).ToArray()
	if err != nil {
		return err
	}
	if kind, _ := role[0].ToString(); kind != "master" {
		return errReplica
	}
	return nil
}
