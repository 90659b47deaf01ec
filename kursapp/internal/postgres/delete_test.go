package postgres_test

import (
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// Whatever table comes to refer to users: a deleted user leaves nothing in it.
func TestNothingOfADeletedUserStays(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := migrated(t, url)
	u := create(t, s, "max@example.com")
	later := time.Now().Add(time.Hour)
	if err := s.SetEmailChange(t.Context(), kurs.EmailChange{UserID: u.ID, NewEmail: "new@example.com", ExpiresAt: later}, []byte("1")); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPasswordReset(t.Context(), kurs.PasswordReset{UserID: u.ID, ExpiresAt: later}, []byte("2")); err != nil {
		t.Fatal(err)
	}
	const tables = `SELECT count(*) FROM pg_constraint WHERE confrelid = 'public.users'::regclass AND contype = 'f'`
	const cascades = tables + ` AND confdeltype = 'c'`
	if all, cascade := query[int](t, url, tables), query[int](t, url, cascades); all < 3 || all != cascade {
		t.Errorf("%d tables refer to users, %d of them let go", all, cascade)
	}
	if err := s.DeleteUser(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	if n := query[int](t, url, `SELECT (SELECT count(*) FROM email_changes) + (SELECT count(*) FROM password_resets)`); n != 0 {
		t.Errorf("%d rows stay", n)
	}
	if n := query[int](t, url, `SELECT count(*) FROM audit_log WHERE subject_id = 1 AND audit_log::text NOT LIKE '%example%' AND audit_log::text NOT LIKE '%Somebody%'`); n != 2 {
		t.Errorf("%d entries of the audit log without a name, want 2", n)
	}
}
