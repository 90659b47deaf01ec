package postgres_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres"
	"github.com/speedlayer/speedlayer/outbox"
)

// How long a call may take while PostgreSQL is away, and while it is there but
// silent: then a call waits for its 2 s. The machine may be busy.
const (
	outageLimit = 20 * time.Second
	silentLimit = 30 * time.Second
)

// everyCall runs all kinds of calls.
func everyCall(ctx context.Context, s *postgres.Store) map[string]func() error {
	return map[string]func() error{
		"Ping":           func() error { return s.Ping(ctx) },
		"User":           func() error { _, err := s.User(ctx, 1); return err },
		"Users":          func() error { _, err := s.Users(ctx, 0, 10); return err },
		"AccountByEmail": func() error { _, err := s.AccountByEmail(ctx, "max@example.com"); return err },
		"UpdateUser":     func() error { _, err := s.UpdateUser(ctx, 1, "A", "a@example.com"); return err },
		"DeleteUser":     func() error { return s.DeleteUser(ctx, 1) },
		"CreateUser": func() error {
			_, err := s.CreateUser(ctx, kurs.NewAccount{Name: "A", Email: "a@example.com", Role: kurs.RoleUser})
			return err
		},
		"Mode":             func() error { _, err := s.Mode(ctx); return err },
		"EnsureProduction": func() error { return s.EnsureProduction(ctx) },
		"Migrate":          func() error { return s.Migrate(ctx) },
		"PrepareDemo":      func() error { return s.PrepareDemo(ctx, "hash") },
		"Undemo":           func() error { _, err := s.Undemo(ctx); return err },
		"MigrationStatus":  func() error { _, err := s.MigrationStatus(ctx); return err },
	}
}

func TestKilledServerIsUnavailableAndComesBack(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	s := migrated(t, server.Database(t))
	u := create(t, s, "max@example.com")
	server.Kill(t)
	for name, f := range everyCall(t.Context(), s) {
		wantWithin(t, outageLimit, name, f, kurs.ErrUnavailable)
	}
	server.Restart(t)
	if got, err := s.User(t.Context(), u.ID); err != nil || got != u {
		t.Errorf("after the restart: User = %+v, %v; want %+v", got, err, u)
	}
	create(t, s, "a@example.com")
}

func TestStoreStartsBeforePostgreSQL(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := server.Database(t)
	server.Kill(t)
	s := open(t, url)
	wantWithin(t, outageLimit, "Migrate", func() error { return s.Migrate(t.Context()) }, kurs.ErrUnavailable)
	server.Restart(t)
	eventually(t, "Migrate", func() error { return s.Migrate(t.Context()) })
	create(t, s, "max@example.com")
}

func TestRestartThatNobodyNoticedFailsNoCall(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	s := migrated(t, server.Database(t))
	u := create(t, s, "max@example.com")
	for n := range 3 {
		// Several connections lie in the pool and die there.
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { _, _ = s.User(t.Context(), u.ID) })
		}
		wg.Wait()
		server.Restart(t)
		if n%2 == 0 {
			if _, err := s.User(t.Context(), u.ID); err != nil {
				t.Errorf("the first read after a restart: %v", err)
			}
		} else if _, err := s.RenameUser(t.Context(), u.ID, "Moritz"); err != nil {
			t.Errorf("the first write after a restart: %v", err)
		}
	}
}

func TestTerminatedConnectionsFailNoCall(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := migrated(t, url)
	u := create(t, s, "max@example.com")
	terminate := `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'kursapp' AND datname = current_database()`
	for range 5 {
		if n := query[int](t, url, terminate); n == 0 {
			t.Fatal("the pool has no connection to terminate")
		}
		if _, err := s.User(t.Context(), u.ID); err != nil {
			t.Errorf("read: %v", err)
		}
		query[int](t, url, terminate)
		if _, err := s.RenameUser(t.Context(), u.ID, "Moritz"); err != nil {
			t.Errorf("write: %v", err)
		}
		query[int](t, url, terminate)
		if err := s.DeleteUser(t.Context(), create(t, s, "other@example.com").ID); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
}

func TestFrozenServerIsBounded(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := server.Database(t)
	u := create(t, migrated(t, url), "max@example.com")
	s := openHasty(t, url)
	if _, err := s.User(t.Context(), u.ID); err != nil {
		t.Logf("before the freeze: %v", err) // a connection for the pool, unless the machine is busy
	}
	server.Freeze(t)
	var wg sync.WaitGroup
	for name, f := range everyCall(t.Context(), s) {
		wg.Go(func() { wantWithin(t, silentLimit, name, f, kurs.ErrUnavailable) })
	}
	wg.Wait()
	// Again and again, also once all connections of the pool hang.
	for range 12 {
		wg.Go(func() {
			wantWithin(t, silentLimit, "User", func() error { _, err := s.User(t.Context(), u.ID); return err }, kurs.ErrUnavailable)
		})
	}
	wg.Wait()
	server.Thaw(t)
	eventually(t, "User", func() error { _, err := s.User(t.Context(), u.ID); return err })
	eventually(t, "RenameUser", func() error { _, err := s.RenameUser(t.Context(), u.ID, "B"); return err })
}

func TestCloseOfAFrozenServerIsBounded(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := server.Database(t)
	migrated(t, url)
	s := openHasty(t, url)
	_, _ = s.User(t.Context(), 1) // a connection for the pool
	server.Freeze(t)
	_, _ = s.User(t.Context(), 1)
	start := time.Now()
	s.Close()
	if took := time.Since(start); took > silentLimit {
		t.Errorf("Close took %v", took)
	}
	server.Thaw(t)
}

func TestClosedStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	s := migrated(t, pgtest.Database(t))
	s.Close()
	for _, name := range []string{"Ping", "User", "CreateUser", "DeleteUser"} {
		wantWithin(t, outageLimit, name, everyCall(t.Context(), s)[name], kurs.ErrUnavailable)
	}
}

