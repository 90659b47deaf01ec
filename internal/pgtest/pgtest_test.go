package pgtest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/pgtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, pgtest.IgnoreLeaks()...)
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = conn.Close(ctx)
	})
	return conn
}

func TestDatabasesAreSeparateAndEmpty(t *testing.T) {
	t.Parallel()
	a, b := connect(t, pgtest.Database(t)), connect(t, pgtest.Database(t))
	if _, err := a.Exec(t.Context(), "CREATE TABLE t (n int)"); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := b.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE tablename = 't'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != 0 {
		t.Error("a table of one database is seen in the other")
	}
}

func TestDatabaseIsDroppedAtTheEndInSpiteOfConnections(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("inner", func(t *testing.T) {
		conn := make(chan *pgx.Conn, 1)
		t.Cleanup(func() { _ = (<-conn).Close(context.Background()) })
		url = pgtest.Database(t) // its cleanup runs before the one above
		c, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		conn <- c
	})
	conn, err := pgx.Connect(t.Context(), url)
	if err == nil {
		conn.Close(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("connecting to the dropped database: %v", err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.Database(t))
	for setting, want := range map[string]string{
		"server_encoding": "UTF8", "max_connections": "200", "TimeZone": "UTC", "fsync": "off",
	} {
		var got string
		if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %q, %v, want %q", setting, got, err, want)
		}
	}
}

func TestKillAndRestartKeepData(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t)
	url := s.Database(t)
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), "CREATE TABLE t AS SELECT 7 AS n"); err != nil {
		t.Fatal(err)
	}
	s.Kill(t)
	if c, err := pgx.Connect(t.Context(), url); err == nil {
		c.Close(t.Context())
		t.Fatal("the killed server accepts connections")
	}
	s.Restart(t)
	var n int
	if err := connect(t, url).QueryRow(t.Context(), "SELECT n FROM t").Scan(&n); err != nil || n != 7 {
		t.Errorf("after the restart: %d, %v", n, err)
	}
}

func TestFreezeStopsExistingAndNewConnections(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t)
	conn := connect(t, s.URL("postgres"))
	s.Freeze(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := conn.Exec(ctx, "SELECT 1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("query on an open connection: %v, want deadline exceeded", err)
	}
	if _, err := pgx.Connect(ctx, s.URL("postgres")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("new connection: %v, want deadline exceeded", err)
	}
	s.Thaw(t)
	if _, err := connect(t, s.URL("postgres")).Exec(t.Context(), "SELECT 1"); err != nil {
		t.Errorf("after the thaw: %v", err)
	}
}

func TestFrozenServerStopsAtTheEndOfTheTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("inner", func(t *testing.T) {
		s := pgtest.Start(t)
		url = s.URL("postgres")
		connect(t, url)
		s.Freeze(t)
	})
	if conn, err := pgx.Connect(t.Context(), url); err == nil {
		conn.Close(t.Context())
		t.Error("the server still accepts connections")
	}
}
