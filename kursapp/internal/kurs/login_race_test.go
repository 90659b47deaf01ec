package kurs_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// changePassword does what a password change does: it stores the new hash,
// then ends all sessions that began before.
func (w *world) changePassword(t *testing.T, u kurs.User, next string) {
	t.Helper()
	account, err := w.store.Store.Account(t.Context(), u.ID)
	if err != nil {
		t.Error(err)
		return
	}
	hash, err := newHasher(t, kurs.HasherOptions{Params: cheap}).Hash(t.Context(), next)
	if err != nil {
		t.Error(err)
		return
	}
	if ok, err := w.store.Store.ChangePassword(t.Context(), u.ID, account.PasswordHash, hash); err != nil || !ok {
		t.Errorf("change password: %v, %v", ok, err)
		return
	}
	w.advance(t, u)
}

// advance tells Redis the version that the database has.
func (w *world) advance(t *testing.T, u kurs.User) {
	t.Helper()
	versions, err := w.store.Store.CredentialsVersions(t.Context(), []int64{u.ID})
	if err == nil {
		err = w.sessions.Advance(t.Context(), u.ID, versions[u.ID])
	}
	if err != nil {
		t.Error(err)
	}
}

// settle has the next login look at the account once, as most do.
func (w *world) settle(t *testing.T, u kurs.User) {
	t.Helper()
	if _, err := w.sessions.Epoch(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	w.advance(t, u)
}

func TestPasswordChangeBeforeTheHashIsRead(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	w.store.afterAccountByEmail = func() { w.changePassword(t, user, "the-new-password") }
	_, err := w.accounts.Login(t.Context(), loginOf(user))
	wantCode(t, err, kurs.CodeBadCredentials)
}

func TestPasswordChangeAfterTheHashWasRead(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	w.store.afterAccount = func() { w.changePassword(t, user, "the-new-password") }
	s, err := w.accounts.Login(t.Context(), loginOf(user))
	if err != nil {
		return // as good
	}
	_, err = w.accounts.Authenticate(t.Context(), s.Token)
	wantCode(t, err, kurs.CodeSessionInvalid)
}

// TestUserDeletedDuringLogin hits the same two gaps with a deletion.
func TestUserDeletedDuringLogin(t *testing.T) {
	t.Parallel()
	for name, hook := range map[string]func(*faultyStore, func()){
		"before the hash is read": func(s *faultyStore, f func()) { s.afterAccountByEmail = f },
		"after the hash was read": func(s *faultyStore, f func()) { s.afterAccount = f },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newProduction(t)
			user := w.add(t, "Max", kurs.RoleUser)
			w.settle(t, user)
			hook(w.store, func() {
				if err := w.users.Delete(t.Context(), asUser(user), user.ID); err != nil {
					t.Error(err)
				}
			})
			s, err := w.accounts.Login(t.Context(), loginOf(user))
			if err != nil {
				wantCode(t, err, kurs.CodeBadCredentials)
				w.wantDerivations(t, 1)
				return
			}
			_, err = w.accounts.Authenticate(t.Context(), s.Token)
			wantCode(t, err, kurs.CodeSessionInvalid)
		})
	}
}

// TestOldPasswordIsWorthNothingAfterAChange races logins with the old
// password against a change, many times: once the change is through, no
// session that they began is alive.
func TestOldPasswordIsWorthNothingAfterAChange(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	for round := range 100 {
		user := w.add(t, "Max"+strconv.Itoa(round), kurs.RoleUser)
		l := loginOf(user)
		l.ClientPrefix = "192.0.2." + strconv.Itoa(round)
		var mu sync.Mutex
		var tokens []string
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				s, err := w.accounts.Login(t.Context(), l)
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					tokens = append(tokens, s.Token)
				}
			})
		}
		wg.Go(func() { w.changePassword(t, user, "the-new-password") })
		wg.Wait()
		for _, token := range tokens {
			_, err := w.accounts.Authenticate(t.Context(), token)
			wantCode(t, err, kurs.CodeSessionInvalid)
		}
	}
}

// TestRehashDoesNotUndoAPasswordChange has the password changed while the
// login that proved the old one is about to replace its hash.
func TestRehashDoesNotUndoAPasswordChange(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	old, err := newHasher(t, kurs.HasherOptions{Params: kurs.Params{MemoryKiB: 128, Time: 1}}).Hash(t.Context(), password("Max"))
	if err != nil {
		t.Fatal(err)
	}
	user := w.addWithHash(t, "Max", kurs.RoleUser, old)
	w.settle(t, user)
	w.store.afterAccount = func() { w.changePassword(t, user, "the-new-password") }
	if _, err := w.accounts.Login(t.Context(), loginOf(user)); err != nil {
		t.Fatal(err)
	}
	_, err = w.accounts.Login(t.Context(), loginOf(user))
	wantCode(t, err, kurs.CodeBadCredentials)
	l := loginOf(user)
	l.Password = "the-new-password"
	if _, err := w.accounts.Login(t.Context(), l); err != nil {
		t.Errorf("the new password: %v", err)
	}
}
