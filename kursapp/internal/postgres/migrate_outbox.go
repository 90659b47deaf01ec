package postgres

import (
	"context"
	"database/sql"

	"github.com/pressly/goose/v3"

	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

// outboxVersions are the migrations that run the library's SQL: each version of that
// wants one more.
var outboxVersions = []Migration{
	{Version: 3, Name: "00003_outbox.go"},
	{Version: 4, Name: "00004_outbox.go"}, // delivered rows are deleted
}

// watchUsers has every change of a user that others can see tell Redis: see
// kurs.OutboxUsers.
const watchUsers = `SELECT speedlayer.outbox_watch('public.users', target => 'user', key_column => 'id',
    tags => '{"users": ["all"]}', columns => '{name,email}')`

// outboxMigrations make the tables of the outbox, or bring them up to date, and the
// triggers anew.
func outboxMigrations() []*goose.Migration {
	migrations := make([]*goose.Migration, len(outboxVersions))
	for i, m := range outboxVersions {
		migrations[i] = goose.NewGoMigration(m.Version, &goose.GoFunc{RunTx: installOutbox}, nil)
	}
	return migrations
}

func installOutbox(ctx context.Context, tx *sql.Tx) error {
	// Who writes locks the users, then the outbox. In another order one of the two would
	// be a deadlock's victim.
	if _, err := tx.ExecContext(ctx, "LOCK TABLE public.users IN ACCESS EXCLUSIVE MODE"); err != nil {
		return err
	}
	// Without arguments pgx sends several statements at once.
	if _, err := tx.ExecContext(ctx, outboxpgx.Schema()); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, watchUsers)
	return err
}
