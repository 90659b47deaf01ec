package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

// # How everything is removed
//
// First all leases, then all values. SCAN returns each key that is there from its
// beginning to its end, and nothing more is needed: a load that began before the
// call either held its lease all through the first pass, which takes it away, so that
// the fill is refused; or it gave the lease back before, and then its value is there
// when the second pass begins. A load that takes its lease later reads what is
// committed by then. If values came first, the fill of an old load could put one back
// behind the pass.

// scanCount is how many keys SCAN looks at in one go.
const scanCount = 1000

// removeAll removes everything under the prefix and returns how many values there
// were.
func (t *tier) removeAll(ctx context.Context, prefix string) (removed int, err error) {
	nodes, layout, err := t.masters(ctx)
	if err != nil {
		return 0, err
	}
	pattern := redisx.EscapeGlob(prefix)
	for _, node := range nodes {
		if _, err := t.sweep(ctx, node, "{"+pattern+"*}:lease", t.delete); err != nil {
			return removed, fmt.Errorf("remove leases: %w", err)
		}
	}
	for _, node := range nodes {
		n, err := t.sweep(ctx, node, pattern+"*", t.deleteValue)
		removed += n
		if err != nil {
			return removed, fmt.Errorf("remove values: %w", err)
		}
	}
	// A key that moved meanwhile may have been on no node while that was looked at.
	if _, now, err := t.masters(ctx); err != nil || now != layout {
		return removed, cmp.Or(err, redisx.ErrSlots)
	}
	return removed, nil
}

// sweep removes what matches on one node. Keys are removed through the client: it
// follows a slot that has just moved.
func (t *tier) sweep(ctx context.Context, node rueidis.Client, pattern string, removal func(string) rueidis.Completed) (removed int, err error) {
	for cursor := uint64(0); ; {
		page, err := retried(ctx, t, func(ctx context.Context) (rueidis.ScanEntry, error) {
			return node.Do(ctx, node.B().Scan().Cursor(cursor).Match(pattern).Count(scanCount).Build()).AsScanEntry()
		})
		if err != nil {
			return removed, err
		}
		if len(page.Elements) > 0 {
			_, err := retried(ctx, t, func(ctx context.Context) (struct{}, error) {
				cmds := make(rueidis.Commands, len(page.Elements))
				for i, name := range page.Elements {
					cmds[i] = removal(name)
				}
				var errs []error
				for _, reply := range t.client.DoMulti(ctx, cmds...) {
					errs = append(errs, reply.Error())
				}
				return struct{}{}, errors.Join(errs...)
			})
			if err != nil {
				return removed, err
			}
			removed += len(page.Elements)
		}
		if cursor = page.Cursor; cursor == 0 {
			return removed, nil
		}
	}
}

// retried makes an exchange, once more where it failed for another reason than time:
// a connection that was lost while idle shows with the first command only.
func retried[T any](ctx context.Context, t *tier, exchange func(context.Context) (T, error)) (T, error) {
	rctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	v, err := exchange(rctx)
	if err != nil && rctx.Err() == nil {
		v, err = exchange(rctx)
	}
	t.report(ctx, err)
	return v, err
}

func (t *tier) delete(name string) rueidis.Completed {
	return t.client.B().Del().Key(name).Build()
}

// deleteValue leaves the lease alone: who took it after the first pass loads what is
// new.
func (t *tier) deleteValue(name string) rueidis.Completed {
	del := t.client.B().Del().Key(name)
	if t.tagged {
		del = del.Key(markKey(name))
	}
	return del.Build()
}

// masters returns the nodes that hold keys.
func (t *tier) masters(ctx context.Context) (nodes []rueidis.Client, layout string, err error) {
	if len(t.client.Nodes()) == 0 {
		// A client that is not connected has none; this says why.
		_, err := retried(ctx, t, func(ctx context.Context) (string, error) {
			return t.client.Do(ctx, t.client.B().Ping().Build()).ToString()
		})
		return nil, "", cmp.Or(err, redisx.ErrSlots)
	}
	return redisx.Masters(ctx, t.client, t.timeout)
}
