package kurs_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/session"
)

// fakeEnder remembers whose sessions ended.
type fakeEnder struct {
	calls  map[string]int
	refuse int64
}

func (f *fakeEnder) AdvanceMany(_ context.Context, versions ...session.Version[int64]) []error {
	errs := make([]error, len(versions))
	for i, v := range versions {
		if v.User == f.refuse {
			errs[i] = kurs.ErrUnavailable
			continue
		}
		version := fmt.Sprint(v.Version)
		if v.Gone {
			version = "gone"
		}
		f.calls[fmt.Sprint(v.User, " to ", version)]++
	}
	return errs
}

func (f *fakeEnder) RevokeEveryone(context.Context) error {
	f.calls["everyone"]++
	return nil
}

func sessionRow(key string) outbox.Row {
	return outbox.Row{Kind: outbox.KindInvalidate, Target: kurs.OutboxSessions, Key: key}
}

func TestForgetSessionsAsksForEachUserOnce(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	u := w.add(t, "Max", kurs.RoleUser)
	account, err := w.store.Account(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	ender := &fakeEnder{calls: map[string]int{}, refuse: 8}
	kurs.EndSessionsWith(w.accounts, ender)
	before := w.store.calls.Load()
	errs := w.accounts.ForgetSessions(t.Context(), []outbox.Row{
		sessionRow("1"), sessionRow("7"), sessionRow("8"), sessionRow("1"), sessionRow("8"),
		sessionRow("01"), sessionRow("max"),
		{Kind: outbox.KindInvalidateTag, Target: kurs.OutboxSessions, Key: "all"},
		{Kind: outbox.KindInvalidate, Target: kurs.OutboxUsers, Key: "1"},
	})
	for i, want := range []error{
		nil, nil, kurs.ErrUnavailable, nil, kurs.ErrUnavailable,
		outbox.ErrRefused, outbox.ErrRefused, outbox.ErrRefused, outbox.ErrRefused,
	} {
		if !errors.Is(errs[i], want) || (errs[i] == nil) != (want == nil) {
			t.Errorf("row %d: %v, want %v", i+1, errs[i], want)
		}
	}
	want := map[string]int{fmt.Sprint(u.ID, " to ", account.CredentialsVersion): 1, "7 to gone": 1}
	if !maps.Equal(ender.calls, want) {
		t.Errorf("ended %v, want %v", ender.calls, want)
	}
	if n := w.store.calls.Load() - before; n != 1 {
		t.Errorf("the database was asked %d times, want once", n)
	}
	for _, err := range w.accounts.ForgetSessions(t.Context(), []outbox.Row{{Kind: outbox.KindInvalidateAll, Target: kurs.OutboxSessions}}) {
		if err != nil {
			t.Error(err)
		}
	}
	if ender.calls["everyone"] != 1 {
		t.Errorf("after TRUNCATE: %v", ender.calls)
	}
}

func TestForgetSessionsWithoutADatabaseEndsNobodys(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	ender := &fakeEnder{calls: map[string]int{}}
	kurs.EndSessionsWith(w.accounts, ender)
	w.store.down.Store(true)
	for _, err := range w.accounts.ForgetSessions(t.Context(), []outbox.Row{sessionRow("1"), sessionRow("2")}) {
		wantCode(t, err, kurs.CodeUnavailable)
		if errors.Is(err, outbox.ErrRefused) {
			t.Error("an outage is no reason to give a row up")
		}
	}
	if len(ender.calls) != 0 {
		t.Errorf("ended %v", ender.calls)
	}
}

// tellSessions has the rows of the outbox that are about sessions delivered, as the
// relay does.
func (w *world) tellSessions(t *testing.T) {
	t.Helper()
	if _, _, err := w.outbox.Take(t.Context(), 1000, func(ctx context.Context, rows []outbox.Row) []error {
		errs := make([]error, len(rows))
		for i, row := range rows {
			if row.Target == kurs.OutboxSessions {
				errs[i] = w.accounts.ForgetSessions(ctx, []outbox.Row{row})[0]
			}
			if errs[i] != nil {
				t.Errorf("%s %s: %v", row.Target, row.Key, errs[i])
			}
		}
		return errs
	}); err != nil {
		t.Fatal(err)
	}
}

// A message that comes again and again, late, ends nobody's new session.
func TestLateMessagesEndNoNewSession(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	u := w.add(t, "Max", kurs.RoleUser)
	first := w.login(t, u)
	w.changePassword(t, u, another)
	w.wantEnded(t, first.Token)
	l := loginOf(u)
	l.Password = another
	s, err := w.accounts.Login(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	w.tellSessions(t)
	for range 3 {
		if err := w.accounts.ForgetSessions(t.Context(), []outbox.Row{sessionRow(strconv.FormatInt(u.ID, 10))})[0]; err != nil {
			t.Fatal(err)
		}
		w.authenticate(t, s.Token)
	}
}

// Somebody deletes a user by hand, and brings the row back from a backup. From then on
// a new password ends the sessions as it always did.
func TestSessionsOfAUserWhoCameBackEndToo(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	u := w.add(t, "Max", kurs.RoleUser)
	before := w.login(t, u)
	db, err := sql.Open("sqlite", w.path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{`CREATE TABLE backup AS SELECT * FROM users`, `DELETE FROM users`} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	w.tellSessions(t)
	w.wantEnded(t, before.Token)
	if _, err := db.ExecContext(t.Context(), `INSERT INTO users SELECT * FROM backup`); err != nil {
		t.Fatal(err)
	}
	w.wantEnded(t, before.Token)
	thief := w.login(t, u)
	if _, err := w.accounts.ChangePassword(t.Context(), w.authenticate(t, w.login(t, u).Token), changeOf(u)); err != nil {
		t.Fatal(err)
	}
	w.wantEnded(t, thief.Token)
}

// A mass deletion must not fill Redis with keys of people who never logged in.
func TestUsersWhoNeverLoggedInLeaveNoKeys(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	for _, name := range []string{"Max", "Ada"} {
		u := w.add(t, name, kurs.RoleUser)
		if err := w.store.Store.DeleteUser(t.Context(), u.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.tellSessions(t)
	if got := w.keysWith(t, "session:"); len(got) != 0 {
		t.Errorf("keys %q", got)
	}
}
