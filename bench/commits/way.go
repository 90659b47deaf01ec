package commits

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

// Users is how many rows the table has that the transactions update.
const Users = 10_000

// Way is how others learn of a changed row.
type Way struct {
	// ID names it in the output of benchmarks, Name in tables.
	ID, Name string
	// schema is run after the table was made.
	schema func() string
	follow func(ctx context.Context, p Place, heard Heard) (stop func() error, err error)
}

// Heard is told the keys of changed rows, once their entries are dropped. Without it,
// notifications are only read: they shall cost no more than they must.
type Heard func(id int64)

// Place is where the ways of a run are.
type Place struct {
	DSN   string // of a database with the table
	Redis string // address
}

// Ways returns them in the order of the table.
func Ways() []Way {
	return []Way{
		{ID: "plain", Name: "nobody is told", schema: func() string { return "" }, follow: nobody},
		{ID: "outbox", Name: "outbox, its relay running", schema: watched, follow: relay},
		{ID: "notify", Name: "`NOTIFY` in each transaction", schema: notifying, follow: listen},
	}
}

// Prepare fills an empty database.
func (w Way) Prepare(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("commits: %w", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, fmt.Sprintf(`
		CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, email text NOT NULL, changes bigint NOT NULL DEFAULT 0) WITH (fillfactor = 50);
		INSERT INTO users SELECT n, 'Max', 'max@example.com' FROM generate_series(1, %d) AS n;`, Users)+w.schema())
	if err != nil {
		return fmt.Errorf("commits: prepare %s: %w", w.ID, err)
	}
	if _, err := conn.Exec(ctx, "VACUUM ANALYZE users"); err != nil {
		return fmt.Errorf("commits: %w", err)
	}
	if _, err := conn.Exec(ctx, "CHECKPOINT"); err != nil { // none is due soon
		return fmt.Errorf("commits: %w", err)
	}
	return nil
}

// Follow starts whoever learns of the changes; stop ends it.
func (w Way) Follow(ctx context.Context, p Place, heard Heard) (stop func() error, err error) {
	return w.follow(ctx, p, heard)
}

// Transaction is what an application does: it begins, changes a row and commits.
func Transaction(ctx context.Context, conn *pgx.Conn, id int64) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return update(ctx, tx, id) })
}

// Statement is the shortest transaction that there is.
func Statement(ctx context.Context, conn *pgx.Conn, id int64) error { return update(ctx, conn, id) }

// database is a connection or a transaction.
type database interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

func update(ctx context.Context, db database, id int64) error {
	tag, err := db.Exec(ctx, "UPDATE users SET changes = changes + 1 WHERE id = $1", id)
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("commits: user %d is not there", id)
	}
	return nil
}

func nobody(context.Context, Place, Heard) (func() error, error) {
	return func() error { return nil }, nil
}

// watched is the declaration of the documentation.
func watched() string {
	return outboxpgx.Schema() + `; SELECT speedlayer.outbox_watch('public.users', target => 'user', key_column => 'id');`
}

// notifying is what applications write by hand: the key goes out with each transaction.
func notifying() string {
	return `
		CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN PERFORM pg_notify('users', NEW.id::text); RETURN NULL; END $$;
		CREATE TRIGGER tell AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION tell();`
}

// listen drops the entries that the notifications name, one after the other.
func listen(ctx context.Context, p Place, heard Heard) (func() error, error) {
	users, _, closeUsers, err := openUsers(p.Redis)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, p.DSN)
	if err != nil {
		closeUsers()
		return nil, err
	}
	if _, err := conn.Exec(ctx, "LISTEN users"); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		err := hear(ctx, conn, users, heard)
		if ctx.Err() != nil {
			err = nil
		}
		ended <- err
	}()
	return func() error {
		cancel()
		err := <-ended
		closeUsers()
		_ = conn.Close(context.WithoutCancel(ctx)) // which its end has broken
		return err
	}, nil
}

func hear(ctx context.Context, conn *pgx.Conn, users *cache.Cache[int64, user], heard Heard) error {
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if heard == nil {
			continue
		}
		id, err := strconv.ParseInt(n.Payload, 10, 64)
		if err != nil {
			return err
		}
		if err := users.Invalidate(ctx, id); err != nil {
			return err
		}
		heard(id)
	}
}
