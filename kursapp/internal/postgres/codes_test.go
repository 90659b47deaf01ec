package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// Somebody changes an address by hand and takes a minute until the commit. A code for a
// forgotten password that is made meanwhile must not go to the old address and outlive
// the change.
func TestNoCodeOutlivesAChangeThatIsNotCommittedYet(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := migrated(t, url)
	u := create(t, s, "old@example.com")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `UPDATE users SET email = 'new@example.com' WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	mailed := make(chan string, 1)
	go func() { // as kurs.Accounts.BeginPasswordReset does it
		reset := kurs.PasswordReset{UserID: u.ID, ExpiresAt: time.Now().Add(time.Hour)}
		if err := s.SetPasswordReset(t.Context(), reset, []byte("1")); err != nil {
			t.Error(err)
		}
		got, err := s.User(t.Context(), u.ID)
		if err != nil {
			t.Error(err)
		}
		mailed <- got.Email
	}()
	var to string
	eventually(t, "the code waits or is mailed", func() error {
		select {
		case to = <-mailed:
			return nil
		default:
		}
		if query[int](t, url, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`) == 0 {
			return errors.New("neither")
		}
		return nil
	})
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if to == "" {
		to = <-mailed
	}
	if _, err := s.ResetPassword(t.Context(), []byte("1"), time.Now(), "thief"); err == nil && to != "new@example.com" {
		t.Errorf("a code that was mailed to %s sets the password of new@example.com", to)
	}
}
