package kurs_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

const another = "quite another password"

func changeOf(u kurs.User) kurs.PasswordChange {
	return kurs.PasswordChange{Old: password(u.Name), New: another, ClientPrefix: "192.0.2.1", UserAgent: "curl/8"}
}

// loginWith tries to log in with a password.
func (w *world) loginWith(t *testing.T, u kurs.User, password string) error {
	t.Helper()
	l := loginOf(u)
	l.Password = password
	_, err := w.accounts.Login(t.Context(), l)
	return err
}

func (w *world) wantEnded(t *testing.T, token string) {
	t.Helper()
	_, err := w.accounts.Authenticate(t.Context(), token)
	wantCode(t, err, kurs.CodeSessionInvalid)
}

func TestPasswordChangeEndsAllSessionsAndBeginsOne(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user, other := w.add(t, "Max", kurs.RoleUser), w.add(t, "Ada", kurs.RoleUser)
	s, elsewhere, others := w.login(t, user), w.login(t, user), w.login(t, other)
	result, err := w.accounts.ChangePassword(t.Context(), w.authenticate(t, s.Token), changeOf(user))
	if err != nil || result.User != user || len(result.Token) < 32 {
		t.Fatalf("ChangePassword = %+v, %v", result.User, err)
	}
	if actor := w.authenticate(t, result.Token); actor.UserID != user.ID || actor.Session.Data.UserAgent != "curl/8" {
		t.Errorf("the new session is of %d: %+v", actor.UserID, actor.Session.Data)
	}
	w.wantEnded(t, s.Token)
	w.wantEnded(t, elsewhere.Token)
	w.authenticate(t, others.Token)
	wantCode(t, w.loginWith(t, user, password("Max")), kurs.CodeBadCredentials)
	if err := w.loginWith(t, user, another); err != nil {
		t.Error(err)
	}
	if got := w.mails(t); !slices.Equal(got, []string{`"changed Max \u003cmax@example.com\u003e"`}) {
		t.Errorf("mails %q", got)
	}
}

func TestPasswordChangeRefuses(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	s := w.login(t, user)
	actor := w.authenticate(t, s.Token)
	w.wantDerivations(t, 1)
	for _, c := range []struct {
		name        string
		actor       kurs.Actor
		old, next   string
		code        kurs.Code
		field       string
		rule        kurs.Rule
		derivations int64
	}{
		{"anonymous", kurs.Actor{Anonymous: true}, password("Max"), another, kurs.CodeNoToken, "", "", 0},
		{"anonymous in the demo", kurs.Actor{Anonymous: true, Demo: true}, password("Max"), another, kurs.CodeNoToken, "", "", 0},
		{"too short", actor, password("Max"), "short", kurs.CodeInvalid, "new_password", kurs.RuleTooShort, 0},
		{"no new one", actor, password("Max"), "", kurs.CodeInvalid, "new_password", kurs.RuleRequired, 0},
		{"wrong old one", actor, password("Ada"), another, kurs.CodeInvalid, "old_password", kurs.RuleWrong, 1},
		{"no old one", actor, "", another, kurs.CodeInvalid, "old_password", kurs.RuleWrong, 0},
		{"endless old one", actor, strings.Repeat("x", 1<<20), another, kurs.CodeInvalid, "old_password", kurs.RuleWrong, 0},
		{"user who is gone", kurs.Actor{UserID: 99, Role: kurs.RoleUser}, password("Max"), another, kurs.CodeSessionInvalid, "", "", 0},
	} {
		result, err := w.accounts.ChangePassword(t.Context(), c.actor, kurs.PasswordChange{Old: c.old, New: c.next, ClientPrefix: c.name})
		e, _ := errors.AsType[*kurs.Error](err)
		if e == nil || e.Code != c.code || e.Field != c.field || e.Rule != c.rule || result.Token != "" {
			t.Errorf("%s: %v", c.name, err)
		}
		w.wantDerivations(t, c.derivations)
	}
	w.authenticate(t, s.Token)
	if err := w.loginWith(t, user, password("Max")); err != nil {
		t.Error(err)
	}
	if got := w.mails(t); len(got) != 0 {
		t.Errorf("mails %q", got)
	}
}

