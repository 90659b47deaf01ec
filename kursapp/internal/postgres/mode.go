package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/kursapp/internal/postgres/dbsqlc"
)

// Mode is the mark of a database: what kind of server it belongs to.
type Mode string

// The marks. A database that no kursapp has seen yet has none.
const (
	ModeNone       Mode = ""
	ModeDemo       Mode = "demo"
	ModeProduction Mode = "production"
)

// What the guards refuse. Each text says what to do.
var (
	ErrDemoDatabase = errors.New("the database belongs to a demo, whose administrator's password everybody knows: " +
		"`kursapp migrate undemo` deletes the sample users and then the mark, or give production a database of its own")
	ErrNotDemo     = errors.New("the database does not belong to a demo: there is nothing to undo")
	ErrNotLoopback = errors.New("the demo lets everybody in, so its database must be on this machine: " +
		"name 127.0.0.1, ::1, localhost or a unix socket, or no database at all")
	ErrNotEmpty = errors.New("the database holds something that no demo made: " +
		"give the demo an empty one (`createdb kursapp_demo`), or none at all")
)

// Mode returns the mark of the database.
func (s *Store) Mode(ctx context.Context) (Mode, error) {
	return read(ctx, s, "mode", func(ctx context.Context, _ *dbsqlc.Queries) (Mode, error) {
		return readMode(ctx, s.pool)
	})
}

// EnsureProduction refuses a database that a demo marked with ErrDemoDatabase,
// and marks any other as production's, so that no demo ever takes it. A server
// calls it before it answers anything, also where it does not migrate. Before
// the first migration the error wraps ErrNotMigrated.
func (s *Store) EnsureProduction(ctx context.Context) error {
	const op = "ensure production"
	mode, err := write(ctx, s, op, func(ctx context.Context, q *dbsqlc.Queries) (Mode, error) {
		// No lock is needed: a demo makes the table and its mark in one
		// transaction, so a table without a mark is never about to get the
		// other one.
		if err := q.SetModeOnce(ctx, string(ModeProduction)); err != nil {
			return ModeNone, err
		}
		value, err := q.Mode(ctx)
		return Mode(value), err
	})
	if err == nil && mode == ModeDemo {
		err = maintenance(op, ErrDemoDatabase)
	}
	return err
}

// readMode returns ModeNone where the table is not there either.
func readMode(ctx context.Context, db dbsqlc.DBTX) (Mode, error) {
	mode, err := dbsqlc.New(db).Mode(ctx)
	if errors.Is(err, pgx.ErrNoRows) || sqlState(err) == undefinedTable {
		return ModeNone, nil
	}
	return Mode(mode), err
}
