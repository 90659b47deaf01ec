package kurs_test

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestGuessesAtOneAccountAreLimitedBeforeHashing(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	for i := range 10 { // from many addresses, in many spellings
		email := user.Email
		if i%2 == 1 {
			email = " " + strings.ToUpper(email)
		}
		_, err := w.accounts.Login(t.Context(), kurs.Login{
			Email: email, Password: "guess", ClientPrefix: "192.0.2." + strconv.Itoa(i),
		})
		wantCode(t, err, kurs.CodeBadCredentials)
	}
	w.wantDerivations(t, 10)
	_, err := w.accounts.Login(t.Context(), loginOf(user)) // even with the right password
	wantCode(t, err, kurs.CodeRateLimited)
	w.wantDerivations(t, 0)
	other := w.add(t, "Ada", kurs.RoleUser)
	w.login(t, other)
}

// TestUnknownAccountIsLimitedLikeAnother: the limit must not tell which
// accounts exist either.
func TestUnknownAccountIsLimitedLikeAnother(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	l := kurs.Login{Email: "nobody@example.com", Password: "guess", ClientPrefix: "192.0.2.1"}
	for range 10 {
		_, err := w.accounts.Login(t.Context(), l)
		wantCode(t, err, kurs.CodeBadCredentials)
	}
	_, err := w.accounts.Login(t.Context(), l)
	wantCode(t, err, kurs.CodeRateLimited)
}

func TestGuessesOfOneClientAreLimitedBeforeHashing(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	for i := range 30 {
		_, err := w.accounts.Login(t.Context(), kurs.Login{
			Email: "user" + strconv.Itoa(i) + "@example.com", Password: "guess", ClientPrefix: "192.0.2.1",
		})
		wantCode(t, err, kurs.CodeBadCredentials)
	}
	w.wantDerivations(t, 30)
	_, err := w.accounts.Login(t.Context(), loginOf(user))
	wantCode(t, err, kurs.CodeRateLimited)
	w.wantDerivations(t, 0)

	// The refused attempts were not charged to the account.
	for range 20 {
		_, err := w.accounts.Login(t.Context(), loginOf(user))
		wantCode(t, err, kurs.CodeRateLimited)
	}
	l := loginOf(user)
	l.ClientPrefix = "192.0.2.2"
	if _, err := w.accounts.Login(t.Context(), l); err != nil {
		t.Errorf("from another address: %v", err)
	}
}

// TestDeniedAccountCostsTheClientNothing: an attempt at an account that is
// used up leaves the client its share for others.
func TestDeniedAccountCostsTheClientNothing(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user, ada := w.add(t, "Max", kurs.RoleUser), w.add(t, "Ada", kurs.RoleUser)
	for range 10 {
		_, err := w.accounts.Login(t.Context(), kurs.Login{Email: user.Email, Password: "guess", ClientPrefix: "192.0.2.1"})
		wantCode(t, err, kurs.CodeBadCredentials)
	}
	for range 40 {
		_, err := w.accounts.Login(t.Context(), loginOf(user))
		wantCode(t, err, kurs.CodeRateLimited)
	}
	w.login(t, ada)
}

func TestLoginThatSucceedsUsesUpNothing(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	wrong := loginOf(user)
	wrong.Password = "guess"
	for range 9 {
		_, err := w.accounts.Login(t.Context(), wrong)
		wantCode(t, err, kurs.CodeBadCredentials)
	}
	for range 40 {
		w.login(t, user)
	}
	// But it does not give the guesses back either.
	_, err := w.accounts.Login(t.Context(), wrong)
	wantCode(t, err, kurs.CodeBadCredentials)
	_, err = w.accounts.Login(t.Context(), wrong)
	wantCode(t, err, kurs.CodeRateLimited)
}

// TestConcurrentGuessesGetNotOneMore sends a burst of guesses at one account.
func TestConcurrentGuessesGetNotOneMore(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	var wg sync.WaitGroup
	var tried, limited atomic.Int64
	for i := range 60 {
		wg.Go(func() {
			_, err := w.accounts.Login(t.Context(), kurs.Login{
				Email: user.Email, Password: "guess", ClientPrefix: "192.0.2." + strconv.Itoa(i),
			})
			switch kurs.CodeOf(err) {
			case kurs.CodeBadCredentials:
				tried.Add(1)
			case kurs.CodeRateLimited:
				limited.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if tried.Load() != 10 || limited.Load() != 50 {
		t.Errorf("%d guesses were tried and %d refused; want 10 and 50", tried.Load(), limited.Load())
	}
	w.wantDerivations(t, 10)
}

// TestLoginThatWasNotTriedUsesUpNothing: a busy server is not the user's
// fault.
func TestLoginThatWasNotTriedUsesUpNothing(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	busy := newHasher(t, kurs.HasherOptions{Params: cheap, MaxConcurrent: 1, MaxWait: time.Millisecond})
	entered, release := make(chan struct{}), make(chan struct{})
	kurs.OnDerive(busy, func(uint32, uint32) { close(entered); <-release })
	var wg sync.WaitGroup
	wg.Go(func() { _ = busy.VerifyUnknown(t.Context(), "") })
	<-entered // the only slot is taken
	accounts := w.newAccounts(busy, false)
	for range 40 {
		_, err := accounts.Login(t.Context(), loginOf(user))
		wantCode(t, err, kurs.CodeUnavailable)
	}
	close(release)
	wg.Wait()
	w.login(t, user)
}
