package outboxpgx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/speedlayer/speedlayer/outbox"
)

var (
	// errLost keeps rows from being marked that may have gone to a Redis that was lost
	// meanwhile.
	errLost = errors.New("outboxpgx: Redis changed its identity while the rows were delivered")
	// errMoved says that rows are not where they were locked, which cannot be.
	errMoved = errors.New("outboxpgx: rows that were locked are gone")
)

// outcome is what became of the rows of a batch. Rows are named by their place, tasks
// that stay by their id.
type outcome struct {
	gone    []string
	recent  map[invalidation][]string // keys of those that are gone
	durable []int64
	refused []string
	foreign []string // refused, and Redis is not to blame
}

// invalidation is what rows have in common that differ by their key.
type invalidation struct {
	kind   outbox.Kind
	target string
}

func sorted(rows []outbox.Row, places []string, results []error) outcome {
	o := outcome{recent: make(map[invalidation][]string)}
	for i, row := range rows {
		switch {
		case results[i] != nil:
			o.refused = append(o.refused, places[i])
			if errors.Is(results[i], outbox.ErrRefused) {
				o.foreign = append(o.foreign, places[i])
			}
		case row.Kind == outbox.KindTask && row.Durable:
			o.durable = append(o.durable, row.ID)
		default:
			o.gone = append(o.gone, places[i])
			if row.Kind != outbox.KindTask {
				kind := invalidation{row.Kind, row.Target}
				o.recent[kind] = append(o.recent[kind], row.Key)
			}
		}
	}
	return o
}

// mark records what became of the rows, all in one exchange.
func (s *Source) mark(ctx context.Context, tx pgx.Tx, epoch int64, o outcome) (delivered int, err error) {
	var batch pgx.Batch
	if len(o.gone) > 0 {
		batch.Queue(`DELETE FROM speedlayer.outbox WHERE ctid = ANY ($1::text[]::tid[])`, o.gone).Exec(all(o.gone))
	}
	for kind, keys := range o.recent {
		slices.Sort(keys)
		batch.Queue(`INSERT INTO speedlayer.outbox_recent (kind, target, keys) VALUES ($1, $2, $3)`,
			string(kind.kind), kind.target, slices.Compact(keys))
	}
	if len(o.durable) > 0 {
		batch.Queue(`UPDATE speedlayer.outbox SET delivered_at = clock_timestamp(), due = 'infinity'
			WHERE durable AND id = ANY ($1)`, o.durable)
	}
	if len(o.refused) > 0 {
		// 20 ms, 40 ms, 80 ms …, to half a second; to ten seconds for what Redis is not
		// to blame for.
		batch.Queue(`UPDATE speedlayer.outbox SET attempts = attempts + 1, due = clock_timestamp() +
			least(0.02 * 2 ^ least(attempts, 20), CASE WHEN ctid = ANY ($2::text[]::tid[]) THEN 10 ELSE 0.5 END) * interval '1 second'
			WHERE ctid = ANY ($1::text[]::tid[])`, o.refused, o.foreign).Exec(all(o.refused))
	}
	// Last, for until the commit it keeps others from falling asleep. Who takes rows
	// need not be woken.
	var now time.Time
	batch.Queue(`UPDATE speedlayer.outbox_relay SET taken_at = clock_timestamp(), asleep_until = NULL
		WHERE epoch = $1 RETURNING taken_at, `+clearFlag, epoch).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&now, nil)
		if errors.Is(err, pgx.ErrNoRows) {
			return errLost
		}
		return err
	})
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return 0, fmt.Errorf("outboxpgx: mark: %w", err)
	}
	s.took.Store(&now)
	return len(o.gone) + len(o.durable), nil
}

// all fails unless a statement found each of the places.
func all(places []string) func(pgconn.CommandTag) error {
	return func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() != int64(len(places)) {
			return errMoved
		}
		return nil
	}
}
