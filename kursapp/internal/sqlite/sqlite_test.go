package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"
	_ "modernc.org/sqlite" // a stranger's look into the file

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite"
	"github.com/speedlayer/speedlayer/kursapp/internal/storetest"
)

// holdFile makes the test program another process that has a file open.
const holdFile = "KURSAPP_TEST_HOLD_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(holdFile); path != "" {
		if _, err := sqlite.Open(context.Background(), sqlite.Config{Path: path}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("ready")
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test ends it, or dies
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// open opens the file at path, a new one where it is "", until the test ends. Calls
// have more time than the default: the machine may be busy.
func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	return openWith(t, sqlite.Config{Path: path, CallTimeout: 20 * time.Second})
}

func openWith(t *testing.T, c sqlite.Config) *sqlite.Store {
	t.Helper()
	if c.Path == "" {
		c.Path = filepath.Join(t.TempDir(), "kursapp.db")
	}
	s, err := sqlite.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// create stores a user with the given address.
func create(t *testing.T, s *sqlite.Store, email string) kurs.User {
	t.Helper()
	u, err := s.CreateUser(t.Context(), kurs.NewAccount{Name: "Somebody", Email: email, Role: kurs.RoleUser})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// stranger is a connection such as the sqlite3 shell has.
func stranger(t *testing.T, path string) *sql.Conn {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func execute(t *testing.T, conn *sql.Conn, query string) {
	t.Helper()
	if _, err := conn.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

// outboxRows is storetest.Engine.Rows.
func outboxRows(tb testing.TB, path string) (found []string) {
	tb.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(tb.Context(), `SELECT trim(kind || ' ' || target || ' ' || key || ' ' || payload) FROM outbox ORDER BY id`)
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			tb.Fatal(err)
		}
		found = append(found, row)
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return found
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Engine {
		t.Helper()
		path := filepath.Join(t.TempDir(), "kursapp.db")
		return storetest.Engine{Store: open(t, path), Rows: func(tb testing.TB) []string {
			tb.Helper()
			return outboxRows(tb, path)
		}}
	})
}

func TestFolderUsedAgainKeepsItsData(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kursapp.db")
	var last kurs.User
	for n := range 3 {
		s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			if got, err := s.User(t.Context(), last.ID); err != nil || got != last {
				t.Errorf("User = %+v, %v; want %+v", got, err, last)
			}
			if err := s.DeleteUser(t.Context(), last.ID); err != nil { // the newest
				t.Fatal(err)
			}
		}
		u := create(t, s, "max@example.com")
		if u.ID <= last.ID {
			t.Errorf("id %d again", u.ID)
		}
		last = u
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFileIsMadeForThisUserAlone(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // there are no such modes
	}
	dir := filepath.Join(t.TempDir(), "new", "folder")
	create(t, open(t, filepath.Join(dir, "kursapp.db")), "max@example.com")
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v (%v), want 0600", f.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v (%v), want 0700", info.Mode(), err)
	}
}

func TestAnyFileNameWorks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"with space.db", "per%20cent.db", "ques?tion=1.db", "ha#sh.db", "ünï.db", "a&b=c.db"} {
		path := filepath.Join(dir, name)
		create(t, open(t, path), "max@example.com")
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: the data is elsewhere (%v)", name, err)
		}
	}
}

func TestUnusableFileIsExplained(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte("this is no database, but a text that is longer than a header"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, dir, filepath.Join(text, "kursapp.db")} {
		s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
		if err == nil {
			t.Errorf("%s was opened", path)
			_ = s.Close()
		}
	}
}

func TestSecondStoreOfThisProcessIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kursapp.db")
	open(t, path)
	if _, err := sqlite.Open(t.Context(), sqlite.Config{Path: path}); !errors.Is(err, sqlite.ErrInUse) {
		t.Errorf("error %v, want %v", err, sqlite.ErrInUse)
	}
}

func TestSecondProcessIsRefusedUntilTheFirstIsGone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kursapp.db")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	other := exec.CommandContext(t.Context(), exe)
	other.Env = append(os.Environ(), holdFile+"="+path)
	stdin, err := other.StdinPipe() // the other ends with it, also if this process dies
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the other process says %q (%v)", line, err)
	}
	if _, err := sqlite.Open(t.Context(), sqlite.Config{Path: path}); !errors.Is(err, sqlite.ErrInUse) {
		t.Errorf("error %v, want %v", err, sqlite.ErrInUse)
	}
	if err := other.Process.Kill(); err != nil { // kill -9: it cleans nothing up
		t.Fatal(err)
	}
	_ = other.Wait()
	create(t, open(t, path), "max@example.com")
}

