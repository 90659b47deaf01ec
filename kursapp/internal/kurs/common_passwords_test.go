package kurs_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestCommonPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		"password", "12345678", "123456789", "1234567890", "password1", "qwertyuiop", "iloveyou", "baseball", "football",
		"sunshine", "princess", "starwars", "superman", "trustno1", "Passw0rd", "PASSWORD", "qwerty123", "11111111",
	} {
		_, err := kurs.ValidatePassword(password)
		e, _ := errors.AsType[*kurs.Error](err)
		if e == nil || e.Code != kurs.CodeInvalid || e.Field != kurs.FieldPassword || e.Rule != kurs.RuleTooCommon {
			t.Errorf("%s: %v", password, err)
		}
	}
	for _, password := range []string{
		"password of mine", "lang genug", "correct horse battery", "Straßenbahnhaltestelle", "пароль-пароль", " password",
		strings.Repeat("p", 128),
	} {
		if got, err := kurs.ValidatePassword(password); err != nil || got != password {
			t.Errorf("%s: %q, %v", password, got, err)
		}
	}
}

func TestNamesOfTheServiceAreNoPasswords(t *testing.T) {
	t.Parallel()
	for password, refused := range map[string]bool{
		"kursapp1": true, "KursApp2026!": true, "speedlayer": true, "my-SpeedLayer": true,
		"kursappkursapp": true, "1234kursapp567": true, "kursapp-speedlayer-x": true,
		"kursapp1234567": true, "kursapp12345678": false, "kurs-app-1234": false, "a speedlayer of butter": false,
	} {
		_, err := kurs.ValidatePassword(password)
		if e, ok := errors.AsType[*kurs.Error](err); (ok && e.Rule == kurs.RuleTooCommon) != refused || (err != nil) != refused {
			t.Errorf("%q: %v, want refused: %v", password, err, refused)
		}
	}
}

// The promise is of the 3,000 most common that have the length.
func TestThereAreEnoughCommonPasswords(t *testing.T) {
	t.Parallel()
	common := kurs.CommonPasswords()
	if len(common) < 3000 {
		t.Errorf("%d common passwords, want at least 3,000", len(common))
	}
	for password := range common {
		if _, err := kurs.ValidatePassword(password); err == nil {
			t.Errorf("%s is allowed", password)
		}
	}
	t.Logf("%d common passwords of 8 characters or more", len(common))
}

func TestCommonPasswordsAreRefusedWhereverOneIsChosen(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	actor := w.authenticate(t, w.login(t, user).Token)
	w.derivations.Store(0)
	_, register := w.accounts.Register(t.Context(), kurs.Registration{Name: "A", Email: "a@example.com", Password: "password1", ClientPrefix: "x"})
	_, change := w.accounts.ChangePassword(t.Context(), actor, kurs.PasswordChange{Old: password("Max"), New: "password1", ClientPrefix: "x"})
	reset := w.accounts.ResetPassword(t.Context(), kurs.NewPassword{Token: w.beginReset(t, user.ID), Password: "password1", ClientPrefix: "x"})
	for field, err := range map[string]error{"password": register, "new_password": change, "password ": reset} {
		e, _ := errors.AsType[*kurs.Error](err)
		if e == nil || e.Rule != kurs.RuleTooCommon || e.Field != strings.TrimSpace(field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	w.wantDerivations(t, 0)
}

// A passphrase is used whole, to its last character, whatever that takes in bytes.
func TestLongPassphraseIsNotCut(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	long := strings.Repeat("ü", 127)
	if err := w.accounts.ResetPassword(t.Context(), kurs.NewPassword{Token: w.beginReset(t, user.ID), Password: long + "a", ClientPrefix: "x"}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.loginWith(t, user, long+"b"), kurs.CodeBadCredentials)
	wantCode(t, w.loginWith(t, user, long), kurs.CodeBadCredentials)
	if err := w.loginWith(t, user, long+"a"); err != nil {
		t.Error(err)
	}
}
