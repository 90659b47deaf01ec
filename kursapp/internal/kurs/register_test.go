package kurs_test

import (
	"context"
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
	if mails := w.welcome.all(); len(mails) != 0 {
		t.Errorf("welcome mails: %v; want none", mails)
	}
}

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
	if mails := w.welcome.all(); !slices.Equal(mails, []kurs.User{got}) {
		t.Errorf("welcome mails: %v; want one to %v", mails, got)
	}
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
	if mails := w.welcome.all(); len(mails) != 0 {
		t.Errorf("welcome mails: %v", mails)
	}
}

// TestRegisterLosesTheRaceForAnAddress has somebody else take the address
// after the first look.
func TestRegisterLosesTheRaceForAnAddress(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.store.afterAccountByEmail = func() { w.add(t, "Max", kurs.RoleUser) }
	_, err := w.accounts.Register(t.Context(), maxRegisters)
	wantCode(t, err, kurs.CodeEmailTaken)
	if mails := w.welcome.all(); len(mails) != 0 {
		t.Errorf("welcome mails: %v", mails)
	}
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

func TestAccountAndWelcomeMailComeTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(*world){
		"the mail cannot be queued":                   func(w *world) { w.welcome.refuse = errInjected },
		"the mail was queued, and the answer is lost": func(w *world) { w.welcome.refuse, w.welcome.storeAnyhow = errInjected, true },
		"the commit fails":                            func(w *world) { w.store.failCommit.Store(true) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newProduction(t)
			breakIt(w)
			_, err := w.accounts.Register(t.Context(), maxRegisters)
			wantCode(t, err, kurs.CodeUnavailable)
			if !errors.Is(err, errInjected) {
				t.Errorf("the cause is not there for the log: %v", err)
			}
			w.wantNobody(t)
		})
	}
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
	if mails := w.welcome.all(); !slices.Equal(mails, []kurs.User{got}) {
		t.Errorf("welcome mails: %v; want one", mails)
	}
}

// TestRegisterThatNobodyCanAskAbout loses the database in the commit, for
// longer. The account may be there, so its mail must not be taken back.
func TestRegisterThatNobodyCanAskAbout(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.store.lostAnswer.Store(true)
	w.store.lostForGood.Store(true)
	_, err := w.accounts.Register(t.Context(), maxRegisters)
	wantCode(t, err, kurs.CodeUnavailable)
	if mails := w.welcome.all(); !slices.Equal(mails, []kurs.User{w.stored(t, 1)}) {
		t.Errorf("welcome mails: %v; want one", mails)
	}
}

// TestMailThatWasRefusedIsTakenBackWithoutTheDatabase: the transaction was
// rolled back, so that nobody need ask.
func TestMailThatWasRefusedIsTakenBackWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.welcome.refuse, w.welcome.storeAnyhow = errInjected, true
	w.store.lostForGood.Store(true)
	_, err := w.accounts.Register(t.Context(), maxRegisters)
	wantCode(t, err, kurs.CodeUnavailable)
	w.wantNobody(t)
}

// TestFailedRegistrationThatLostItsAddressTakesTheMailBack: the commit fails, and before
// anybody asks somebody else has registered the address.
func TestFailedRegistrationThatLostItsAddressTakesTheMailBack(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.store.failCommit.Store(true)
	w.store.afterCreate = func() {
		w.store.failCommit.Store(false)
		w.add(t, "Max", kurs.RoleUser)
	}
	_, err := w.accounts.Register(t.Context(), maxRegisters)
	wantCode(t, err, kurs.CodeUnavailable)
	if mails := w.welcome.all(); len(mails) != 0 {
		t.Errorf("welcome mails: %v; want none", mails)
	}
}

func TestCancelledRegistrationTakesTheMailBack(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.welcome.afterEnqueue = cancel
	_, err := w.accounts.Register(ctx, maxRegisters)
	if err == nil {
		t.Fatal("no error")
	}
	w.wantNobody(t)
}