func TestGuessesAtTheOldPasswordShareTheLimitOfLogins(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	actor := w.authenticate(t, w.login(t, user).Token)
	guess := changeOf(user)
	guess.Old = "wrong"
	for n := range 10 {
		guess.ClientPrefix = "198.51.100." + string(rune('0'+n))
		_, err := w.accounts.ChangePassword(t.Context(), actor, guess)
		wantCode(t, err, kurs.CodeInvalid)
	}
	w.derivations.Store(0)
	_, err := w.accounts.ChangePassword(t.Context(), actor, changeOf(user))
	wantCode(t, err, kurs.CodeRateLimited)
	wantCode(t, w.loginWith(t, user, password("Max")), kurs.CodeRateLimited)
	w.wantDerivations(t, 0)
}

func TestPasswordChangesThatSucceedUseUpNothing(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	result := w.login(t, user)
	c := changeOf(user)
	for range 12 {
		var err error
		if result, err = w.accounts.ChangePassword(t.Context(), w.authenticate(t, result.Token), c); err != nil {
			t.Fatal(err)
		}
		c.Old, c.New = c.New, c.Old
	}
}

func TestPasswordChangeWithoutRedisChangesNothing(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	actor := w.authenticate(t, w.login(t, user).Token)
	w.redis.Kill(t)
	w.derivations.Store(0)
	_, err := w.accounts.ChangePassword(t.Context(), actor, changeOf(user))
	wantCode(t, err, kurs.CodeUnavailable)
	w.wantDerivations(t, 0)
	if got := w.mails(t); len(got) != 0 {
		t.Errorf("mails %q", got)
	}
}

func TestLostAnswersToPasswordChangesAreFoundOut(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	s := w.login(t, user)
	actor := w.authenticate(t, s.Token)
	w.store.failCommit.Store(true)
	_, err := w.accounts.ChangePassword(t.Context(), actor, changeOf(user))
	wantCode(t, err, kurs.CodeUnavailable)
	w.authenticate(t, s.Token) // it did not take place
	w.store.failCommit.Store(false)
	w.store.lostAnswer.Store(true)
	result, err := w.accounts.ChangePassword(t.Context(), actor, changeOf(user))
	if err != nil {
		t.Fatal(err)
	}
	w.authenticate(t, result.Token)
	w.wantEnded(t, s.Token)
}

// A login that stores a better hash of the old password does not stand in the way.
func TestRehashInTheMiddleOfAPasswordChange(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	actor := w.authenticate(t, w.login(t, user).Token)
	w.store.beforePassword = func() { w.rehash(t, user, password("Max")) }
	if _, err := w.accounts.ChangePassword(t.Context(), actor, changeOf(user)); err != nil {
		t.Fatal(err)
	}
	if err := w.loginWith(t, user, another); err != nil {
		t.Error(err)
	}
}

// rehash stores another hash of a password past the service, as a login does.
func (w *world) rehash(t *testing.T, u kurs.User, password string) {
	t.Helper()
	account, err := w.store.Store.Account(t.Context(), u.ID)
	if err != nil {
		t.Error(err)
		return
	}
	hash, err := newHasher(t, kurs.HasherOptions{Params: cheap}).Hash(t.Context(), password)
	if err != nil {
		t.Error(err)
		return
	}
	if _, err := w.store.ReplacePasswordHash(t.Context(), u.ID, account.PasswordHash, hash); err != nil {
		t.Error(err)
	}
}

func TestOfTwoPasswordChangesOneTakesPlace(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	actor := w.authenticate(t, w.login(t, user).Token)
	w.store.beforePassword = func() {
		if _, err := w.accounts.ChangePassword(t.Context(), actor, kurs.PasswordChange{Old: password("Max"), New: "the first of two", ClientPrefix: "x"}); err != nil {
			t.Error(err)
		}
	}
	_, err := w.accounts.ChangePassword(t.Context(), actor, changeOf(user))
	wantCode(t, err, kurs.CodeInvalid) // the old one is wrong by now
	if err := w.loginWith(t, user, "the first of two"); err != nil {
		t.Error(err)
	}
}

// The password is changed once more after the commit and before the session begins:
// that session must not outlive the second change.
func TestPasswordChangedOnceMoreMeanwhile(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	actor := w.authenticate(t, w.login(t, user).Token)
	w.store.afterPassword = func() {
		_, err := w.accounts.ChangePassword(t.Context(), actor, kurs.PasswordChange{Old: another, New: "the second of two", ClientPrefix: "x"})
		if err != nil {
			t.Error(err)
		}
	}
	result, err := w.accounts.ChangePassword(t.Context(), actor, changeOf(user))
	if err == nil {
		w.wantEnded(t, result.Token)
	} else {
		wantCode(t, err, kurs.CodeSessionInvalid)
	}
}
