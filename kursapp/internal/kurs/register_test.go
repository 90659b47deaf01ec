package kurs_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

var maxRegisters = kurs.Registration{
	Name: " Max ", Email: " Max@example.com ", Password: " correct horse ", ClientPrefix: "192.0.2.1",
}

// wantNobody fails when there is any account.
func (w *world) wantNobody(t *testing.T) {
	t.Helper()
	if users, err := w.store.Store.Users(t.Context(), 0, 10); err != nil || len(users) != 0 {
		t.Errorf("accounts: %v, %v; want none", users, err)
	}
	w.wantMails(t)
}

// wantMails fails unless these are the mails since the last time it was asked.
func (w *world) wantMails(t *testing.T, want ...string) {
	t.Helper()
	if mails := w.mails(t); !slices.Equal(mails, want) {
		t.Errorf("welcome mails: %q; want %q", mails, want)
	}
}

// greeted is what maxRegisters causes.
const greeted = `"Max \u003cMax@example.com\u003e"`

func TestRegister(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	got, err := w.accounts.Register(t.Context(), maxRegisters)
	if want := (kurs.User{ID: 1, Name: "Max", Email: "Max@example.com"}); err != nil || got != want {
		t.Fatalf("got %+v, %v; want %+v", got, err, want)
	}
	w.wantDerivations(t, 1)
	account, err := w.store.Account(t.Context(), got.ID)
	if err != nil || account.Role != kurs.RoleUser || !strings.HasPrefix(account.PasswordHash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("account: role %q, hash %.30s, %v", account.Role, account.PasswordHash, err)
	}
	w.wantMails(t, greeted)
	for password, ok := range map[string]bool{" correct horse ": true, "correct horse": false} {
		_, err := w.accounts.Login(t.Context(), kurs.Login{Email: "max@example.com", Password: password, ClientPrefix: "192.0.2.1"})
		if (err == nil) != ok {
			t.Errorf("login with %q: %v", password, err)
		}
	}
}

func TestRegisterRefusesInvalidFields(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	for field, change := range map[string]func(*kurs.Registration){
		"name":     func(r *kurs.Registration) { r.Name = "" },
		"email":    func(r *kurs.Registration) { r.Email = "max" },
		"password": func(r *kurs.Registration) { r.Password = "1234567" },
	} {
		r := maxRegisters
		change(&r)
		_, err := w.accounts.Register(t.Context(), r)
		wantCode(t, err, kurs.CodeInvalid)
		var e *kurs.Error
		if !errors.As(err, &e) || e.Field != field {
			t.Errorf("got field %q, want %q", e.Field, field)
		}
	}
	w.wantNobody(t)
	w.wantDerivations(t, 0)
	if keys := w.keysWith(t, "rate:"); len(keys) != 0 {
		t.Errorf("a form that was not even valid was charged: %v", keys)
	}
}

func TestRegisterRefusesATakenAddress(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.add(t, "Max", kurs.RoleUser)
	_, err := w.accounts.Register(t.Context(), maxRegisters) // in other case
	wantCode(t, err, kurs.CodeEmailTaken)
	w.wantDerivations(t, 0)
	w.wantMails(t)
}

// TestRegisterLosesTheRaceForAnAddress has somebody else take the address
// after the first look.
func TestRegisterLosesTheRaceForAnAddress(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.store.afterAccountByEmail = func() { w.add(t, "Max", kurs.RoleUser) }
	_, err := w.accounts.Register(t.Context(), maxRegisters)
	wantCode(t, err, kurs.CodeEmailTaken)
	w.wantMails(t)
}

func TestRegistrationsOfOneClientAreLimited(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	for i := range 20 {
		r := maxRegisters
		r.Email = string(rune('a'+i)) + "@example.com"
		if _, err := w.accounts.Register(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	w.wantDerivations(t, 20)
	_, err := w.accounts.Register(t.Context(), maxRegisters)
	wantCode(t, err, kurs.CodeRateLimited)
	w.wantDerivations(t, 0)
	r := maxRegisters
	r.ClientPrefix = "192.0.2.2"
	if _, err := w.accounts.Register(t.Context(), r); err != nil {
		t.Errorf("another client: %v", err)
	}
}

func TestRegisterWithoutRedisCreatesNothing(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.redis.Kill(t)
	_, err := w.accounts.Register(t.Context(), maxRegisters)
	wantCode(t, err, kurs.CodeUnavailable)
	w.wantNobody(t)
	w.wantDerivations(t, 0)
}

func TestRegisterWithoutDatabase(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.store.down.Store(true)
	_, err := w.accounts.Register(t.Context(), maxRegisters)
	wantCode(t, err, kurs.CodeUnavailable)
	w.wantNobody(t)
	w.wantDerivations(t, 0)
}

func TestRegisterWhoseCommitFails(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.store.failCommit.Store(true)
	_, err := w.accounts.Register(t.Context(), maxRegisters)
	wantCode(t, err, kurs.CodeUnavailable)
	if !errors.Is(err, errInjected) {
		t.Errorf("the cause is not there for the log: %v", err)
	}
	w.wantNobody(t)
}

// TestRegisterWhileRedisGoesAway: once the limiter has admitted it, a registration
// needs no Redis.
func TestRegisterWhileRedisGoesAway(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.store.afterAccountByEmail = func() { w.redis.Kill(t) }
	got, err := w.accounts.Register(t.Context(), maxRegisters)
	if err != nil || got != w.stored(t, 1) {
		t.Errorf("got %+v, %v; want the account", got, err)
	}
	w.wantMails(t, greeted)
}

// TestRegisterWhoseCommitAnswerWasLost: the account is there, and it is this
// one.
func TestRegisterWhoseCommitAnswerWasLost(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.store.lostAnswer.Store(true)
	got, err := w.accounts.Register(t.Context(), maxRegisters)
	if err != nil || got != w.stored(t, 1) {
		t.Errorf("got %+v, %v; want the account", got, err)
	}
	w.wantMails(t, greeted)
}

// TestRegisterThatNobodyCanAskAbout loses the database in the commit, for
// longer. The account may be there, and then its mail is.
func TestRegisterThatNobodyCanAskAbout(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.store.lostAnswer.Store(true)
	w.store.lostForGood.Store(true)
	_, err := w.accounts.Register(t.Context(), maxRegisters)
	wantCode(t, err, kurs.CodeUnavailable)
	if u := w.stored(t, 1); u.Name != "Max" {
		t.Errorf("stored %+v", u)
	}
	w.wantMails(t, greeted)
}

// TestFailedRegistrationThatLostItsAddress: the commit fails, and before
// anybody asks somebody else has registered the address.
func TestFailedRegistrationThatLostItsAddress(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.store.failCommit.Store(true)
	w.store.afterCreate = func() {
		w.store.failCommit.Store(false)
		w.add(t, "Max", kurs.RoleUser)
	}
	_, err := w.accounts.Register(t.Context(), maxRegisters)
	wantCode(t, err, kurs.CodeUnavailable)
	w.wantMails(t)
}
