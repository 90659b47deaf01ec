package outboxpgx

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/speedlayer/speedlayer/outbox"
)

// Options describe a Source. The zero value works.
type Options struct {
	// Retention is how long delivered invalidations are kept, to repeat them when
	// Redis lost data, and how long durable tasks are given until they are handed to
	// their queue again. It must be longer than what Redis may lose: for a server that
	// starts again from a snapshot, the time between two snapshots.
	// Default: 1 min.
	Retention time.Duration
	// Concurrent lets several relays take rows at the same time. By default one does
	// at a time, the others wait in case it dies: that is cheaper. Rows are taken by
	// one relay only in either case.
	Concurrent bool
	// Listen says where to connect to for LISTEN, past a pooler that hands out
	// connections by transaction. Default: the configuration of the pool.
	Listen *pgx.ConnConfig
	// PollOnly never listens, for databases behind such a pooler that cannot be
	// reached otherwise: a relay then finds rows by looking once a second.
	// Default: false.
	PollOnly bool
}

// lockKey is the advisory lock of the relay that takes rows: "outbox" in ASCII.
const lockKey = 0x6f7574626f78

// Source is the outbox of a PostgreSQL database. Its methods may be called
// concurrently.
type Source struct {
	pool *pgxpool.Pool
	o    Options
	// standby says that another relay held the lock at the last look.
	standby atomic.Bool
	// took is when this one last took rows, by the database's clock.
	took atomic.Pointer[time.Time]

	mu        sync.Mutex // held by Wait
	listener  *pgx.Conn
	reconnect time.Time // not before
}

var _ outbox.Source = (*Source)(nil)

// NewSource returns the outbox in the database of pool, which must have the
// [Schema]. Batches take one connection of the pool, Wait one of its own outside
// of it until Close. Where requests may use up a pool, the relay has one of its own.
func NewSource(pool *pgxpool.Pool, o Options) *Source {
	if o.Retention <= 0 {
		o.Retention = time.Minute
	}
	return &Source{pool: pool, o: o}
}

// Close ends the connection that Wait keeps. The Source may be used again.
func (s *Source) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disconnect()
}

// transaction runs fn in a transaction that is bounded by the deadline of ctx on
// the server too: a process that was stopped, or cut off, must not keep its locks.
func (s *Source) transaction(ctx context.Context, fn func(pgx.Tx) error) error {
	// Under stricter isolation the database would refuse rows that others changed.
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite})
	if err != nil {
		return fmt.Errorf("outboxpgx: begin: %w", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = tx.Rollback(ctx) // after a commit it does nothing
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("outboxpgx: commit: %w", err)
	}
	return nil
}

// Complete implements [outbox.Source].
func (s *Source) Complete(ctx context.Context, ids ...int64) error {
	if len(ids) == 0 {
		return nil
	}
	// In the order of ids, so that two of them do not wait for each other.
	_, err := s.pool.Exec(ctx, `
		DELETE FROM speedlayer.outbox WHERE durable AND id = ANY (ARRAY(
			SELECT id FROM speedlayer.outbox WHERE durable AND id = ANY ($1) ORDER BY id FOR UPDATE))`, ids)
	if err != nil {
		return fmt.Errorf("outboxpgx: complete: %w", err)
	}
	return nil
}

// sweepLimit is how many rows of each sort one Sweep handles.
const sweepLimit = 5000

