package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite"
	"github.com/speedlayer/speedlayer/outbox"
)

// outboxOf opens a file with an outbox from which everything so far was taken.
func outboxOf(t *testing.T) (s *sqlite.Store, o outbox.Source, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "kursapp.db")
	s = open(t, path)
	return s, s.Outbox(), path
}

// describe returns a row as "invalidate user 1".
func describe(r outbox.Row) string {
	return strings.TrimSpace(fmt.Sprint(r.Kind, " ", r.Target, " ", r.Key, " ", string(r.Payload)))
}

// takeAll takes what waits and confirms it.
func takeAll(t *testing.T, o outbox.Source) []outbox.Row {
	t.Helper()
	var got []outbox.Row
	for {
		n, _, err := o.Take(t.Context(), 1000, func(_ context.Context, rows []outbox.Row) []error {
			got = append(got, rows...)
			return make([]error, len(rows))
		})
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return got
		}
	}
}

func wantRows(t *testing.T, o outbox.Source, want ...string) {
	t.Helper()
	var got []string
	for _, r := range takeAll(t, o) {
		got = append(got, describe(r))
	}
	if !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
}

const all = "invalidate_tag users all"

func TestEveryChangeOfAUserLeavesItsRows(t *testing.T) {
	t.Parallel()
	s, o, path := outboxOf(t)
	u := create(t, s, "max@example.com")
	wantRows(t, o, "invalidate user 1", all)
	if _, err := s.RenameUser(t.Context(), u.ID, "Maximilian"); err != nil {
		t.Fatal(err)
	}
	wantRows(t, o, "invalidate user 1", all)
	if err := s.SetRole(t.Context(), u.ID, kurs.RoleAdmin); err != nil { // nobody has it cached
		t.Fatal(err)
	}
	wantRows(t, o, "invalidate sessions 1")
	if _, err := s.RenameUser(t.Context(), u.ID, "Maximilian"); err != nil { // it is called that already
		t.Fatal(err)
	}
	wantRows(t, o)

	conn := stranger(t, path)
	execute(t, conn, `UPDATE users SET email = 'hand@example.com'`)
	wantRows(t, o, "invalidate user 1", all)
	execute(t, conn, `UPDATE users SET password_hash = 'by hand'`)
	wantRows(t, o, "invalidate sessions 1")
	execute(t, conn, `UPDATE users SET id = 7 WHERE id = 1`)
	wantRows(t, o, "invalidate user 1", all, "invalidate user 7")
	execute(t, conn, `INSERT INTO users (name, email, created_at) VALUES ('A', 'a@example.com', 0), ('B', 'b@example.com', 0)`)
	wantRows(t, o, "invalidate user 8", all, "invalidate user 9", all)
	execute(t, conn, `REPLACE INTO users (id, name, email, created_at) VALUES (8, 'C', 'c@example.com', 0)`)
	wantRows(t, o, "invalidate user 8", all)
	execute(t, conn, `DELETE FROM users`)
	wantRows(t, o, "invalidate sessions 7", "invalidate user 7", all, "invalidate sessions 8", "invalidate user 8", all,
		"invalidate sessions 9", "invalidate user 9", all)
	execute(t, conn, `BEGIN; INSERT INTO users (name, email, created_at) VALUES ('A', 'a@example.com', 0); ROLLBACK`)
	wantRows(t, o)
}

func TestSampleDataLeavesTwoRows(t *testing.T) {
	t.Parallel()
	s, o, _ := outboxOf(t)
	if err := s.PrepareDemo(t.Context(), "hash"); err != nil {
		t.Fatal(err)
	}
	wantRows(t, o, "invalidate_all user", all)
	// From here on each user counts.
	create(t, s, "max@example.org")
	wantRows(t, o, "invalidate user 10001", all)
}

// The sqlite3 shell of the machine may be older than the driver, and must be able to
// run the triggers.
func TestUpdateInTheShellWakesTheRelay(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Fatal("there is no sqlite3 shell here: test/deps.sh installs it")
	}
	s, o, path := outboxOf(t)
	create(t, s, "max@example.com")
	takeAll(t, o)
	woken := make(chan time.Time, 1)
	go func() {
		if err := o.Wait(context.Background(), time.Minute); err != nil {
			t.Error(err)
		}
		woken <- time.Now()
	}()
	if out, err := exec.CommandContext(t.Context(), shell, path, `UPDATE users SET name = 'Von Hand' WHERE id = 1`).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	committed := time.Now()
	select {
	case at := <-woken:
		t.Logf("woken %v after the shell was done", at.Sub(committed))
	case <-time.After(20 * time.Second):
		t.Fatal("nobody was woken")
	}
	rows := takeAll(t, o)
	if len(rows) != 2 || describe(rows[0]) != "invalidate user 1" {
		t.Fatalf("rows %v", rows)
	}
	if age := time.Since(rows[0].CreatedAt); age < -time.Second || age > time.Minute {
		t.Errorf("the row says it was made %v ago", age)
	}
}

