package kurs_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func (w *world) beginReset(t *testing.T, id int64) string {
	t.Helper()
	_, token, err := w.accounts.BeginPasswordReset(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func resetWith(token string) kurs.NewPassword {
	return kurs.NewPassword{Token: token, Password: another, ClientPrefix: "192.0.2.1"}
}

func TestForgottenPasswordIsReplaced(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user, other := w.add(t, "Max", kurs.RoleUser), w.add(t, "Ada", kurs.RoleUser)
	s, others := w.login(t, user), w.login(t, other)
	if err := w.accounts.RequestPasswordReset(t.Context(), "MAX@example.com", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if got := w.mails(t); !slices.Equal(got, []string{`"forgotten 1"`}) {
		t.Errorf("mails %q", got)
	}
	to, token, err := w.accounts.BeginPasswordReset(t.Context(), user.ID)
	if err != nil || to != user || len(token) < 26 {
		t.Fatalf("BeginPasswordReset = %+v, %d characters, %v", to, len(token), err)
	}
	w.authenticate(t, s.Token) // to ask for it changes nothing
	if err := w.accounts.ResetPassword(t.Context(), resetWith(token)); err != nil {
		t.Fatal(err)
	}
	w.wantEnded(t, s.Token)
	w.authenticate(t, others.Token)
	wantCode(t, w.loginWith(t, user, password("Max")), kurs.CodeBadCredentials)
	if err := w.loginWith(t, user, another); err != nil {
		t.Error(err)
	}
	if got := w.mails(t); !slices.Equal(got, []string{`"changed Max \u003cmax@example.com\u003e"`}) {
		t.Errorf("mails %q", got)
	}
	wantCode(t, w.accounts.ResetPassword(t.Context(), resetWith(token)), kurs.CodeResetFailed) // it works once
}

func TestRequestForAnUnknownAddressDoesTheSameWork(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.add(t, "Max", kurs.RoleUser)
	cost := func(email string) (calls, trips int64, mails []string) {
		calls, trips = w.store.calls.Load(), w.client.calls.Load()
		if err := w.accounts.RequestPasswordReset(t.Context(), email, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		return w.store.calls.Load() - calls, w.client.calls.Load() - trips, w.mails(t)
	}
	cost("first@example.com") // loads scripts
	calls, trips, mails := cost("max@example.com")
	calls2, trips2, mails2 := cost("nobody@example.com")
	if calls != calls2 || trips != trips2 || len(mails) != len(mails2) {
		t.Errorf("known: %d calls, %d round trips, %q; unknown: %d, %d, %q", calls, trips, mails, calls2, trips2, mails2)
	}
	if !slices.Equal(mails2, []string{`"forgotten 0"`}) {
		t.Errorf("mails %q", mails2)
	}
	w.wantDerivations(t, 0)
}

func TestResetPasswordRefuses(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	replaced := w.beginReset(t, user.ID)
	token := w.beginReset(t, user.ID)
	for name, wrong := range map[string]string{
		"empty": "", "unknown": unknownToken, "replaced by a later request": replaced, "other case": strings.ToLower(token),
		"too long": strings.Repeat("A", 1<<20), "what stands in the database?": "\x00' OR '1'='1",
	} {
		if err := w.accounts.ResetPassword(t.Context(), resetWith(wrong)); kurs.CodeOf(err) != kurs.CodeResetFailed {
			t.Errorf("%s: %v", name, err)
		}
	}
	weak := resetWith(token)
	weak.Password = "short"
	wantCode(t, w.accounts.ResetPassword(t.Context(), weak), kurs.CodeInvalid)
	w.wantDerivations(t, 0) // none of them was worth a hash
	if err := w.loginWith(t, user, password("Max")); err != nil {
		t.Error(err)
	}
	if err := w.accounts.ResetPassword(t.Context(), resetWith(token)); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

func TestResetTokenWorksForHalfAnHour(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		age  time.Duration
		code kurs.Code
	}{{30*time.Minute - time.Second, ""}, {30*time.Minute + time.Second, kurs.CodeResetFailed}} {
		w := newProduction(t)
		token := w.beginReset(t, w.add(t, "Max", kurs.RoleUser).ID)
		later := w.clock.Load().Add(c.age)
		w.clock.Store(&later)
		if err := w.accounts.ResetPassword(t.Context(), resetWith(token)); kurs.CodeOf(err) != c.code {
			t.Errorf("after %v: %v, want %q", c.age, err, c.code)
		}
	}
}

func TestResetTokenIsVoidAfterOtherChanges(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, w *world, u kurs.User) error{
		"password change": func(t *testing.T, w *world, u kurs.User) error {
			t.Helper()
			_, err := w.accounts.ChangePassword(t.Context(), w.authenticate(t, w.login(t, u).Token), kurs.PasswordChange{Old: password("Max"), New: "yet another password", ClientPrefix: "x"})
			return err
		},
		"new address": func(t *testing.T, w *world, u kurs.User) error {
			t.Helper()
			_, err := w.users.Update(t.Context(), kurs.Actor{UserID: 9, Role: kurs.RoleAdmin}, u.ID, "Max", "new@example.com")
			return err
		},
		"deletion": func(t *testing.T, w *world, u kurs.User) error {
			t.Helper()
			return w.users.Delete(t.Context(), kurs.Actor{UserID: u.ID, Role: kurs.RoleUser}, u.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newProduction(t)
			user := w.add(t, "Max", kurs.RoleUser)
			token := w.beginReset(t, user.ID)
			if err := change(t, w, user); err != nil {
				t.Fatal(err)
			}
			wantCode(t, w.accounts.ResetPassword(t.Context(), resetWith(token)), kurs.CodeResetFailed)
		})
		t.Run(name+" at the last moment", func(t *testing.T) {
			t.Parallel()
			w := newProduction(t)
			user := w.add(t, "Max", kurs.RoleUser)
			token := w.beginReset(t, user.ID)
			w.store.beforePassword = func() {
				if err := change(t, w, user); err != nil {
					t.Error(err)
				}
			}
			wantCode(t, w.accounts.ResetPassword(t.Context(), resetWith(token)), kurs.CodeResetFailed)
		})
	}
}

func TestResetsAreLimited(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.add(t, "Max", kurs.RoleUser)
	for _, email := range []string{"max@example.com", "nobody@example.com"} { // alike
		for n := range 5 {
			if err := w.accounts.RequestPasswordReset(t.Context(), email, email+string(rune('0'+n))); err != nil {
				t.Fatal(err)
			}
		}
		wantCode(t, w.accounts.RequestPasswordReset(t.Context(), strings.ToUpper(email), "x"), kurs.CodeRateLimited)
	}
	for n := range 10 {
		if err := w.accounts.RequestPasswordReset(t.Context(), "user"+string(rune('0'+n))+"@example.com", "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, w.accounts.RequestPasswordReset(t.Context(), "more@example.com", "192.0.2.1"), kurs.CodeRateLimited)
	for range 20 {
		wantCode(t, w.accounts.ResetPassword(t.Context(), resetWith(unknownToken)), kurs.CodeResetFailed)
	}
	wantCode(t, w.accounts.ResetPassword(t.Context(), resetWith(unknownToken)), kurs.CodeRateLimited)
}

func TestResetWithoutRedisChangesNothing(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	token := w.beginReset(t, user.ID)
	w.redis.Kill(t)
	wantCode(t, w.accounts.RequestPasswordReset(t.Context(), user.Email, "192.0.2.1"), kurs.CodeUnavailable)
	wantCode(t, w.accounts.ResetPassword(t.Context(), resetWith(token)), kurs.CodeUnavailable)
	w.wantDerivations(t, 0)
	if got := w.mails(t); len(got) != 0 {
		t.Errorf("mails %q", got)
	}
}

func TestLostAnswersToResetsAreFoundOut(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	s, token := w.login(t, user), w.beginReset(t, user.ID)
	w.store.failCommit.Store(true)
	wantCode(t, w.accounts.ResetPassword(t.Context(), resetWith(token)), kurs.CodeUnavailable)
	w.authenticate(t, s.Token)
	w.store.failCommit.Store(false)
	w.store.lostAnswer.Store(true)
	if err := w.accounts.ResetPassword(t.Context(), resetWith(token)); err != nil {
		t.Fatal(err)
	}
	w.wantEnded(t, s.Token)
}

func TestResetTokenIsStoredNowhere(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	token := w.beginReset(t, user.ID)
	found := false
	for _, path := range []string{w.path, w.path + "-wal"} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(token)) {
			t.Errorf("%s holds the token", path)
		}
		found = found || bytes.Contains(content, []byte("password_resets"))
	}
	if !found {
		t.Error("the test looked in the wrong place")
	}
	if keys := w.keys(t); len(keys) != 0 {
		t.Errorf("keys in Redis: %v", keys)
	}
}
