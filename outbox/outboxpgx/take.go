package outboxpgx

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/outbox"
)

// takeDeadline bounds a Take whose context has no deadline.
const takeDeadline = time.Second

// errLost keeps rows from being marked that may have gone to a Redis that was lost
// meanwhile.
var errLost = errors.New("outboxpgx: Redis changed its identity while the rows were delivered")

// Take implements [outbox.Source].
//
// The rows are locked and marked in one transaction, which the server itself ends
// soon after the deadline of ctx. Rows that others have locked are skipped.
func (s *Source) Take(ctx context.Context, limit int, deliver func(context.Context, []outbox.Row) []error) (taken, delivered int, err error) {
	ctx, cancel := context.WithTimeout(ctx, takeDeadline)
	defer cancel()
	err = s.transaction(ctx, func(tx pgx.Tx) error {
		epoch, mine, err := s.claim(ctx, tx)
		s.standby.Store(err == nil && !mine)
		if err != nil || !mine {
			return err
		}
		rows, err := waiting(ctx, tx, limit)
		if err != nil || len(rows) == 0 {
			return err
		}
		results := deliver(ctx, rows)
		if len(results) != len(rows) {
			return fmt.Errorf("outboxpgx: %d results for %d rows", len(results), len(rows))
		}
		taken = len(rows)
		delivered, err = s.mark(ctx, tx, epoch, rows, results)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	return taken, delivered, nil
}

// claim bounds the transaction and asks for the lock.
func (s *Source) claim(ctx context.Context, tx pgx.Tx) (epoch int64, mine bool, err error) {
	left := takeDeadline
	if deadline, ok := ctx.Deadline(); ok {
		left = max(time.Until(deadline), time.Millisecond)
	}
	// This process is the first to give up; the server acts where it cannot. Its
	// commit need not wait for the disk: marks that a crash takes back mean that rows
	// are delivered once more.
	idle := left + 200*time.Millisecond
	err = tx.QueryRow(ctx, `
		SELECT set_config('statement_timeout', $1, true) <> '' AND
			set_config('idle_in_transaction_session_timeout', $2, true) <> '' AND
			set_config('synchronous_commit', 'off', true) <> '' AND
			($3 OR pg_try_advisory_xact_lock($4)), epoch
		FROM speedlayer.outbox_relay`,
		milliseconds(left), milliseconds(idle), s.o.Concurrent, int64(lockKey)).Scan(&mine, &epoch)
	if err != nil {
		return 0, false, fmt.Errorf("outboxpgx: claim: %w", err)
	}
	return epoch, mine, nil
}

func milliseconds(d time.Duration) string {
	return strconv.FormatInt(max(d.Milliseconds(), 1), 10) + "ms"
}

// waiting locks rows that nobody else has locked, new ones first.
func waiting(ctx context.Context, tx pgx.Tx, limit int) ([]outbox.Row, error) {
	rows, err := tx.Query(ctx, `
		SELECT id, kind, target, key, payload::text, durable, created_at,
			extract(epoch FROM clock_timestamp() - created_at)::float8,
			attempts = 0 AND due > '-infinity'
		FROM speedlayer.outbox WHERE delivered_at IS NULL AND due <= now()
		ORDER BY due, id LIMIT $1 FOR UPDATE SKIP LOCKED`, limit)
	if err != nil {
		return nil, fmt.Errorf("outboxpgx: take: %w", err)
	}
	taken, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (outbox.Row, error) {
		var r outbox.Row
		var payload *string
		var waited float64
		err := row.Scan(&r.ID, &r.Kind, &r.Target, &r.Key, &payload, &r.Durable, &r.CreatedAt, &waited, &r.Repeated)
		if payload != nil {
			r.Payload = []byte(*payload)
		}
		r.Waited = max(time.Duration(waited*float64(time.Second)), 1)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("outboxpgx: take: %w", err)
	}
	return taken, nil
}

// mark records what became of the rows.
func (s *Source) mark(ctx context.Context, tx pgx.Tx, epoch int64, rows []outbox.Row, results []error) (delivered int, err error) {
	var kept, gone, refused, foreign []int64
	for i, row := range rows {
		switch {
		case results[i] != nil:
			refused = append(refused, row.ID)
			if errors.Is(results[i], outbox.ErrRefused) {
				foreign = append(foreign, row.ID)
			}
		case row.Kind == outbox.KindTask && !row.Durable:
			gone = append(gone, row.ID)
		default:
			kept = append(kept, row.ID)
		}
	}
	var batch pgx.Batch
	if len(kept) > 0 {
		batch.Queue(`UPDATE speedlayer.outbox SET delivered_at = clock_timestamp() WHERE id = ANY ($1)`, kept)
	}
	if len(gone) > 0 {
		batch.Queue(`DELETE FROM speedlayer.outbox WHERE id = ANY ($1)`, gone)
	}
	if len(refused) > 0 {
		// 20 ms, 40 ms, 80 ms …, to half a second; to ten seconds for what Redis is not
		// to blame for.
		batch.Queue(`UPDATE speedlayer.outbox SET attempts = attempts + 1, due = clock_timestamp() +
			least(0.02 * 2 ^ least(attempts, 20), CASE WHEN id = ANY ($2) THEN 10 ELSE 0.5 END) * interval '1 second'
			WHERE id = ANY ($1)`, refused, foreign)
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
	return len(kept) + len(gone), nil
}