func TestWaitDoesNotMissWhatWasCommittedSinceTheLastTake(t *testing.T) {
	t.Parallel()
	_, o, path := outboxOf(t)
	takeAll(t, o)
	if n, _, err := o.Take(t.Context(), 10, nil); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	execute(t, stranger(t, path), `INSERT INTO users (name, email, created_at) VALUES ('A', 'a@example.com', 0)`)
	begin := time.Now()
	if err := o.Wait(t.Context(), time.Minute); err != nil || time.Since(begin) > 20*time.Second {
		t.Errorf("Wait took %v (%v)", time.Since(begin), err)
	}
	wantRows(t, o, "invalidate user 1", all)
}

// What the outbox itself writes is no reason to look again: a relay would ask a Redis
// that is away as fast as it can.
func TestWaitIsNotEndedByTheOutboxItself(t *testing.T) {
	t.Parallel()
	s, o, _ := outboxOf(t)
	create(t, s, "max@example.com")
	_ = o.Wait(t.Context(), time.Minute) // uses up the wake of create
	taken, delivered, err := o.Take(t.Context(), 10, func(_ context.Context, rows []outbox.Row) []error {
		return []error{nil, fmt.Errorf("no such target: %w", outbox.ErrRefused)}
	})
	if taken != 2 || delivered != 1 || err != nil {
		t.Fatalf("took %d, delivered %d, %v", taken, delivered, err)
	}
	begin := time.Now()
	if err := o.Wait(t.Context(), time.Minute); err != nil || time.Since(begin) > 20*time.Second {
		t.Errorf("Wait ended after %v (%v), but the refused row was due", time.Since(begin), err)
	}
	takeAll(t, o)
	if _, err := o.Repeat(t.Context(), "another"); err != nil {
		t.Fatal(err)
	}
	takeAll(t, o)
	begin = time.Now()
	if err := o.Wait(t.Context(), 200*time.Millisecond); err != nil || time.Since(begin) < 200*time.Millisecond {
		t.Errorf("Wait ended after %v (%v)", time.Since(begin), err)
	}
}

// The pauses of a refused row grow: to half a second where Redis is what is wrong, to
// ten where the row is.
func TestPausesOfRefusedRowsGrow(t *testing.T) {
	t.Parallel()
	_, o, path := outboxOf(t)
	conn := stranger(t, path)
	execute(t, conn, `INSERT INTO outbox (kind, target) VALUES ('task', 'nobody'), ('task', 'email_queue')`)
	// Each pause began at some time between before and after.
	var shortest, longest [2]time.Duration
	for range 20 {
		before := time.Now()
		if _, _, err := o.Take(t.Context(), 10, func(context.Context, []outbox.Row) []error {
			return []error{outbox.ErrRefused, errors.New("away")}
		}); err != nil {
			t.Fatal(err)
		}
		after := time.Now()
		for i := range shortest {
			var due int64
			if err := conn.QueryRowContext(t.Context(), `SELECT due FROM outbox WHERE id = ?`, i+1).Scan(&due); err != nil {
				t.Fatal(err)
			}
			longest[i] = time.UnixMicro(due).Sub(before)
			if longest[i] < shortest[i]-50*time.Millisecond {
				t.Errorf("row %d pauses for %v at most after %v at least", i+1, longest[i], shortest[i])
			}
			shortest[i] = time.UnixMicro(due).Sub(after)
		}
		execute(t, conn, `UPDATE outbox SET due = 1`)
	}
	if longest[0] < 9999*time.Millisecond || shortest[0] > 10*time.Second || longest[1] < 499*time.Millisecond || shortest[1] > 500*time.Millisecond {
		t.Errorf("the last pauses are %v to %v, want 10s and 500ms", shortest, longest)
	}
}

func TestRefusedRowsWaitBehindTheOthers(t *testing.T) {
	t.Parallel()
	s, o, _ := outboxOf(t)
	create(t, s, "max@example.com")
	refuse := func(_ context.Context, rows []outbox.Row) []error {
		errs := make([]error, len(rows))
		for i, r := range rows {
			if r.Kind == outbox.KindInvalidate {
				errs[i] = errors.New("no")
			}
		}
		return errs
	}
	if taken, delivered, err := o.Take(t.Context(), 1000, refuse); taken != 2 || delivered != 1 || err != nil {
		t.Fatalf("took %d, delivered %d, %v", taken, delivered, err)
	}
	create(t, s, "moritz@example.com")
	var got []string
	for len(got) < 3 { // the refused one has to wait a little
		for _, r := range takeAll(t, o) {
			got = append(got, describe(r))
		}
	}
	if want := []string{"invalidate user 2", all, "invalidate user 1"}; !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
}

