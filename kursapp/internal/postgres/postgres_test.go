package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres"
	"github.com/speedlayer/speedlayer/kursapp/internal/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, pgtest.IgnoreLeaks()...)
}

// open opens the database at url until the test ends, with more time for each call
// than the default: the machine may be busy.
func open(t *testing.T, url string) *postgres.Store {
	t.Helper()
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	return openWith(t, postgres.Config{URL: url + separator + "connect_timeout=20", CallTimeout: 20 * time.Second})
}

// openHasty is open with the default bounds, for tests of them.
func openHasty(t *testing.T, url string) *postgres.Store {
	t.Helper()
	return openWith(t, postgres.Config{URL: url})
}

func openWith(t *testing.T, c postgres.Config) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// migrated opens the database at url and migrates it.
func migrated(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s := open(t, url)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// execute runs SQL on the database at url, as a person with psql would.
func execute(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// executeLate is execute for a test's clean-up, when its context has ended.
func executeLate(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Error(err)
	}
}

// query returns the one value that sql selects from the database at url.
func query[T any](t *testing.T, url, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var v T
	if err := conn.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// hostOf returns the host and port of url.
func hostOf(t *testing.T, url string) string {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort(config.Host, fmt.Sprint(config.Port))
}

// databaseOf returns the name of the database at url.
func databaseOf(t *testing.T, url string) string {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return config.Database
}

// create stores a user with the given address.
func create(t *testing.T, s *postgres.Store, email string) kurs.User {
	t.Helper()
	u, err := s.CreateUser(t.Context(), kurs.NewAccount{Name: "Somebody", Email: email, Role: kurs.RoleUser})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// wantWithin fails unless f ends with target within limit.
func wantWithin(t *testing.T, limit time.Duration, what string, f func() error, target error) {
	t.Helper()
	start := time.Now()
	err := f()
	if took := time.Since(start); took > limit {
		t.Errorf("%s took %v, want at most %v", what, took, limit)
	}
	if !errors.Is(err, target) {
		t.Errorf("%s: error %v, want %v", what, err, target)
	}
}

// eventually fails unless f comes to succeed.
func eventually(t *testing.T, what string, f func() error) {
	t.Helper()
	const limit = time.Minute
	deadline := time.Now().Add(limit)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: after %v still %v", what, limit, err)
		}
		time.Sleep(20 * time.Millisecond) // between two looks
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	// To make a database takes longer than most of these tests: they share a
	// few, one test at a time, and leave them empty.
	databases := make(chan string, 3)
	for range cap(databases) {
		url := pgtest.Database(t)
		migrated(t, url).Close()
		databases <- url
	}
	storetest.Run(t, func(t *testing.T) storetest.Engine {
		t.Helper()
		url := <-databases
		t.Cleanup(func() {
			executeLate(t, url, `TRUNCATE users CASCADE; DELETE FROM speedlayer.outbox; DELETE FROM audit_log`)
			databases <- url
		})
		return storetest.Engine{Store: open(t, url), Rows: func(tb testing.TB) []string {
			tb.Helper()
			return outboxRows(tb, url)
		}}
	})
}

// outboxRows is storetest.Engine.Rows.
func outboxRows(tb testing.TB, url string) []string {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, _ := conn.Query(tb.Context(), `SELECT trim(kind || ' ' || target || ' ' || key || ' ' || coalesce(payload::text, ''))
		FROM speedlayer.outbox ORDER BY id`)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

func TestConformanceOnOneConnection(t *testing.T) {
	t.Parallel()
	// Nothing may need a second connection of the pool while it holds one.
	url := pgtest.Database(t) + "&pool_max_conns=1"
	s := open(t, url)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.EnsureProduction(t.Context()); err != nil {
		t.Fatal(err)
	}
	u := create(t, s, "max@example.com")
	if _, err := s.UpdateUser(t.Context(), u.ID, "Max", "max@example.com"); err != nil {
		t.Fatal(err)
	}
}

func TestChangesByHandAreSeen(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := migrated(t, url)
	u := create(t, s, "max@example.com")
	execute(t, url, `UPDATE users SET name = 'Von Hand', email = 'Hand@example.com' WHERE email = 'max@example.com'`)
	got, err := s.User(t.Context(), u.ID)
	want := kurs.User{ID: u.ID, Name: "Von Hand", Email: "Hand@example.com"}
	if err != nil || got != want {
		t.Errorf("User = %+v, %v; want %+v", got, err, want)
	}
	if a, err := s.AccountByEmail(t.Context(), "hand@example.com"); err != nil || a.User != want {
		t.Errorf("AccountByEmail = %+v, %v; want %+v", a.User, err, want)
	}
}

func TestUserMadeByHandNeedsNameAndAddressOnly(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := migrated(t, url)
	execute(t, url, `INSERT INTO users (name, email) VALUES ('Von Hand', 'hand@example.com')`)
	a, err := s.AccountByEmail(t.Context(), "hand@example.com")
	if err != nil || a.Role != kurs.RoleUser || a.PasswordHash != "" || a.CreatedAt.IsZero() {
		t.Errorf("AccountByEmail = %+v, %v", a, err)
	}
	if u := create(t, s, "next@example.com"); u.ID != a.ID+1 {
		t.Errorf("the next id is %d after %d", u.ID, a.ID)
	}
}

func TestAddressLookupUsesTheIndex(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := open(t, url)
	if err := s.PrepareDemo(t.Context(), "hash"); err != nil {
		t.Fatal(err)
	}
	execute(t, url, `ANALYZE users`)
	plan := query[string](t, url, `EXPLAIN (FORMAT JSON) SELECT id FROM public.users WHERE lower(email COLLATE "C") = lower('MAX@example.com'::text COLLATE "C")`)
	if want := "users_email_key"; !strings.Contains(plan, want) {
		t.Errorf("the plan does not use %s: %s", want, plan)
	}
}

func TestSearchPathDoesNotMatter(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	execute(t, url, `CREATE SCHEMA course; CREATE TABLE course.users (id text)`)
	s := migrated(t, url+"&search_path=course,public")
	create(t, s, "max@example.com")
	if n := query[int](t, url, `SELECT count(*) FROM public.users`); n != 1 {
		t.Errorf("%d users in public.users, want 1", n)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