// Sweep implements [outbox.Source].
func (s *Source) Sweep(ctx context.Context) (int, error) {
	var deleted int
	err := s.pool.QueryRow(ctx, `
		WITH gone AS (DELETE FROM speedlayer.outbox_recent WHERE ctid = ANY (ARRAY(
			SELECT ctid FROM speedlayer.outbox_recent WHERE delivered_at < now() - $1::interval
			ORDER BY delivered_at LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING keys)
		SELECT coalesce(sum(cardinality(keys)), 0)::int FROM gone`, s.o.Retention, sweepLimit).Scan(&deleted)
	if err != nil {
		return 0, fmt.Errorf("outboxpgx: sweep: %w", err)
	}
	again, err := s.pool.Exec(ctx, `
		UPDATE speedlayer.outbox SET delivered_at = NULL, attempts = 0, due = clock_timestamp() WHERE ctid = ANY (ARRAY(
			SELECT ctid FROM speedlayer.outbox WHERE durable AND delivered_at < now() - $1::interval
			ORDER BY delivered_at LIMIT $2 FOR UPDATE SKIP LOCKED))`, s.o.Retention, sweepLimit)
	if err != nil {
		return deleted, fmt.Errorf("outboxpgx: drive durable tasks again: %w", err)
	}
	// A process of the version before marks its rows and leaves them where they are.
	left, err := s.pool.Exec(ctx, `
		DELETE FROM speedlayer.outbox WHERE ctid = ANY (ARRAY(
			SELECT ctid FROM speedlayer.outbox WHERE NOT durable AND delivered_at < now() - $1::interval
			ORDER BY delivered_at LIMIT $2 FOR UPDATE SKIP LOCKED))`, s.o.Retention, sweepLimit)
	if err != nil {
		return deleted + int(again.RowsAffected()), fmt.Errorf("outboxpgx: sweep rows that were left: %w", err)
	}
	return deleted + int(again.RowsAffected()+left.RowsAffected()), nil
}

// Repeat implements [outbox.Source].
func (s *Source) Repeat(ctx context.Context, identity string) (int, error) {
	repeated := 0
	err := s.transaction(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL idle_in_transaction_session_timeout = '2s'`); err != nil {
			return fmt.Errorf("outboxpgx: bound the transaction: %w", err)
		}
		// This takes the lock that Take needs to mark: what was taken before is marked
		// when the update of the outbox begins, or never.
		changed, err := tx.Exec(ctx, `
			UPDATE speedlayer.outbox_relay SET identity = $1, epoch = epoch + 1 WHERE identity IS DISTINCT FROM $1`, identity)
		if err != nil {
			return fmt.Errorf("outboxpgx: remember identity: %w", err)
		}
		if changed.RowsAffected() == 0 {
			return nil
		}
		// Rows that others hold are being completed or swept.
		tasks, err := tx.Exec(ctx, `
			UPDATE speedlayer.outbox SET delivered_at = NULL, attempts = 0, due = clock_timestamp() WHERE ctid = ANY (ARRAY(
				SELECT ctid FROM speedlayer.outbox WHERE delivered_at > now() - $1::interval FOR UPDATE SKIP LOCKED))`, s.o.Retention)
		if err != nil {
			return fmt.Errorf("outboxpgx: repeat tasks: %w", err)
		}
		// A key that was invalidated many times is written once.
		invalidations, err := tx.Exec(ctx, `
			WITH gone AS (DELETE FROM speedlayer.outbox_recent WHERE delivered_at > now() - $1::interval RETURNING kind, target, keys)
			INSERT INTO speedlayer.outbox (kind, target, key, due)
			SELECT DISTINCT kind, target, key, clock_timestamp() FROM gone CROSS JOIN unnest(keys) AS k (key)`, s.o.Retention)
		if err != nil {
			return fmt.Errorf("outboxpgx: repeat invalidations: %w", err)
		}
		repeated = int(tasks.RowsAffected() + invalidations.RowsAffected())
		return nil
	})
	if err != nil {
		return 0, err
	}
	return repeated, nil
}

// backlogLimit is how many waiting rows Backlog counts at most.
const backlogLimit = 5000

// Backlog implements [outbox.Source]. A row that was repeated counts from then.
func (s *Source) Backlog(ctx context.Context) (rows int, oldest time.Duration, err error) {
	var seconds float64
	err = s.transaction(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT `+byIndex); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `
			SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(since)), 0)::float8 FROM (
				SELECT CASE WHEN attempts = 0 THEN greatest(created_at, due) ELSE created_at END AS since
				FROM speedlayer.outbox WHERE delivered_at IS NULL AND due < 'infinity' ORDER BY due, id LIMIT $1) AS w`,
			backlogLimit).Scan(&rows, &seconds)
	})
	if err != nil {
		return 0, 0, fmt.Errorf("outboxpgx: backlog: %w", err)
	}
	return rows, max(0, time.Duration(seconds*float64(time.Second))), nil
}
