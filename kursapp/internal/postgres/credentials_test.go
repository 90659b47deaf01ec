package postgres_test

import (
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/internal/pgtest"
)

// TestHandTypedChangesOfCredentialsAreSeen types what a person might.
func TestHandTypedChangesOfCredentialsAreSeen(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := migrated(t, url)
	u := create(t, s, "max@example.com")
	version := func() int64 { return query[int64](t, url, `SELECT credentials_version FROM users WHERE id = 1`) }
	told := func() int { return strings.Count(strings.Join(outboxRows(t, url), "\n"), "invalidate sessions 1") }
	last, rows := version(), told()
	if u.ID != 1 || rows != 0 {
		t.Fatalf("user %d, %d rows before any change", u.ID, rows)
	}
	for _, c := range []struct {
		sql     string
		changes bool
	}{
		{`UPDATE users SET password_hash = 'x' WHERE id = 1`, true},
		{`UPDATE users SET password_hash = 'x' WHERE id = 1`, false},
		{`UPDATE users SET role = 'admin'`, true},
		{`UPDATE users SET name = 'Moritz', role = 'user'`, true},
		{`UPDATE users SET name = 'Max', email = 'm@example.com'`, false},
		{`UPDATE users SET credentials_version = 0`, true}, // nobody turns it back
		{`UPDATE users SET credentials_version = credentials_version + 1`, true},
		{`UPDATE users SET password_hash = 'y', role = 'admin', credentials_version = ~credentials_version`, true},
		{`INSERT INTO users (id, name, email) VALUES (1, 'M', 'm@example.com') ON CONFLICT (id) DO UPDATE SET role = 'user'`, true},
	} {
		execute(t, url, c.sql)
		v, n := version(), told()
		if grew, more := v > last, n > rows; grew != c.changes || more != c.changes || v < last {
			t.Errorf("%s: version %d after %d, %d rows after %d", c.sql, v, last, n, rows)
		}
		last, rows = v, n
	}
	execute(t, url, `UPDATE users SET id = 2 WHERE id = 1`)
	if n := told(); n <= rows {
		t.Error("nobody was told that there is no user 1 any more")
	}
	if v := query[int64](t, url, `SELECT credentials_version FROM users WHERE id = 2`); v <= last {
		t.Errorf("version %d after %d: the sessions of a former user 2 would be this one's", v, last)
	}
	execute(t, url, `DELETE FROM audit_log`)
	execute(t, url, `UPDATE users SET name = 'A', password_hash = 'z', role = 'admin' WHERE id = 2; DELETE FROM users WHERE id = 2`)
	execute(t, url, `TRUNCATE users CASCADE`)
	const want = "user_changed 2, password_changed 2, role_changed 2, user_deleted 2, users_truncated 0"
	if got := query[string](t, url, `SELECT string_agg(action || ' ' || coalesce(subject_id, 0), ', ' ORDER BY id) FROM audit_log
		WHERE actor_id IS NULL AND detail ->> 'by' = 'database'`); got != want {
		t.Errorf("the audit log has %s, want %s", got, want)
	}
	if all := strings.Join(outboxRows(t, url), "\n"); !strings.Contains(all, "invalidate_all sessions") {
		t.Errorf("TRUNCATE told %s", all)
	}
}
