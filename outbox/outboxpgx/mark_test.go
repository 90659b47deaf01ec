package outboxpgx_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

// TestRelaysDeleteNoRowThatWasRefused has relays take rows while others put them off,
// which moves them in the table: a row may go only with its own confirmation.
func TestRelaysDeleteNoRowThatWasRefused(t *testing.T) {
	t.Parallel()
	pool := database(t)
	const rows = 400
	exec(t, pool, `INSERT INTO speedlayer.outbox (kind, target, key) SELECT 'invalidate', 't', n::text FROM generate_series(1, $1) AS n`, rows)
	var mu sync.Mutex
	confirmed := make(map[string]bool)
	var refusals, taken atomic.Int64
	deliver := func(_ context.Context, rows []outbox.Row) []error {
		results := make([]error, len(rows))
		mu.Lock()
		defer mu.Unlock()
		for i, row := range rows {
			if rand.IntN(3) == 0 {
				results[i] = errors.New("not now")
				refusals.Add(1)
				continue
			}
			confirmed[row.Key] = true
		}
		taken.Add(int64(len(rows)))
		return results
	}
	ctx, cancel := context.WithCancel(t.Context())
	var relays sync.WaitGroup
	for range 4 {
		source := newSource(t, pool, outboxpgx.Options{Concurrent: true})
		relays.Go(func() {
			for ctx.Err() == nil {
				// A slow machine may cut a batch off, whose rows then wait again.
				if _, _, err := source.Take(ctx, 30, deliver); err != nil && strings.Contains(err.Error(), "are gone") {
					t.Error(err)
					return
				}
			}
		})
	}
	await(t, "all rows are delivered", func() bool { return value[int](t, pool, `SELECT count(*) FROM speedlayer.outbox`) == 0 })
	cancel()
	relays.Wait()
	mu.Lock()
	defer mu.Unlock()
	for n := range rows {
		if key := fmt.Sprint(n + 1); !confirmed[key] {
			t.Errorf("row %s is gone and was never confirmed", key)
		}
	}
	kept := value[int](t, pool, `SELECT count(DISTINCT key) FROM speedlayer.outbox_recent, unnest(keys) AS key`)
	if kept != rows {
		t.Errorf("the keys of %d rows are kept to be repeated, want %d", kept, rows)
	}
	if refusals.Load() == 0 || taken.Load() <= rows {
		t.Errorf("%d refusals in %d deliveries: nothing was put off", refusals.Load(), taken.Load())
	}
}
