package outboxpgx_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, append(pgtest.IgnoreLeaks(), redistest.IgnoreLeaks()...)...)
}

// database returns a pool on a new database with the schema.
func database(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	pool, err := pgxpool.New(tb.Context(), pgtest.Database(tb))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	exec(tb, pool, outboxpgx.Schema())
	return pool
}

func exec(tb testing.TB, db outboxpgx.Tx, sql string, args ...any) {
	tb.Helper()
	if _, err := db.Exec(tb.Context(), sql, args...); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

// written returns the rows of the outbox in short form, sorted, and empties it.
func written(tb testing.TB, pool *pgxpool.Pool) []string {
	tb.Helper()
	rows, err := pool.Query(tb.Context(), `WITH gone AS (DELETE FROM speedlayer.outbox RETURNING *)
		SELECT kind || ' ' || target || ' ' || key FROM gone ORDER BY 1`)
	if err != nil {
		tb.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

func TestSchemaMayBeRunAgainAndKeepsRows(t *testing.T) {
	t.Parallel()
	pool := database(t)
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('user', '42')`)
	exec(t, pool, outboxpgx.Schema())
	if got := written(t, pool); len(got) != 1 {
		t.Errorf("after Schema ran again: %q, want one row", got)
	}
}

// TestSchemaUpgradesTheFirstVersion begins with the tables as the first version made
// them, with rows that wait, and with one that a process of that version has marked.
func TestSchemaUpgradesTheFirstVersion(t *testing.T) {
	t.Parallel()
	pool := database(t)
	exec(t, pool, `
		DROP TABLE speedlayer.outbox_recent; DROP SEQUENCE speedlayer.outbox_asleep; DROP INDEX speedlayer.outbox_durable;
		ALTER TABLE speedlayer.outbox DROP CONSTRAINT outbox_pkey, ADD PRIMARY KEY (id);
		CREATE INDEX outbox_waiting ON speedlayer.outbox (due, id) WHERE delivered_at IS NULL;
		INSERT INTO speedlayer.outbox (kind, target, key, delivered_at) VALUES
			('invalidate', 't', 'new', NULL), ('invalidate', 't', 'marked', clock_timestamp()),
			('invalidate', 't', 'old', clock_timestamp() - interval '2 minutes')`)
	exec(t, pool, outboxpgx.Schema())
	exec(t, pool, outboxpgx.Schema())
	if key := value[string](t, pool, `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'speedlayer.outbox'::regclass AND contype = 'p'`); key != "PRIMARY KEY (due, id)" {
		t.Errorf("the primary key is %q", key)
	}
	source := newSource(t, pool, outboxpgx.Options{})
	if got, want := deliver(t, source), []string{"new"}; !slices.Equal(got, want) {
		t.Errorf("%q wait, want %q", got, want)
	}
	if n, err := source.Sweep(t.Context()); err != nil || n != 1 {
		t.Errorf("Sweep: %d, %v, want the old row", n, err)
	}
	if n, err := source.Repeat(t.Context(), "b"); err != nil || n != 2 {
		t.Errorf("Repeat: %d, %v, want two rows", n, err)
	}
	if got, want := deliver(t, source), []string{"marked", "new"}; !slices.Equal(got, want) {
		t.Errorf("repeated %q, want %q", got, want)
	}
}

func TestDropSchemaTakesTheTriggersAlong(t *testing.T) {
	t.Parallel()
	pool := database(t)
	exec(t, pool, `CREATE TABLE users (id int PRIMARY KEY);
		SELECT speedlayer.outbox_watch('users', 'user', 'id')`)
	exec(t, pool, outboxpgx.DropSchema())
	exec(t, pool, `INSERT INTO users VALUES (1)`)
	var left int
	err := pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_trigger WHERE tgrelid = 'users'::regclass`).Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d triggers are left, %v", left, err)
	}
}