func TestAddressWhereNobodyAnswersIsBounded(t *testing.T) {
	t.Parallel()
	// A listener that accepts and says nothing, as a broken proxy would.
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := openHasty(t, "postgres://max@"+l.Addr().String()+"/kursapp")
	wantWithin(t, silentLimit, "User", func() error { _, err := s.User(t.Context(), 1); return err }, kurs.ErrUnavailable)
	wantWithin(t, silentLimit, "Migrate", func() error { return s.Migrate(t.Context()) }, kurs.ErrUnavailable)
}

func TestMissingDatabaseAndWrongUserAreUnavailable(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	for _, url := range []string{server.URL("nonexistent"), "postgres://nobody@" + hostOf(t, server.URL("postgres")) + "/postgres?sslmode=disable"} {
		wantWithin(t, outageLimit, url, func() error { return open(t, url).Ping(t.Context()) }, kurs.ErrUnavailable)
	}
}

func TestTooManyConnectionsAreUnavailable(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := migrated(t, url)
	execute(t, url, `CREATE ROLE "crowded" LOGIN CONNECTION LIMIT 0`)
	t.Cleanup(func() { executeLate(t, url, `DROP ROLE "crowded"`) })
	crowded := open(t, "postgres://crowded@"+hostOf(t, url)+"/"+databaseOf(t, url)+"?sslmode=disable")
	wantWithin(t, outageLimit, "User", func() error { _, err := crowded.User(t.Context(), 1); return err }, kurs.ErrUnavailable)
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStandbyIsUnavailable(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	migrated(t, url)
	execute(t, url, `ALTER DATABASE `+databaseOf(t, url)+` SET default_transaction_read_only = on`)
	wantWithin(t, outageLimit, "User", func() error { _, err := open(t, url).User(t.Context(), 1); return err }, kurs.ErrUnavailable)
}

func TestRowLockedBySomebodyElseIsBounded(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := migrated(t, url)
	u := create(t, s, "max@example.com")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `BEGIN; UPDATE users SET name = 'psql' WHERE email = 'max@example.com'`); err != nil {
		t.Fatal(err)
	}
	hasty := openHasty(t, url)
	wantWithin(t, silentLimit, "RenameUser", func() error { _, err := hasty.RenameUser(t.Context(), u.ID, "B"); return err }, kurs.ErrUnavailable)
	if got, err := s.User(t.Context(), u.ID); err != nil || got != u { // readers do not wait
		t.Errorf("User = %+v, %v; want %+v", got, err, u)
	}
	// The statement that was given up does not wait on the server for ever.
	eventually(t, "no statement waits", func() error {
		if n := query[int](t, url, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`); n != 0 {
			return errors.New("a statement waits for the lock")
		}
		return nil
	})
	if _, err := conn.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "RenameUser", func() error { _, err := s.RenameUser(t.Context(), u.ID, "B"); return err })
}

func TestServerLostDuringCreateStoresNothing(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := server.Database(t)
	s := migrated(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	// The user is stored, and the task waits.
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE speedlayer.outbox IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := s.CreateUser(context.Background(), kurs.NewAccount{Name: "Max", Email: "max@example.com", Role: kurs.RoleUser},
			outbox.Task{Queue: "q"})
		failed <- err
	}()
	eventually(t, "the task waits", func() error {
		if query[int](t, url, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`) == 0 {
			return errors.New("nobody waits")
		}
		return nil
	})
	server.Kill(t)
	if err := <-failed; !errors.Is(err, kurs.ErrUnavailable) || errors.Is(err, kurs.ErrOutcomeUnknown) {
		t.Errorf("error %v, want %v", err, kurs.ErrUnavailable)
	}
	server.Restart(t)
	if _, err := s.AccountByEmail(t.Context(), "max@example.com"); !errors.Is(err, kurs.ErrUserNotFound) {
		t.Errorf("error %v, want %v", err, kurs.ErrUserNotFound)
	}
}

func TestCancelledWriteThatBeganIsFinished(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := migrated(t, url)
	u := create(t, s, "max@example.com")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE users IN SHARE MODE`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { _, err := s.RenameUser(ctx, u.ID, "Moritz"); done <- err }()
	eventually(t, "the write waits", func() error {
		if n := query[int](t, url, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`); n == 0 {
			return errors.New("no statement waits")
		}
		return nil
	})
	cancel()
	if _, err := conn.Exec(t.Context(), `COMMIT`); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("error %v, want that the write is finished", err)
	}
	if got, err := s.User(t.Context(), u.ID); err != nil || got.Name != "Moritz" {
		t.Errorf("User = %+v, %v", got, err)
	}
}
