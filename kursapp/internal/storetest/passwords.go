package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/outbox"
)

// forgot gives u a token for a forgotten password under the n-th digest until later.
func (t fixture) forgot(u kurs.User, n byte) {
	t.Helper()
	if err := t.store.SetPasswordReset(t.Context(), kurs.PasswordReset{UserID: u.ID, ExpiresAt: later}, digest(n)); err != nil {
		t.Fatal(err)
	}
}

// wantReset looks for the n-th digest, then uses it with the hash "reset", and fails
// unless both end with want.
func (t fixture) wantReset(n byte, at time.Time, want error) {
	t.Helper()
	u, err := t.store.PasswordReset(t.Context(), digest(n), at)
	t.wantError(zeroResult(t, u, err), want)
	u, err = t.store.ResetPassword(t.Context(), digest(n), at, "reset", greeting)
	t.wantError(zeroResult(t, u, err), want)
}

func (t fixture) wantHash(id int64, want string) {
	t.Helper()
	if a, err := t.store.Account(t.Context(), id); err != nil || a.PasswordHash != want {
		t.Errorf("the hash is %q (%v), want %q", a.PasswordHash, err, want)
	}
}

// except returns err unless it is what was expected.
func except(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// noJSON is a task that cannot be stored.
func noJSON() outbox.Task { return outbox.Task{Queue: "greetings", Payload: func() {}} }

var passwordTests = map[string]func(fixture){
	"PasswordChangesOnlyWhereItIsTheOldOne": func(t fixture) {
		u := t.create("max@example.com")
		version := t.version(u.ID)
		for _, step := range []struct {
			old, next string
			changed   bool
			hash      string
		}{{"", "one", true, "one"}, {"", "two", false, "one"}, {"ONE", "two", false, "one"}, {"one", "two", true, "two"}} {
			changed, err := t.store.ChangePassword(t.Context(), u.ID, step.old, step.next, greeting)
			if err != nil || changed != step.changed {
				t.Fatalf("ChangePassword(%q, %q) = %v, %v; want %v", step.old, step.next, changed, err, step.changed)
			}
			t.wantHash(u.ID, step.hash)
			now := t.version(u.ID)
			if grew := now > version; grew != step.changed {
				t.Errorf("ChangePassword(%q, %q): version %d after %d", step.old, step.next, now, version)
			}
			version = now
		}
		t.wantTasks(2) // one with each change that took place
	},

	"NoPasswordWithoutItsTask": func(t fixture) {
		u := t.create("max@example.com")
		if changed, err := t.store.ChangePassword(t.Context(), u.ID, "", "one", greeting, noJSON()); err == nil || changed {
			t.Errorf("ChangePassword = %v, %v", changed, err)
		}
		t.forgot(u, 1)
		if got, err := t.store.ResetPassword(t.Context(), digest(1), now, "one", greeting, noJSON()); zeroResult(t, got, err) == nil {
			t.Error("a task that has no JSON was stored")
		}
		t.wantHash(u.ID, "")
		t.wantTasks(0)
		if err := t.store.Enqueue(t.Context(), greeting, noJSON()); err == nil {
			t.Error("a task that has no JSON was stored")
		}
		t.wantTasks(0)
		// Nothing was used up.
		if _, err := t.store.ResetPassword(t.Context(), digest(1), now, "one", greeting); err != nil {
			t.Error(err)
		}
	},

	"EnqueuedTasksAreThere": func(t fixture) {
		if err := t.store.Enqueue(t.Context(), greeting, greeting); err != nil {
			t.Fatal(err)
		}
		t.wantTasks(2)
	},

	"ResetSetsThePasswordOnce": func(t fixture) {
		u := t.create("max@example.com")
		version := t.version(u.ID)
		t.forgot(u, 1)
		if got, err := t.store.PasswordReset(t.Context(), digest(1), now); err != nil || got != u {
			t.Fatalf("PasswordReset = %+v, %v; want %+v", got, err, u)
		}
		since := len(t.rows())
		if got, err := t.store.ResetPassword(t.Context(), digest(1), now, "one"); err != nil || got != u {
			t.Fatalf("ResetPassword = %+v, %v; want %+v", got, err, u)
		}
		t.wantNews(since, nil, u.ID)
		t.wantHash(u.ID, "one")
		if v := t.version(u.ID); v <= version {
			t.Errorf("version %d after %d", v, version)
		}
		t.wantReset(1, now, kurs.ErrResetFailed)
		t.wantHash(u.ID, "one")
		t.wantTasks(0)
	},

	"OneOfManyResetsWins": func(t fixture) {
		u := t.create("max@example.com")
		t.forgot(u, 1)
		var won atomic.Int32
		var wg sync.WaitGroup
		for n := range 12 {
			wg.Go(func() {
				switch _, err := t.store.ResetPassword(t.Context(), digest(1), now, numbered(n), greeting); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, kurs.ErrResetFailed):
					t.Errorf("error %v, want %v", err, kurs.ErrResetFailed)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("one token was used %d times", won.Load())
		}
		t.wantTasks(1)
	},

	// Each of these locks the user and what waits for it. In different orders they would
	// be deadlocks now and then.
	"WhatChangesPasswordsAndAddressesAtOnceOnlyWaits": func(t fixture) {
		u := t.create("max@example.com")
		actions := []func(round int) error{
			func(int) error {
				return t.store.SetPasswordReset(t.Context(), kurs.PasswordReset{UserID: u.ID, ExpiresAt: later}, digest(1))
			},
			func(int) error {
				return t.store.SetEmailChange(t.Context(), kurs.EmailChange{UserID: u.ID, NewEmail: "b@example.com", ExpiresAt: later}, digest(2))
			},
			func(n int) error {
				_, err := t.store.ResetPassword(t.Context(), digest(1), now, numbered(n))
				return except(err, kurs.ErrResetFailed)
			},
			func(int) error {
				_, err := t.store.ConfirmEmailChange(t.Context(), digest(2), now)
				return except(err, kurs.ErrConfirmationFailed)
			},
			func(n int) error {
				_, err := t.store.UpdateUser(t.Context(), u.ID, "Max", numbered(n))
				return err
			},
			func(n int) error {
				a, err := t.store.Account(t.Context(), u.ID)
				if err == nil {
					_, err = t.store.ChangePassword(t.Context(), u.ID, a.PasswordHash, numbered(1000+n))
				}
				return err
			},
		}
		var wg sync.WaitGroup
		for i, action := range actions {
			wg.Go(func() {
				for n := range 40 {
					if err := action(n); err != nil {
						t.Errorf("action %d: %v", i, err)
						return
					}
				}
			})
		}
		wg.Wait()
	},

	"ResetTokenExpires": func(t fixture) {
		u := t.create("max@example.com")
		t.forgot(u, 1)
		t.wantReset(1, later, kurs.ErrResetFailed)
		t.wantReset(1, later.Add(time.Hour), kurs.ErrResetFailed)
		t.wantReset(2, now, kurs.ErrResetFailed)
		for _, d := range [][]byte{nil, {}, digest(1)[:31], append(digest(1), 0)} {
			_, err := t.store.ResetPassword(t.Context(), d, now, "x")
			t.wantError(err, kurs.ErrResetFailed)
		}
		t.wantHash(u.ID, "")
		if _, err := t.store.ResetPassword(t.Context(), digest(1), later.Add(-time.Microsecond), "one"); err != nil {
			t.Errorf("a microsecond before it expires: %v", err)
		}
	},

	"NewerResetTokenReplacesTheOlder": func(t fixture) {
		u, other := t.create("max@example.com"), t.create("other@example.com")
		t.forgot(u, 1)
		t.forgot(u, 2)
		t.forgot(other, 3)
		t.wantReset(1, now, kurs.ErrResetFailed)
		if got, err := t.store.ResetPassword(t.Context(), digest(2), now, "one"); err != nil || got != u {
			t.Errorf("ResetPassword = %+v, %v; want %+v", got, err, u)
		}
		if got, err := t.store.ResetPassword(t.Context(), digest(3), now, "two"); err != nil || got != other {
			t.Errorf("ResetPassword = %+v, %v; want %+v", got, err, other)
		}
		t.wantHash(u.ID, "one")
	},

	"OtherChangesVoidAResetToken": func(t fixture) {
		u := t.create("max@example.com")
		for n, change := range []func() error{
			func() error { _, err := t.store.ChangePassword(t.Context(), u.ID, "", "one"); return err },
			func() error { _, err := t.store.UpdateUser(t.Context(), u.ID, "Max", "new@example.com"); return err },
			func() error {
				t.request(u, "confirmed@example.com", 50)
				_, err := t.store.ConfirmEmailChange(t.Context(), digest(50), now)
				return err
			},
			func() error { return t.store.DeleteUser(t.Context(), u.ID) },
		} {
			t.forgot(u, byte(n))
			if err := change(); err != nil {
				t.Fatalf("change %d: %v", n, err)
			}
			t.wantReset(byte(n), now, kurs.ErrResetFailed)
		}
		t.wantTasks(0)
	},

	"WhatDoesNotTouchPasswordAndAddressLeavesAResetToken": func(t fixture) {
		u := t.create("max@example.com")
		t.forgot(u, 1)
		if _, err := t.store.ReplacePasswordHash(t.Context(), u.ID, "", "better"); err != nil {
			t.Fatal(err)
		}
		if err := t.store.SetRole(t.Context(), u.ID, kurs.RoleAdmin); err != nil {
			t.Fatal(err)
		}
		if _, err := t.store.UpdateUser(t.Context(), u.ID, "Moritz", u.Email); err != nil {
			t.Fatal(err)
		}
		if got, err := t.store.PasswordReset(t.Context(), digest(1), now); err != nil || got.ID != u.ID {
			t.Errorf("PasswordReset = %+v, %v", got, err)
		}
	},
}
