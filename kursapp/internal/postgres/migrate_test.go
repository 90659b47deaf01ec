package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres"
)

// rows counts the rows of kursapp_migrations, goose's own row 0 included.
const rows = `SELECT count(*) FROM kursapp_migrations`

func TestManyInstancesMigrateOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var wg sync.WaitGroup
	for range 5 {
		s := open(t, url)
		wg.Go(func() {
			if err := s.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
			if err := s.Ping(t.Context()); err != nil {
				t.Errorf("Ping after Migrate: %v", err)
			}
		})
	}
	wg.Wait()
	if n := query[int](t, url, rows); n != 9 {
		t.Errorf("%d rows of migrations, want 9 (none was applied twice)", n)
	}
	if err := open(t, url).Migrate(t.Context()); err != nil {
		t.Errorf("migrating again: %v", err)
	}
}

func TestUnmigratedDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.Database(t))
	for name, call := range map[string]func() error{
		"Ping":             func() error { return s.Ping(t.Context()) },
		"User":             func() error { _, err := s.User(t.Context(), 1); return err },
		"DeleteUser":       func() error { return s.DeleteUser(t.Context(), 1) },
		"EnsureProduction": func() error { return s.EnsureProduction(t.Context()) },
		"CreateUser": func() error {
			_, err := s.CreateUser(t.Context(), kurs.NewAccount{Name: "A", Email: "a@example.com", Role: kurs.RoleUser})
			return err
		},
	} {
		err := call()
		if !errors.Is(err, kurs.ErrUnavailable) || !errors.Is(err, postgres.ErrNotMigrated) {
			t.Errorf("%s: error %v, want %v that wraps %v", name, err, kurs.ErrUnavailable, postgres.ErrNotMigrated)
		}
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	create(t, s, "a@example.com") // the same pool, the same connections
}

func TestHalfMigratedDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := migrated(t, url)
	execute(t, url, `DELETE FROM kursapp_migrations WHERE version_id >= 2; DROP TABLE demo_users, kursapp_meta; DROP SCHEMA speedlayer CASCADE`)
	if err := s.Ping(t.Context()); !errors.Is(err, postgres.ErrNotMigrated) {
		t.Errorf("error %v, want %v", err, postgres.ErrNotMigrated)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNewerSchemaIsLeftAlone(t *testing.T) {
	t.Parallel()
	// During a rolling deploy the older program meets the newer schema.
	url := pgtest.Database(t)
	s := migrated(t, url)
	execute(t, url, `INSERT INTO kursapp_migrations (version_id, is_applied) VALUES (99, true)`)
	if err := s.Migrate(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestMigrationStatus(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.Database(t))
	before, err := s.MigrationStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(before) != 8 || before[0].Version != 1 || before[0].Name != "00001_users.sql" || !before[0].AppliedAt.IsZero() || before[1].Version != 2 {
		t.Errorf("status of an empty database: %+v", before)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := s.MigrationStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range after {
		if age := time.Since(m.AppliedAt); age < -time.Minute || age > 5*time.Minute {
			t.Errorf("%s was applied at %v, want now", m.Name, m.AppliedAt)
		}
	}
}

func TestStatusChangesNothing(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	if _, err := open(t, url).MigrationStatus(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := query[int](t, url, `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`); n != 0 {
		t.Errorf("asking for the status made %d tables", n)
	}
}

// A writer that has locked a user and is about to change him meets the migration
// that brings the outbox up to date.
func TestMigratingTheOutboxBesideAWriterIsNoDeadlock(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := migrated(t, url)
	create(t, s, "a@example.com")
	execute(t, url, `DELETE FROM kursapp_migrations WHERE version_id >= 4`)
	writer, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close(context.Background())
	if _, err := writer.Exec(t.Context(), `BEGIN; SELECT FROM users FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Migrate(context.Background()) }()
	eventually(t, "the migration waits for the writer", func() error {
		if query[int](t, url, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`) == 0 {
			return errors.New("nobody waits")
		}
		return nil
	})
	if _, err := writer.Exec(t.Context(), `UPDATE users SET name = 'Moritz'; COMMIT`); err != nil {
		t.Errorf("the writer: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("the migration: %v", err)
	}
}

func TestMigrateWaitsForTheLockAndItsContext(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `SELECT pg_advisory_lock(x'6b757273617070'::bigint)`); err != nil {
		t.Fatal(err)
	}
	s := open(t, url)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	wantWithin(t, outageLimit, "Migrate beside another process", func() error { return s.Migrate(ctx) }, kurs.ErrUnavailable)

	done := make(chan error, 1)
	go func() { done <- s.Migrate(t.Context()) }()
	if _, err := conn.Exec(t.Context(), `SELECT pg_advisory_unlock_all()`); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestMissingRightsAreExplainedAndNotUnavailable(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	execute(t, url, `CREATE ROLE "poor_migrator" LOGIN`)
	t.Cleanup(func() { executeLate(t, url, `DROP OWNED BY "poor_migrator"; DROP ROLE "poor_migrator"`) })
	s := open(t, strings.Replace(url, "postgres@", "poor_migrator@", 1))
	err := s.Migrate(t.Context())
	if err == nil || errors.Is(err, kurs.ErrUnavailable) || !strings.Contains(err.Error(), "GRANT CREATE") {
		t.Errorf("error %v, want one that says what to grant", err)
	}
}
