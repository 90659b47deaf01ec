package sqlite

import (
	"context"
	_ "embed" // seed.sql
	"fmt"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite/dbsqlc"
)

//go:embed seed.sql
var seedUsers string

// PrepareDemo makes the contract's sample data where there are no users: user
// n is "User n" with user{n}@example.com for n from 1 to 10,000, except user
// 1: Max, an administrator, with passwordHash. The next user gets an id behind
// them. (On PostgreSQL the method of this name does more: nobody but a demo
// ever uses a SQLite file.)
func (s *Store) PrepareDemo(ctx context.Context, passwordHash string) error {
	const op = "prepare demo"
	tx, err := s.begin(ctx)
	if err != nil {
		return s.translate(op, err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if found, err := dbsqlc.New(tx).AnyUser(ctx); err != nil || found {
		return s.translate(op, err)
	}
	if err := seed(ctx, tx, passwordHash); err != nil {
		return s.translate(op, fmt.Errorf("seed: %w", err))
	}
	if err := tx.Commit(); err != nil {
		return s.translate(op, fmt.Errorf("commit: %w", err))
	}
	s.logger.InfoContext(ctx, "sample users made", "users", 10_000)
	return nil
}

// seed makes the sample users without the trigger of the outbox, which takes twice as
// long as the rest: its rows would say the same ten thousand times. What SQLite does to
// its schema is part of the transaction.
func seed(ctx context.Context, tx *transaction, passwordHash string) error {
	var trigger string
	if err := tx.QueryRowContext(ctx, "SELECT sql FROM sqlite_schema WHERE name = 'kursapp_outbox_insert'").Scan(&trigger); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DROP TRIGGER kursapp_outbox_insert"); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, seedUsers, passwordHash, time.Now().UnixMicro()); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, trigger); err != nil {
		return err
	}
	return dbsqlc.New(tx).InvalidateEverything(ctx)
}
