package kurs_test

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/outbox"
)

// fakeEnder remembers whose sessions ended.
type fakeEnder struct {
	calls  chan string
	refuse int64
}

func (f *fakeEnder) end(what string, user int64) error {
	if user == f.refuse {
		return kurs.ErrUnavailable
	}
	f.calls <- what
	return nil
}

func (f *fakeEnder) Advance(_ context.Context, user, version int64) error {
	return f.end("advance "+strconv.FormatInt(user, 10)+" "+strconv.FormatInt(version, 10), user)
}

func (f *fakeEnder) RevokeAll(_ context.Context, user int64) error {
	return f.end("revoke "+strconv.FormatInt(user, 10), user)
}

func (f *fakeEnder) RevokeEveryone(context.Context) error { return f.end("everyone", 0) }

func (f *fakeEnder) taken() map[string]int {
	calls := map[string]int{}
	for len(f.calls) > 0 {
		calls[<-f.calls]++
	}
	return calls
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
	ender := &fakeEnder{calls: make(chan string, 100), refuse: 8}
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
	want := map[string]int{"advance 1 " + strconv.FormatInt(account.CredentialsVersion, 10): 1, "revoke 7": 1}
	if got := ender.taken(); len(got) != 2 || got["revoke 7"] != 1 || got["advance 1 "+strconv.FormatInt(account.CredentialsVersion, 10)] != 1 {
		t.Errorf("ended %v, want %v", got, want)
	}
	if n := w.store.calls.Load() - before; n != 1 {
		t.Errorf("the database was asked %d times, want once", n)
	}
	for _, err := range w.accounts.ForgetSessions(t.Context(), []outbox.Row{{Kind: outbox.KindInvalidateAll, Target: kurs.OutboxSessions}}) {
		if err != nil {
			t.Error(err)
		}
	}
	if got := ender.taken(); got["everyone"] != 1 {
		t.Errorf("after TRUNCATE: %v", got)
	}
}

func TestForgetSessionsWithoutADatabaseEndsNobodys(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	ender := &fakeEnder{calls: make(chan string, 100)}
	kurs.EndSessionsWith(w.accounts, ender)
	w.store.down.Store(true)
	for _, err := range w.accounts.ForgetSessions(t.Context(), []outbox.Row{sessionRow("1"), sessionRow("2")}) {
		wantCode(t, err, kurs.CodeUnavailable)
		if errors.Is(err, outbox.ErrRefused) {
			t.Error("an outage is no reason to give a row up")
		}
	}
	if got := ender.taken(); len(got) != 0 {
		t.Errorf("ended %v", got)
	}
}

// TestSessionsOfAUserDeletedByHandEnd goes all the way from the row to Redis.
func TestSessionsOfAUserDeletedByHandEnd(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	u := w.add(t, "Max", kurs.RoleUser)
	token := w.login(t, u).Token
	if err := w.store.Store.DeleteUser(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.outbox.Take(t.Context(), 1000, func(ctx context.Context, rows []outbox.Row) []error {
		errs := make([]error, len(rows))
		for i, row := range rows {
			if row.Target == kurs.OutboxSessions {
				errs[i] = w.accounts.ForgetSessions(ctx, []outbox.Row{row})[0]
			}
		}
		return errs
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.sessions.Lookup(t.Context(), token); err == nil {
		t.Error("the session is still there")
	}
}
