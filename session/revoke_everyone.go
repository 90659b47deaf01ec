package session

import (
	"cmp"
	"context"
	"errors"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

// scanCount is how many keys SCAN looks at in one go.
const scanCount = 1000

// RevokeEveryone ends all sessions of all users, and those of logins that took their
// epoch before: for a table of users that was emptied or loaded again. It deletes all
// epochs, for without one no session is valid.
//
// It looks at every key in Redis, at those of other programs too: with SCAN, a
// thousand at a time. Each exchange is bounded by Options.RedisTimeout, the whole by
// ctx alone. While slots of a Cluster move from node to node it fails.
//
// Errors: ErrUnavailable: some sessions may have ended, and the call should be
// repeated.
func (m *Manager[U, D]) RevokeEveryone(ctx context.Context) error {
	err := m.deleteEpochs(ctx)
	if m.local != nil {
		m.local.store.DropAll()
	}
	if err != nil {
		return failure("revoke everyone", err)
	}
	m.emit(Event{Kind: EventRevoked, Reason: ReasonEveryone})
	return nil
}

// deleteEpochs relies on what SCAN promises: it returns each key that is there from
// its beginning to its end.
func (m *Manager[U, D]) deleteEpochs(ctx context.Context) error {
	// A client that is not connected has no nodes; this says why.
	if err := m.ping(ctx); err != nil {
		return err
	}
	nodes, layout, err := redisx.Masters(ctx, m.client, m.o.RedisTimeout)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if err := m.sweep(ctx, node, redisx.EscapeGlob(m.epochKey(""))+"*"); err != nil {
			return err
		}
	}
	// A key that moved meanwhile may have been on no node while that was looked at.
	if _, now, err := redisx.Masters(ctx, m.client, m.o.RedisTimeout); err != nil || now != layout {
		return cmp.Or(err, redisx.ErrSlots)
	}
	return nil
}

func (m *Manager[U, D]) ping(ctx context.Context) error {
	ctx, cancel := m.bound(ctx)
	defer cancel()
	return m.client.Do(ctx, m.client.B().Ping().Build()).Error()
}

// sweep deletes what matches on one node. Keys are deleted through the client: it
// follows a slot that has just moved.
func (m *Manager[U, D]) sweep(ctx context.Context, node rueidis.Client, pattern string) error {
	for cursor := uint64(0); ; {
		page, err := m.scan(ctx, node, cursor, pattern)
		if err != nil {
			return err
		}
		if err := m.delete(ctx, page.Elements); err != nil {
			return err
		}
		if cursor = page.Cursor; cursor == 0 {
			return nil
		}
	}
}

func (m *Manager[U, D]) scan(ctx context.Context, node rueidis.Client, cursor uint64, pattern string) (rueidis.ScanEntry, error) {
	ctx, cancel := m.bound(ctx)
	defer cancel()
	return node.Do(ctx, node.B().Scan().Cursor(cursor).Match(pattern).Count(scanCount).Build()).AsScanEntry()
}

func (m *Manager[U, D]) delete(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	cmds := make(rueidis.Commands, len(keys))
	for i, key := range keys {
		cmds[i] = m.client.B().Del().Key(key).Build()
	}
	var errs []error
	for _, reply := range m.client.DoMulti(ctx, cmds...) {
		errs = append(errs, reply.Error())
	}
	return errors.Join(errs...)
}
