package outboxpgx

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/outbox"
)

// takeDeadline bounds a Take whose context has no deadline.
const takeDeadline = time.Second

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
		rows, places, err := waiting(ctx, tx, limit)
		if err != nil || len(rows) == 0 {
			return err
		}
		results := deliver(ctx, rows)
		if len(results) != len(rows) {
			return fmt.Errorf("outboxpgx: %d results for %d rows", len(results), len(rows))
		}
		taken = len(rows)
		delivered, err = s.mark(ctx, tx, epoch, sorted(rows, places, results))
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	return taken, delivered, nil
}

// byIndex makes the rest of a transaction find rows in the order of the index. The
// table grows from nothing to a million rows and back within seconds, so what is
// known of it is never true, and a plan that sorts all of it would be fatal then. What
// is forbidden but has no alternative looks dear, and would be compiled.
const byIndex = `set_config('jit', 'off', true) <> '' AND set_config('enable_seqscan', 'off', true) <> '' AND set_config('enable_sort', 'off', true) <> '' AND
	set_config('enable_bitmapscan', 'off', true) <> ''`

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
			set_config('synchronous_commit', 'off', true) <> '' AND `+byIndex+` AND
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

// waiting locks rows that nobody else has locked, new ones first. places are where
// they lie in the table, and where they stay as long as they are locked.
func waiting(ctx context.Context, tx pgx.Tx, limit int) (taken []outbox.Row, places []string, err error) {
	rows, err := tx.Query(ctx, `
		SELECT ctid::text, id, kind, target, key, payload::text, durable, created_at,
			extract(epoch FROM clock_timestamp() - created_at)::float8,
			attempts = 0 AND due > '-infinity'
		FROM speedlayer.outbox WHERE delivered_at IS NULL AND due <= now()
		ORDER BY due, id LIMIT $1 FOR UPDATE SKIP LOCKED`, limit)
	if err != nil {
		return nil, nil, fmt.Errorf("outboxpgx: take: %w", err)
	}
	taken, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (outbox.Row, error) {
		var r outbox.Row
		var place string
		var payload *string
		var waited float64
		err := row.Scan(&place, &r.ID, &r.Kind, &r.Target, &r.Key, &payload, &r.Durable, &r.CreatedAt, &waited, &r.Repeated)
		if payload != nil {
			r.Payload = []byte(*payload)
		}
		r.Waited = max(time.Duration(waited*float64(time.Second)), 1)
		places = append(places, place)
		return r, err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("outboxpgx: take: %w", err)
	}
	return taken, places, nil
}
