package kurs_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func (w *world) beginEmailChange(t *testing.T, id int64, email string) string {
	t.Helper()
	token, err := w.accounts.BeginEmailChange(t.Context(), id, email)
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
	_, err := w.accounts.BeginEmailChange(t.Context(), user.ID, "nonsense")
	wantCode(t, err, kurs.CodeInvalid)
	_, err = w.accounts.BeginEmailChange(t.Context(), 99, "moritz@example.org")
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
