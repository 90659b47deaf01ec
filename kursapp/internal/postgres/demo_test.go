package postgres_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres"
)

// demo opens the database at url and makes it a demo's.
func demo(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s := open(t, url)
	if err := s.PrepareDemo(t.Context(), "hash of test123"); err != nil {
		t.Fatal(err)
	}
	return s
}

func wantMode(t *testing.T, s *postgres.Store, want postgres.Mode) {
	t.Helper()
	if mode, err := s.Mode(t.Context()); err != nil || mode != want {
		t.Errorf("Mode = %q, %v; want %q", mode, err, want)
	}
}

func TestDemoMakesTheSampleData(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := demo(t, url)
	for _, want := range []kurs.User{
		{ID: 1, Name: "Max", Email: "max@example.com"},
		{ID: 2, Name: "User 2", Email: "user2@example.com"},
		{ID: 5678, Name: "User 5678", Email: "user5678@example.com"},
		{ID: 10000, Name: "User 10000", Email: "user10000@example.com"},
	} {
		if got, err := s.User(t.Context(), want.ID); err != nil || got != want {
			t.Errorf("User(%d) = %+v, %v; want %+v", want.ID, got, err, want)
		}
	}
	if a, err := s.AccountByEmail(t.Context(), "max@example.com"); err != nil || a.Role != kurs.RoleAdmin || a.PasswordHash != "hash of test123" {
		t.Errorf("Max is %+v, %v", a, err)
	}
	for what, sql := range map[string]string{
		"users":          `SELECT count(*) = 10000 FROM users`,
		"ids":            `SELECT min(id) = 1 AND max(id) = 10000 FROM users`,
		"patterns":       `SELECT count(*) = 9999 FROM users WHERE name = 'User ' || id AND email = 'user' || id || '@example.com'`,
		"passwords":      `SELECT count(*) = 1 FROM users WHERE password_hash <> ''`,
		"outbox":         `SELECT count(*) = 2 FROM speedlayer.outbox`,
		"administrators": `SELECT count(*) = 1 FROM users WHERE role = 'admin'`,
	} {
		if !query[bool](t, url, sql) {
			t.Errorf("%s: not %s", what, sql)
		}
	}
	if u := create(t, s, "new@example.com"); u.ID != 10001 {
		t.Errorf("the first new user has id %d, want 10001", u.ID)
	}
	wantMode(t, s, "demo")
}

func TestManyDemosMakeOneSetOfSamples(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var wg sync.WaitGroup
	for range 5 {
		s := open(t, url)
		wg.Go(func() {
			if err := s.PrepareDemo(t.Context(), "hash"); err != nil {
				t.Error(err)
			}
			if u, err := s.User(t.Context(), 10000); err != nil || u.Name != "User 10000" {
				t.Errorf("User(10000) = %+v, %v", u, err)
			}
		})
	}
	wg.Wait()
	if n := query[int](t, url, `SELECT count(*) FROM users`); n != 10000 {
		t.Errorf("%d users, want 10000", n)
	}
}

func TestLaterDemoKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := demo(t, url)
	u := create(t, s, "mine@example.com")
	if err := s.DeleteUser(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	s = demo(t, url)
	if got, err := s.User(t.Context(), u.ID); err != nil || got != u {
		t.Errorf("User = %+v, %v; want %+v", got, err, u)
	}
	if _, err := s.User(t.Context(), 2); !errors.Is(err, kurs.ErrUserNotFound) {
		t.Errorf("the deleted sample user came back (error %v)", err)
	}
}

func TestEmptiedDemoIsFilledAgain(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := demo(t, url)
	u := create(t, s, "mine@example.com")
	execute(t, url, `DELETE FROM users`)
	demo(t, url)
	if n := query[int](t, url, `SELECT count(*) FROM users`); n != 10000 {
		t.Errorf("%d users, want 10000", n)
	}
	if next := create(t, s, "next@example.com"); next.ID <= u.ID {
		t.Errorf("id %d again, after %d", next.ID, u.ID)
	}
}