// The Redis that confirmed has lost its data before the rows could be marked.
func TestRowsThatWereDeliveredToALostRedisWaitAgain(t *testing.T) {
	t.Parallel()
	s, o, _ := outboxOf(t)
	create(t, s, "max@example.com")
	_, delivered, err := o.Take(t.Context(), 10, func(ctx context.Context, rows []outbox.Row) []error {
		if _, err := o.Repeat(ctx, "another"); err != nil {
			t.Error(err)
		}
		return make([]error, len(rows))
	})
	if delivered != 0 || err == nil {
		t.Errorf("delivered %d, %v", delivered, err)
	}
	wantRows(t, o, "invalidate user 1", all)
}

func TestClaimEndsWithTheCall(t *testing.T) {
	t.Parallel()
	s, o, _ := outboxOf(t)
	create(t, s, "max@example.com")
	func() {
		defer func() { _ = recover() }()
		_, _, _ = o.Take(t.Context(), 10, func(context.Context, []outbox.Row) []error { panic("bug") })
	}()
	// While one is at work, others take nothing and do not wait, and writers go on.
	taken, delivered, err := o.Take(t.Context(), 1, func(ctx context.Context, rows []outbox.Row) []error {
		n, _, err := o.Take(ctx, 10, func(context.Context, []outbox.Row) []error { t.Error("taken twice"); return nil })
		if n != 0 || err != nil {
			t.Errorf("the other took %d, %v", n, err)
		}
		create(t, s, "moritz@example.com")
		return make([]error, len(rows))
	})
	if taken != 1 || delivered != 1 || err != nil {
		t.Fatalf("took %d, delivered %d, %v", taken, delivered, err)
	}
	// Redis confirmed just before the relay was told to stop.
	ctx, cancel := context.WithCancel(t.Context())
	_, delivered, err = o.Take(ctx, 1, func(_ context.Context, rows []outbox.Row) []error {
		cancel()
		return make([]error, len(rows))
	})
	if delivered != 1 || err != nil {
		t.Fatalf("delivered %d, %v", delivered, err)
	}
	wantRows(t, o, "invalidate user 2", all)
}

func TestDeliveredRowsAreRepeatedWhenRedisLostData(t *testing.T) {
	t.Parallel()
	s, o, path := outboxOf(t)
	conn := stranger(t, path)
	repeat := func(identity string, want int) {
		t.Helper()
		if n, err := o.Repeat(t.Context(), identity); n != want || err != nil {
			t.Errorf("repeats %d rows (%v), want %d", n, err, want)
		}
	}
	repeat("a", 0)
	create(t, s, "max@example.com")
	execute(t, conn, `INSERT INTO outbox (kind, target, payload, durable) VALUES ('task', 'q', '1', 0), ('task', 'q', '2', 1)`)
	takeAll(t, o)
	repeat("a", 0)
	repeat("b", 3)
	wantRows(t, o, "invalidate user 1", all, "task q  2")
	repeat("b", 0)
	// What was delivered long ago has expired in Redis; a durable task has not.
	execute(t, conn, `UPDATE outbox SET delivered_at = delivered_at - 61000000`)
	repeat("c", 1)
	wantRows(t, o, "task q  2")
	if n, err := o.Sweep(t.Context()); n != 3 || err != nil {
		t.Errorf("swept %d rows (%v), want 3", n, err)
	}
	repeat("d", 1)
	rows := takeAll(t, o)
	if len(rows) != 1 || !rows[0].Repeated || rows[0].Waited <= 0 {
		t.Errorf("rows %+v", rows)
	}
	// Nobody has completed it for long: once more.
	execute(t, conn, `UPDATE outbox SET delivered_at = delivered_at - 61000000`)
	if n, err := o.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d rows (%v), want 1", n, err)
	}
	wantRows(t, o, "task q  2")
	var left int64
	if err := conn.QueryRowContext(t.Context(), `SELECT id FROM outbox`).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if err := o.Complete(t.Context(), left, 999); err != nil {
		t.Fatal(err)
	}
	repeat("e", 0)
}

func TestCompleteForgetsDurableTasksAlone(t *testing.T) {
	t.Parallel()
	s, o, _ := outboxOf(t)
	create(t, s, "max@example.com")
	if err := o.Complete(t.Context(), 1, 2); err != nil {
		t.Fatal(err)
	}
	wantRows(t, o, "invalidate user 1", all)
}

func TestBacklogCountsWhatWaits(t *testing.T) {
	t.Parallel()
	s, o, path := outboxOf(t)
	if rows, age, err := o.Backlog(t.Context()); rows != 0 || age != 0 || err != nil {
		t.Errorf("empty: %d rows, %v, %v", rows, age, err)
	}
	create(t, s, "max@example.com")
	execute(t, stranger(t, path), `UPDATE outbox SET created_at = created_at - 5000000 WHERE id = 2`)
	if rows, age, err := o.Backlog(t.Context()); rows != 2 || age < 5*time.Second || age > time.Minute || err != nil {
		t.Errorf("%d rows, %v, %v", rows, age, err)
	}
	takeAll(t, o)
	if rows, age, err := o.Backlog(t.Context()); rows != 0 || age != 0 || err != nil {
		t.Errorf("all taken: %d rows, %v, %v", rows, age, err)
	}
}
