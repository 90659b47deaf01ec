package outboxpgx_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

// Example shows a migration, a change that somebody types by hand, and what a
// relay would hand to Redis.
func Example() {
	pool, done := exampleDatabase()
	defer done()
	ctx := context.Background()

	migration := outboxpgx.Schema() + `
		CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, seen timestamptz);
		SELECT speedlayer.outbox_watch('users', target => 'user', key_column => 'id',
			tags => '{"users": ["all"]}', columns => '{name}');`
	if _, err := pool.Exec(ctx, migration); err != nil {
		fmt.Println(err)
		return
	}

	for _, sql := range []string{
		`INSERT INTO users VALUES (1, 'Ada')`,
		`UPDATE users SET seen = now()`, // no column that counts
		`UPDATE users SET name = 'Ada L.'`,
		`TRUNCATE users`,
	} {
		if _, err := pool.Exec(ctx, sql); err != nil {
			fmt.Println(err)
		}
	}

	source := outboxpgx.NewSource(pool, outboxpgx.Options{})
	defer source.Close()
	taken, delivered, err := source.Take(ctx, 100, func(_ context.Context, rows []outbox.Row) []error {
		for _, row := range rows {
			fmt.Printf("%s %s:%s\n", row.Kind, row.Target, row.Key)
		}
		return make([]error, len(rows))
	})
	fmt.Println(taken, delivered, err)
	// Output:
	// invalidate user:1
	// invalidate_tag users:all
	// invalidate user:1
	// invalidate_tag users:all
	// invalidate_tag users:all
	// invalidate_all user:
	// 6 6 <nil>
}

func ExampleEnqueue() {
	pool, done := exampleDatabase()
	defer done()
	ctx := context.Background()
	_, _ = pool.Exec(ctx, outboxpgx.Schema()+`CREATE TABLE users (id bigint PRIMARY KEY)`)

	// The user and the welcome mail commit together, or neither does.
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO users VALUES (1)`); err != nil {
			return err
		}
		return outboxpgx.Enqueue(ctx, tx, outbox.Task{
			Queue: "mail", Type: "welcome", Payload: map[string]int{"user": 1}, Durable: true,
		})
	})
	fmt.Println(err)

	source := outboxpgx.NewSource(pool, outboxpgx.Options{})
	_, _, err = source.Take(ctx, 100, func(_ context.Context, rows []outbox.Row) []error {
		for _, row := range rows {
			fmt.Printf("%s %s %s %s\n", row.Kind, row.Target, row.Key, row.Payload)
		}
		return make([]error, len(rows))
	})
	fmt.Println(err)
	// Output:
	// <nil>
	// task mail welcome {"user":1}
	// <nil>
}

func ExampleInvalidate() {
	pool, done := exampleDatabase()
	defer done()
	ctx := context.Background()
	_, _ = pool.Exec(ctx, outboxpgx.Schema())

	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		return outboxpgx.Invalidate(ctx, tx, "report", "2026-01", "2026-02")
	})
	rows, _, _ := outboxpgx.NewSource(pool, outboxpgx.Options{}).Backlog(ctx)
	fmt.Println(rows, "rows wait", err)
	// Output: 2 rows wait <nil>
}

func ExampleDropSchema() {
	pool, done := exampleDatabase()
	defer done()
	ctx := context.Background()
	_, _ = pool.Exec(ctx, outboxpgx.Schema())
	_, err := pool.Exec(ctx, outboxpgx.DropSchema())
	fmt.Println(err)
	// Output: <nil>
}

// exampleDatabase is an empty database. Examples have no testing.TB, which its
// helpers want.
func exampleDatabase() (*pgxpool.Pool, func()) {
	tb := &exampleTB{}
	pool, err := pgxpool.New(context.Background(), pgtest.Database(tb))
	if err != nil {
		panic(err)
	}
	tb.Cleanup(pool.Close)
	return pool, func() {
		for _, cleanup := range slices.Backward(tb.cleanups) {
			cleanup()
		}
	}
}

type exampleTB struct {
	testing.TB

	cleanups []func()
}

func (*exampleTB) Helper()                           {}
func (*exampleTB) Name() string                      { return "example" }
func (*exampleTB) Context() context.Context          { return context.Background() }
func (tb *exampleTB) Cleanup(f func())               { tb.cleanups = append(tb.cleanups, f) }
func (*exampleTB) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (*exampleTB) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (*exampleTB) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
