package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/kursapp/internal/postgres/dbsqlc"
)

const (
	// lockKey is the advisory lock under which one process at a time changes
	// the schema or the mark of a database: "kursapp" in ASCII.
	lockKey = 0x6b757273617070
	// lockInterval is how often a waiting process asks for the lock.
	lockInterval = 50 * time.Millisecond
	// maintenanceTimeout bounds the wait for the lock and the work under it
	// together. Migrations of a large table may take their time.
	maintenanceTimeout = 5 * time.Minute
)

// beginLock keeps the lock for as long as the work takes.
const beginLock = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0"

// exclusively runs f while no other process on this database does the same. f
// gets a connection of its own, outside the pool, so that a pool of one
// connection cannot wait for itself.
//
// The lock belongs to a transaction that stays open meanwhile, not to a
// session: that also works through poolers that hand a session's connection
// to others, and it ends with the process whatever happens. It is asked for
// again and again instead of being waited for on the server, so that each
// exchange is bounded and a frozen server is noticed.
func (s *Store) exclusively(ctx context.Context, f func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, maintenanceTimeout)
	defer cancel()
	guard, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer s.disconnect(guard) // ends the transaction, and with it the lock
	if err := s.lock(ctx, guard); err != nil {
		return err
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer s.disconnect(conn)
	return f(ctx, conn)
}

// lock opens a transaction on conn and takes the lock in it.
func (s *Store) lock(ctx context.Context, conn *pgx.Conn) error {
	bounded := func(f func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, s.callTimeout)
		defer cancel()
		return f(ctx)
	}
	var tx pgx.Tx
	if err := bounded(func(ctx context.Context) (err error) {
		tx, err = conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: beginLock})
		return err
	}); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	for {
		var locked bool
		if err := bounded(func(ctx context.Context) (err error) {
			locked, err = dbsqlc.New(tx).TryLock(ctx, lockKey)
			return err
		}); err != nil {
			return fmt.Errorf("lock: %w", err)
		}
		if locked {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("lock: another process holds it: %w", ctx.Err())
		case <-time.After(lockInterval):
		}
	}
}

// connect opens a connection outside the pool.
func (s *Store) connect(ctx context.Context) (*pgx.Conn, error) {
	return pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
}

func (s *Store) disconnect(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), s.callTimeout)
	defer cancel()
	_ = conn.Close(ctx) // it is gone either way
}

// maintenance turns an error of exclusively into the domain's. What the
// database refuses is no reason to try again, so only unreachable is
// kurs.CodeUnavailable here.
func maintenance(op string, err error) error {
	if err == nil {
		return nil
	}
	wrapped := fmt.Errorf("postgres: %s: %w", op, err)
	switch {
	case unreachable(err):
		return unavailable(wrapped)
	case sqlState(err) == insufficientRights:
		return fmt.Errorf("%w (make the user the owner of the database, or GRANT CREATE ON DATABASE and CREATE, USAGE ON SCHEMA public to it)", wrapped)
	}
	return wrapped
}
