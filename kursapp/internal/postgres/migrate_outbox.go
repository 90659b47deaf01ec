package postgres

import (
	"context"
	"database/sql"

	"github.com/pressly/goose/v3"

	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

const outboxVersion = 3

// watchUsers has every change of a user that others can see tell Redis: see
// kurs.OutboxUsers.
const watchUsers = `SELECT speedlayer.outbox_watch('public.users', target => 'user', key_column => 'id',
    tags => '{"users": ["all"]}', columns => '{name,email}')`

// outboxMigration makes the tables of the outbox, whose SQL is the library's. A later
// version of it wants a migration of its own that runs Schema once more.
func outboxMigration() *goose.Migration {
	return goose.NewGoMigration(outboxVersion, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		// Without arguments pgx sends several statements at once.
		if _, err := tx.ExecContext(ctx, outboxpgx.Schema()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, watchUsers)
		return err
	}}, nil)
}
