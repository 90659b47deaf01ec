package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// The clock of these tests: the store must go by the time it is given.
var (
	now   = time.Date(2031, 5, 1, 12, 0, 0, 0, time.FixedZone("UTC+2", 7200))
	later = now.Add(time.Hour)
)

// digest returns the n-th token digest, as long as SHA-256's.
func digest(n byte) []byte {
	d := make([]byte, 32)
	d[0], d[31] = n, 0xff
	return d
}

// request remembers a new address for u under the n-th digest until later.
func (t fixture) request(u kurs.User, email string, n byte) {
	t.Helper()
	if err := t.store.SetEmailChange(t.Context(), kurs.EmailChange{UserID: u.ID, NewEmail: email, ExpiresAt: later}, digest(n)); err != nil {
		t.Fatal(err)
	}
}

// wantConfirmation confirms the n-th digest and fails unless it ends with want.
func (t fixture) wantConfirmation(n byte, at time.Time, want error) {
	t.Helper()
	u, err := t.store.ConfirmEmailChange(t.Context(), digest(n), at)
	t.wantError(zeroResult(t, u, err), want)
}

var emailChangeTests = map[string]func(fixture){
	"ConfirmedAddressIsInForce": func(t fixture) {
		u := t.create("old@example.com")
		t.request(u, "New@example.com", 1)
		t.wantUser(u) // nothing happens before the confirmation
		if _, err := t.store.RenameUser(t.Context(), u.ID, "Renamed"); err != nil {
			t.Fatal(err)
		}
		got, err := t.store.ConfirmEmailChange(t.Context(), digest(1), now)
		want := kurs.User{ID: u.ID, Name: "Renamed", Email: "New@example.com"}
		if err != nil || got != want {
			t.Fatalf("ConfirmEmailChange = %+v, %v; want %+v", got, err, want)
		}
		t.wantUser(want)
		t.wantNoAddress("old@example.com")
	},

	"AnotherChangeOfTheAddressVoidsTheWaitingOne": func(t fixture) {
		u := t.create("old@example.com")
		t.request(u, "wanted@example.com", 1)
		if _, err := t.store.UpdateUser(t.Context(), u.ID, "Renamed", "old@example.com"); err != nil {
			t.Fatal(err)
		}
		if _, err := t.store.UpdateUser(t.Context(), u.ID, "Renamed", "set-by-admin@example.com"); err != nil {
			t.Fatal(err)
		}
		t.wantConfirmation(1, now, kurs.ErrConfirmationFailed)
		t.wantUser(kurs.User{ID: u.ID, Name: "Renamed", Email: "set-by-admin@example.com"})
	},

	// Whoever asked for the address may be the reason for the new password.
	"NewPasswordVoidsAWaitingAddress": func(t fixture) {
		u := t.create("old@example.com")
		for n, change := range []func() error{
			func() error { _, err := t.store.ChangePassword(t.Context(), u.ID, "", "one"); return err },
			func() error {
				t.forgot(u, 50)
				_, err := t.store.ResetPassword(t.Context(), digest(50), now, "two")
				return err
			},
		} {
			t.request(u, "thief@example.com", byte(n))
			if err := change(); err != nil {
				t.Fatalf("change %d: %v", n, err)
			}
			t.wantConfirmation(byte(n), now, kurs.ErrConfirmationFailed)
			t.wantUser(u)
		}
	},

	"WhatDoesNotTouchPasswordAndAddressLeavesAWaitingAddress": func(t fixture) {
		u := t.create("old@example.com")
		t.request(u, "new@example.com", 1)
		if _, err := t.store.ReplacePasswordHash(t.Context(), u.ID, "", "better"); err != nil {
			t.Fatal(err)
		}
		if err := t.store.SetRole(t.Context(), u.ID, kurs.RoleAdmin); err != nil {
			t.Fatal(err)
		}
		if _, err := t.store.RenameUser(t.Context(), u.ID, "Moritz"); err != nil {
			t.Fatal(err)
		}
		if got, err := t.store.ConfirmEmailChange(t.Context(), digest(1), now); err != nil || got.Email != "new@example.com" {
			t.Errorf("ConfirmEmailChange = %+v, %v", got, err)
		}
	},

	"ConfirmationWorksOnce": func(t fixture) {
		u := t.create("old@example.com")
		t.request(u, "new@example.com", 1)
		if _, err := t.store.ConfirmEmailChange(t.Context(), digest(1), now); err != nil {
			t.Fatal(err)
		}
		t.wantConfirmation(1, now, kurs.ErrConfirmationFailed)
	},

	"OneOfManyConfirmationsWins": func(t fixture) {
		u := t.create("old@example.com")
		t.request(u, "new@example.com", 1)
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				switch _, err := t.store.ConfirmEmailChange(t.Context(), digest(1), now); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, kurs.ErrConfirmationFailed):
					t.Errorf("error %v, want %v", err, kurs.ErrConfirmationFailed)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("one token was used %d times", won.Load())
		}
	},

	"UnknownTokenIsRefused": func(t fixture) {
		u := t.create("old@example.com")
		t.request(u, "new@example.com", 1)
		t.wantConfirmation(2, now, kurs.ErrConfirmationFailed)
		for _, d := range [][]byte{nil, {}, digest(1)[:31], append(digest(1), 0)} {
			_, err := t.store.ConfirmEmailChange(t.Context(), d, now)
			t.wantError(err, kurs.ErrConfirmationFailed)
		}
		t.wantUser(u)
	},

	"ExpiredTokenIsRefused": func(t fixture) {
		u := t.create("old@example.com")
		t.request(u, "new@example.com", 1)
		t.wantConfirmation(1, later, kurs.ErrConfirmationFailed)
		t.wantConfirmation(1, later.Add(time.Hour), kurs.ErrConfirmationFailed)
		t.wantUser(u)
		if _, err := t.store.ConfirmEmailChange(t.Context(), digest(1), later.Add(-time.Microsecond)); err != nil {
			t.Errorf("a microsecond before it expires: %v", err)
		}
	},

	"NewerRequestReplacesTheOlder": func(t fixture) {
		u := t.create("old@example.com")
		t.request(u, "first@example.com", 1)
		t.request(u, "second@example.com", 2)
		t.wantConfirmation(1, now, kurs.ErrConfirmationFailed)
		got, err := t.store.ConfirmEmailChange(t.Context(), digest(2), now)
		if err != nil || got.Email != "second@example.com" {
			t.Errorf("ConfirmEmailChange = %+v, %v", got, err)
		}
	},

	"RequestsOfTwoUsersDoNotTouch": func(t fixture) {
		a, b := t.create("a@example.com"), t.create("b@example.com")
		t.request(a, "new-a@example.com", 1)
		t.request(b, "new-b@example.com", 2)
		if got, err := t.store.ConfirmEmailChange(t.Context(), digest(2), now); err != nil || got.ID != b.ID || got.Email != "new-b@example.com" {
			t.Errorf("ConfirmEmailChange = %+v, %v", got, err)
		}
		t.wantUser(a)
		// A digest belongs to one request: the second user does not get the first's.
		err := t.store.SetEmailChange(t.Context(), kurs.EmailChange{UserID: b.ID, NewEmail: "evil@example.com", ExpiresAt: later}, digest(1))
		if err == nil {
			t.Error("one digest stands for the requests of two users")
		}
		if got, err := t.store.ConfirmEmailChange(t.Context(), digest(1), now); err != nil || got.ID != a.ID || got.Email != "new-a@example.com" {
			t.Errorf("ConfirmEmailChange = %+v, %v", got, err)
		}
	},

	"AddressTakenMeanwhileIsRefused": func(t fixture) {
		u := t.create("old@example.com")
		t.request(u, "new@example.com", 1)
		other := t.create("NEW@example.com")
		t.wantConfirmation(1, now, kurs.ErrEmailTaken)
		t.wantUser(u)
		t.wantUser(other)
	},

	"DeletedUserConfirmsNothing": func(t fixture) {
		u := t.create("old@example.com")
		t.request(u, "new@example.com", 1)
		if err := t.store.DeleteUser(t.Context(), u.ID); err != nil {
			t.Fatal(err)
		}
		t.wantConfirmation(1, now, kurs.ErrConfirmationFailed)
		t.wantNoAddress("new@example.com")
	},

	"OwnAddressInAnotherCaseIsConfirmed": func(t fixture) {
		u := t.create("max@example.com")
		t.request(u, "Max@Example.com", 1)
		got, err := t.store.ConfirmEmailChange(t.Context(), digest(1), now)
		if err != nil || got.Email != "Max@Example.com" {
			t.Errorf("ConfirmEmailChange = %+v, %v", got, err)
		}
	},
}
