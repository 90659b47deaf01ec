package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/kursapp/internal/postgres/dbsqlc"
)

// createMeta makes the table of the mark before the migrations, which leave it
// as it is where they find it (00002_mode.sql).
const createMeta = "CREATE TABLE public.kursapp_meta (key text PRIMARY KEY, value text NOT NULL)"

// forgetTasks takes the demo's mails and its audit log away: they are none of
// production's.
const forgetTasks = "DELETE FROM speedlayer.outbox WHERE kind = 'task'; DELETE FROM public.audit_log"

// forgetSeeding says in two rows of the outbox what thousands say.
const forgetSeeding = `DELETE FROM speedlayer.outbox WHERE kind <> 'task' AND delivered_at IS NULL;
	SELECT speedlayer.outbox_invalidate_all('user'), speedlayer.outbox_invalidate_tag('users', 'all')`

// PrepareDemo makes the database a demo's: it marks it, migrates it and, where
// there are no users, makes the contract's sample data: user n is "User n" with
// user{n}@example.com for n from 1 to 10,000, except user 1: Max, an
// administrator, with passwordHash. The next user gets an id behind them.
//
// Several demos may call it at once and make one set of sample data. One that
// dies halfway is continued by the next call.
//
// ErrNotLoopback unless every host of the URL is on this machine; ErrNotEmpty
// for a database that is neither empty nor marked by a demo;
// kurs.CodeUnavailable where PostgreSQL cannot be asked.
func (s *Store) PrepareDemo(ctx context.Context, passwordHash string) error {
	const op = "prepare demo"
	if !isLoopback(s.pool.Config()) {
		return maintenance(op, fmt.Errorf("%s: %w", s.Address(), ErrNotLoopback))
	}
	return maintenance(op, s.exclusively(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		mode, err := readMode(ctx, conn)
		if err != nil {
			return err
		}
		switch mode {
		case ModeDemo:
		case ModeNone:
			if err := claim(ctx, conn); err != nil {
				return err
			}
		default:
			return fmt.Errorf("it is marked as %s: %w", mode, ErrNotEmpty)
		}
		if err := s.up(ctx); err != nil {
			return err
		}
		return s.seed(ctx, conn, passwordHash)
	}))
}

// claim marks an empty database. The mark comes before the tables, and with
// its own table in one transaction: a demo that dies in the middle leaves a
// database behind that the next demo recognises.
func claim(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		q := dbsqlc.New(tx)
		relation, err := q.FirstRelation(ctx)
		if err == nil {
			return fmt.Errorf("it contains %s: %w", relation, ErrNotEmpty)
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if _, err := tx.Exec(ctx, createMeta); err != nil {
			return err
		}
		return q.SetModeOnce(ctx, string(ModeDemo))
	})
}

func (s *Store) seed(ctx context.Context, conn *pgx.Conn, passwordHash string) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		q := dbsqlc.New(tx)
		if found, err := q.AnyUser(ctx); err != nil || found {
			return err
		}
		if err := q.SeedUsers(ctx, passwordHash); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, forgetSeeding); err != nil {
			return err
		}
		s.logger.InfoContext(ctx, "sample users made", "users", 10_000)
		return q.AdvanceSequence(ctx)
	})
}

// Undemo deletes the users that the demo made, whatever they are called by
// now, and then the mark, in one transaction; it returns how many it deleted.
// Users who registered meanwhile stay. ErrNotDemo, and nothing changes, where
// the database does not belong to a demo.
//
// No demo should run on the database meanwhile: it would not notice, and go on
// to let everybody in until it ends.
func (s *Store) Undemo(ctx context.Context) (deleted int, err error) {
	err = s.exclusively(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		mode, err := readMode(ctx, conn)
		if err != nil {
			return err
		}
		if mode != ModeDemo {
			return ErrNotDemo
		}
		// A demo that died before its first migration left the mark alone;
		// with the tables there, what follows needs no special cases.
		if err := s.up(ctx); err != nil {
			return err
		}
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			q := dbsqlc.New(tx)
			n, err := q.DeleteSeededUsers(ctx)
			if err != nil {
				return err
			}
			deleted = int(n)
			if _, err := tx.Exec(ctx, forgetTasks); err != nil {
				return err
			}
			return q.ForgetMode(ctx)
		})
	})
	if err != nil {
		return 0, maintenance("undemo", err)
	}
	return deleted, nil
}