func TestDemoThatDiedHalfwayIsContinued(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"after the mark":       `CREATE TABLE public.kursapp_meta (key text PRIMARY KEY, value text NOT NULL); INSERT INTO kursapp_meta VALUES ('mode', 'demo')`,
		"before the last step": ``,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			if sql == "" {
				demo(t, url)
				sql = `DELETE FROM users; DROP TABLE demo_users; DELETE FROM kursapp_migrations WHERE version_id >= 2; DROP SCHEMA speedlayer CASCADE`
			}
			execute(t, url, sql)
			demo(t, url)
			if n := query[int](t, url, `SELECT count(*) FROM demo_users JOIN users USING (id)`); n != 10000 {
				t.Errorf("%d sample users, want 10000", n)
			}
		})
	}
}

func TestDemoRefusesADatabaseThatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"table":              `CREATE TABLE orders (id int)`,
		"view":               `CREATE VIEW v AS SELECT 1`,
		"sequence":           `CREATE SEQUENCE s`,
		"other schema":       `CREATE SCHEMA shop; CREATE TABLE shop.orders (id int)`,
		"materialised view":  `CREATE MATERIALIZED VIEW m AS SELECT 1`,
		"partitioned table":  `CREATE TABLE p (id int) PARTITION BY RANGE (id)`,
		"mark table alone":   `CREATE TABLE kursapp_meta (key text PRIMARY KEY, value text NOT NULL)`,
		"mark of production": `CREATE TABLE kursapp_meta (key text PRIMARY KEY, value text NOT NULL); INSERT INTO kursapp_meta VALUES ('mode', 'production')`,
		"schema named pgx":   `CREATE SCHEMA pgx; CREATE TABLE pgx.orders (id int)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			execute(t, url, sql)
			tables := `SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace`
			before := query[*string](t, url, tables)
			err := open(t, url).PrepareDemo(t.Context(), "hash")
			if !errors.Is(err, postgres.ErrNotEmpty) || errors.Is(err, kurs.ErrUnavailable) {
				t.Errorf("error %v, want %v", err, postgres.ErrNotEmpty)
			}
			after := query[*string](t, url, tables)
			if (before == nil) != (after == nil) || before != nil && *before != *after {
				t.Errorf("the tables are %v now, they were %v", after, before)
			}
		})
	}
}

func TestDemoAcceptsWhatExtensionsBring(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	execute(t, url, `CREATE EXTENSION pg_stat_statements`)
	demo(t, url)
}

func TestDemoRefusesProduction(t *testing.T) {
	t.Parallel()
	s := migrated(t, pgtest.Database(t))
	wantMode(t, s, "production")
	if err := s.PrepareDemo(t.Context(), "hash"); !errors.Is(err, postgres.ErrNotEmpty) {
		t.Errorf("error %v, want %v", err, postgres.ErrNotEmpty)
	}
	if _, err := s.User(t.Context(), 1); !errors.Is(err, kurs.ErrUserNotFound) {
		t.Errorf("the demo made sample users in production (error %v)", err)
	}
}

func TestDemoRefusesDatabasesElsewhere(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://max@db.example.com/kursapp",
		"postgres://max@192.0.2.1/kursapp",
		"postgres://max@[2001:db8::1]/kursapp",
		"postgres://max@0.0.0.0/kursapp",
		"postgres://max@127.0.0.1,db.example.com/kursapp",
		"postgres://max@localhost.example.com/kursapp",
		"postgres:///kursapp?host=db.example.com",
	} {
		// Refused without a look at the network: none of these exist.
		wantWithin(t, outageLimit, url, func() error { return open(t, url).PrepareDemo(t.Context(), "hash") }, postgres.ErrNotLoopback)
	}
	for _, url := range []string{
		"postgres://max@127.0.0.1:1/kursapp",
		"postgres://max@127.8.9.10:1/kursapp",
		"postgres://max@[::1]:1/kursapp",
		"postgres://max@localhost:1/kursapp",
		"postgres:///kursapp?host=/nonexistent",
	} {
		// On this machine, but nobody is there.
		wantWithin(t, outageLimit, url, func() error { return open(t, url).PrepareDemo(t.Context(), "hash") }, kurs.ErrUnavailable)
	}
}

func TestProductionRefusesADemo(t *testing.T) {
	t.Parallel()
	s := demo(t, pgtest.Database(t))
	for name, f := range map[string]func() error{
		"EnsureProduction": func() error { return s.EnsureProduction(t.Context()) },
		"Migrate":          func() error { return s.Migrate(t.Context()) },
	} {
		err := f()
		if !errors.Is(err, postgres.ErrDemoDatabase) || errors.Is(err, kurs.ErrUnavailable) || !strings.Contains(err.Error(), "kursapp migrate undemo") {
			t.Errorf("%s: error %v, want %v", name, err, postgres.ErrDemoDatabase)
		}
	}
	wantMode(t, s, "demo")
}

func TestOneOfDemoAndProductionGetsAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	for range 4 {
		url := pgtest.Database(t)
		a, b := open(t, url), open(t, url)
		var demoErr, productionErr error
		var wg sync.WaitGroup
		wg.Go(func() { demoErr = a.PrepareDemo(t.Context(), "hash") })
		wg.Go(func() { productionErr = b.Migrate(t.Context()) })
		wg.Wait()
		if (demoErr == nil) == (productionErr == nil) {
			t.Errorf("demo: %v; production: %v; want that one of them gets it", demoErr, productionErr)
		}
	}
}

func TestUnmarkedDatabaseBecomesProductions(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := migrated(t, url)
	execute(t, url, `DELETE FROM kursapp_meta`)
	wantMode(t, s, "")
	for range 2 {
		if err := s.EnsureProduction(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantMode(t, s, "production")
	}
}

func TestUndemoDeletesTheSamplesAndNothingElse(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := demo(t, url)
	mine := create(t, s, "user10001@example.com") // looks like a sample user, and is none
	if _, err := s.UpdateUser(t.Context(), 1, "Renamed", "renamed@example.com"); err != nil {
		t.Fatal(err) // Max by another name keeps his known password
	}
	if _, err := s.UpdateUser(t.Context(), 7, "Seven", "seven@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteUser(t.Context(), 8); err != nil {
		t.Fatal(err)
	}
	deleted, err := s.Undemo(t.Context())
	if err != nil || deleted != 9999 {
		t.Errorf("Undemo = %d, %v; want 9999", deleted, err)
	}
	users, err := s.Users(t.Context(), 0, 10)
	if err != nil || len(users) != 1 || users[0] != mine {
		t.Errorf("left are %+v, %v; want %+v", users, err, mine)
	}
	wantMode(t, s, "")
	if err := s.EnsureProduction(t.Context()); err != nil {
		t.Errorf("EnsureProduction: %v", err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Errorf("Migrate: %v", err)
	}
	if err := s.PrepareDemo(t.Context(), "hash"); !errors.Is(err, postgres.ErrNotEmpty) {
		t.Errorf("the demo took it back: error %v, want %v", err, postgres.ErrNotEmpty)
	}
	if next := create(t, s, "next@example.com"); next.ID <= mine.ID {
		t.Errorf("id %d again", next.ID)
	}
}

func TestUndemoLeavesProductionAlone(t *testing.T) {
	t.Parallel()
	s := migrated(t, pgtest.Database(t))
	u := create(t, s, "max@example.com")
	for range 2 {
		if n, err := s.Undemo(t.Context()); n != 0 || !errors.Is(err, postgres.ErrNotDemo) {
			t.Errorf("Undemo = %d, %v; want %v", n, err, postgres.ErrNotDemo)
		}
	}
	if got, err := s.User(t.Context(), u.ID); err != nil || got != u {
		t.Errorf("User = %+v, %v; want %+v", got, err, u)
	}
	wantMode(t, s, "production")
}

func TestUndemoOfADemoThatDiedAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	execute(t, url, `CREATE TABLE kursapp_meta (key text PRIMARY KEY, value text NOT NULL); INSERT INTO kursapp_meta VALUES ('mode', 'demo')`)
	s := open(t, url)
	if n, err := s.Undemo(t.Context()); n != 0 || err != nil {
		t.Errorf("Undemo = %d, %v; want 0", n, err)
	}
	if err := s.EnsureProduction(t.Context()); err != nil {
		t.Error(err)
	}
}
