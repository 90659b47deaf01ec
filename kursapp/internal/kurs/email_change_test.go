package kurs_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func (w *world) beginEmailChange(t *testing.T, id int64, email string) string {
	t.Helper()
	account, err := w.store.Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	token, err := w.accounts.BeginEmailChange(t.Context(), id, email, account.CredentialsVersion)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestConfirmedAddressIsInForceEverywhere(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	s := w.login(t, user)
	w.get(t, user.ID)
	token := w.beginEmailChange(t, user.ID, "Moritz@example.org")
	if got := w.get(t, user.ID).Value; got != user {
		t.Errorf("before the confirmation: %+v, want %+v", got, user)
	}

	want := kurs.User{ID: user.ID, Name: "Max", Email: "Moritz@example.org"}
	got, err := w.accounts.ConfirmEmail(t.Context(), token)
	if err != nil || got != want {
		t.Fatalf("got %+v, %v; want %+v", got, err, want)
	}
	if read := w.get(t, user.ID).Value; read != want {
		t.Errorf("the next read: %+v, want %+v", read, want)
	}
	if profile, err := w.accounts.Profile(t.Context(), w.authenticate(t, s.Token)); err != nil || profile.Value != want {
		t.Errorf("profile: %+v, %v; want %+v", profile.Value, err, want)
	}
	_, err = w.accounts.ConfirmEmail(t.Context(), token)
	wantCode(t, err, kurs.CodeConfirmationFailed) // it works once
	_, err = w.accounts.Login(t.Context(), loginOf(user))
	wantCode(t, err, kurs.CodeBadCredentials) // the old address
	user.Email = want.Email
	w.login(t, user)
}

// A thief of a session asks for an address of its own. The owner notices and changes the
// password, or resets it: whatever the thief asked for before is void, wherever it is.
func TestNewPasswordVoidsAddressesThatWait(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*testing.T, *world, kurs.User){
		"changed": func(t *testing.T, w *world, u kurs.User) { t.Helper(); w.changePassword(t, u, another) },
		"reset": func(t *testing.T, w *world, u kurs.User) {
			t.Helper()
			if err := w.accounts.ResetPassword(t.Context(), resetWith(w.beginReset(t, u.ID))); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newProduction(t)
			user := w.add(t, "Max", kurs.RoleUser)
			thief := w.authenticate(t, w.login(t, user).Token)
			if _, err := w.users.Update(t.Context(), thief, user.ID, user.Name, "thief@example.com"); err != nil {
				t.Fatal(err)
			}
			version := w.confirm.version
			mailed := w.beginEmailChange(t, user.ID, "thief@example.com")
			change(t, w, user)

			_, err := w.accounts.ConfirmEmail(t.Context(), mailed)
			wantCode(t, err, kurs.CodeConfirmationFailed)
			// The task was still on its way.
			token, err := w.accounts.BeginEmailChange(t.Context(), user.ID, "thief@example.com", version)
			if wantCode(t, err, kurs.CodeConfirmationFailed); token != "" {
				t.Error("a token all the same")
			}
			// The request was let in before, and goes on now.
			_, err = w.users.Update(t.Context(), thief, user.ID, "Thief", "thief@example.com")
			wantCode(t, err, kurs.CodeSessionInvalid)
			if got := w.confirm.all(); len(got) != 1 {
				t.Errorf("mails to %+v", got)
			}
			if got := w.get(t, user.ID).Value; got != user {
				t.Errorf("the user is %+v, want %+v", got, user)
			}
		})
	}
}

// Nobody needs a session for it, and each code is a look into the database.
func TestCodesOfOneClientAreLimited(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	token := w.beginEmailChange(t, user.ID, "moritz@example.org")
	from := func(address string) context.Context {
		return kurs.WithOrigin(t.Context(), kurs.Origin{ClientAddress: address})
	}
	for range 20 {
		_, err := w.accounts.ConfirmEmail(from("192.0.2.1"), unknownToken)
		wantCode(t, err, kurs.CodeConfirmationFailed)
	}
	_, err := w.accounts.ConfirmEmail(from("192.0.2.1"), token)
	wantCode(t, err, kurs.CodeRateLimited)
	if _, err := w.accounts.ConfirmEmail(from("192.0.2.2"), token); err != nil {
		t.Error(err)
	}
}

func TestConfirmEmailRefuses(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	replaced := w.beginEmailChange(t, user.ID, "first@example.org")
	token := w.beginEmailChange(t, user.ID, "second@example.org")
	for name, wrong := range map[string]string{
		"empty":                        "",
		"unknown":                      unknownToken,
		"replaced by a later request":  replaced,
		"other case":                   strings.ToLower(token),
		"too long":                     strings.Repeat("A", 1<<20),
		"what stands in the database?": "\x00' OR '1'='1",
	} {
		_, err := w.accounts.ConfirmEmail(t.Context(), wrong)
		if kurs.CodeOf(err) != kurs.CodeConfirmationFailed {
			t.Errorf("%s: %v", name, err)
		}
	}
	late := w.clock.Load().Add(24*time.Hour + time.Second)
	w.clock.Store(&late)
	_, err := w.accounts.ConfirmEmail(t.Context(), token)
	wantCode(t, err, kurs.CodeConfirmationFailed)
	if got := w.stored(t, user.ID); got != user {
		t.Errorf("stored is %+v, want %+v", got, user)
	}
}

func TestConfirmationWorksUntilItsLastSecond(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	token := w.beginEmailChange(t, user.ID, "moritz@example.org")
	last := w.clock.Load().Add(24*time.Hour - time.Second)
	w.clock.Store(&last)
	if _, err := w.accounts.ConfirmEmail(t.Context(), token); err != nil {
		t.Error(err)
	}
}

func TestAddressTakenMeanwhile(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	token := w.beginEmailChange(t, user.ID, "ADA@example.com")
	w.add(t, "Ada", kurs.RoleUser)
	_, err := w.accounts.ConfirmEmail(t.Context(), token)
	wantCode(t, err, kurs.CodeEmailTaken)
	if got := w.stored(t, user.ID); got != user {
		t.Errorf("stored is %+v, want %+v", got, user)
	}
}

func TestBeginEmailChangeRefuses(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	_, err := w.accounts.BeginEmailChange(t.Context(), user.ID, "nonsense", 0)
	wantCode(t, err, kurs.CodeInvalid)
	_, err = w.accounts.BeginEmailChange(t.Context(), 99, "moritz@example.org", 0)
	wantCode(t, err, kurs.CodeUserNotFound)
}

func TestConfirmationTokenIsStoredNowhere(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	token := w.beginEmailChange(t, user.ID, "moritz@example.org")
	if len(token) < 26 {
		t.Errorf("a token of %d characters", len(token))
	}
	found := false
	for _, path := range []string{w.path, w.path + "-wal"} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(token)) {
			t.Errorf("%s holds the token", path)
		}
		found = found || bytes.Contains(content, []byte("moritz@example.org"))
	}
	if !found {
		t.Error("the test looked in the wrong place")
	}
	if keys := w.keys(t); len(keys) != 0 {
		t.Errorf("keys in Redis: %v", keys)
	}
}