func TestChangesByHandAreSeen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kursapp.db")
	s := open(t, path)
	u := create(t, s, "max@example.com")
	execute(t, stranger(t, path), `UPDATE users SET name = 'Von Hand', email = 'hand@example.com' WHERE id = 1`)
	want := kurs.User{ID: u.ID, Name: "Von Hand", Email: "hand@example.com"}
	if got, err := s.User(t.Context(), u.ID); err != nil || got != want {
		t.Errorf("User = %+v, %v; want %+v", got, err, want)
	}
}

func TestFileLockedByAStrangerIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kursapp.db")
	patient := open(t, path)
	u := create(t, patient, "max@example.com")
	if err := patient.Close(); err != nil {
		t.Fatal(err)
	}
	s := openWith(t, sqlite.Config{Path: path})
	conn := stranger(t, path)
	execute(t, conn, `BEGIN IMMEDIATE`)
	start := time.Now()
	if _, err := s.RenameUser(t.Context(), u.ID, "B"); !errors.Is(err, kurs.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, kurs.ErrUnavailable)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("the write took %v", took)
	}
	if got, err := s.User(t.Context(), u.ID); err != nil || got != u { // readers do not wait
		t.Errorf("User = %+v, %v; want %+v", got, err, u)
	}
	execute(t, conn, `ROLLBACK`)
	if _, err := s.RenameUser(t.Context(), u.ID, "B"); err != nil {
		t.Error(err)
	}
}

func TestClosedStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.User(t.Context(), 1); !errors.Is(err, kurs.ErrUnavailable) {
		t.Errorf("User: error %v, want %v", err, kurs.ErrUnavailable)
	}
	if err := s.DeleteUser(t.Context(), 1); !errors.Is(err, kurs.ErrUnavailable) {
		t.Errorf("DeleteUser: error %v, want %v", err, kurs.ErrUnavailable)
	}
}

func TestDemoMakesTheSampleDataOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kursapp.db")
	s := open(t, path)
	start := time.Now()
	if err := s.PrepareDemo(t.Context(), "hash of test123"); err != nil {
		t.Fatal(err)
	}
	t.Logf("10,000 users in %v", time.Since(start))
	for _, want := range []kurs.User{
		{ID: 1, Name: "Max", Email: "max@example.com"},
		{ID: 2, Name: "User 2", Email: "user2@example.com"},
		{ID: 10000, Name: "User 10000", Email: "user10000@example.com"},
	} {
		if got, err := s.User(t.Context(), want.ID); err != nil || got != want {
			t.Errorf("User(%d) = %+v, %v; want %+v", want.ID, got, err, want)
		}
	}
	if a, err := s.AccountByEmail(t.Context(), "max@example.com"); err != nil || a.Role != kurs.RoleAdmin || a.PasswordHash != "hash of test123" {
		t.Errorf("Max is %+v, %v", a, err)
	}
	for _, condition := range []string{
		`(SELECT count(*) FROM users) = 10000`,
		`(SELECT count(*) FROM users WHERE name = 'User ' || id AND email = 'user' || id || '@example.com') = 9999`,
		`(SELECT count(*) FROM users WHERE password_hash <> '') = 1`,
		`(SELECT count(*) FROM users WHERE role = 'admin') = 1`,
	} {
		var holds bool
		if err := stranger(t, path).QueryRowContext(t.Context(), "SELECT "+condition).Scan(&holds); err != nil || !holds {
			t.Errorf("not %s (%v)", condition, err)
		}
	}
	if u := create(t, s, "new@example.com"); u.ID != 10001 {
		t.Errorf("the first new user has id %d, want 10001", u.ID)
	}
	if err := s.DeleteUser(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := s.PrepareDemo(t.Context(), "other hash"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.User(t.Context(), 2); !errors.Is(err, kurs.ErrUserNotFound) {
		t.Errorf("a second call changed what was there (error %v)", err)
	}
}

func TestAddressLookupUsesTheIndex(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kursapp.db")
	open(t, path)
	var id, parent, notUsed int
	var detail string
	err := stranger(t, path).QueryRowContext(t.Context(), `EXPLAIN QUERY PLAN SELECT id FROM users WHERE lower(email) = lower('a')`).
		Scan(&id, &parent, &notUsed, &detail)
	if want := "SEARCH users USING INDEX users_email_key (<expr>=?)"; err != nil || detail != want {
		t.Errorf("the plan is %q (%v), want %q", detail, err, want)
	}
}

func ExampleStore_PrepareDemo() {
	dir, err := os.MkdirTemp("", "kursapp")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	s, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(dir, "kursapp.db")})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	if err := s.PrepareDemo(ctx, "$argon2id$…"); err != nil {
		panic(err)
	}
	u, err := s.User(ctx, 42)
	fmt.Println(u, err)
	// Output: {42 User 42 user42@example.com} <nil>
}
