package httpapi

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

const changeBody = `{"old_password":"test123","new_password":" with spaces "}`

func TestPasswordChangeOfABrowserKeepsTheTokenInItsCookie(t *testing.T) {
	t.Parallel()
	w := newSite(t, Production).do(t, "PUT", "/profile/password", changeBody, "Cookie", "__Host-kursapp_session="+adminToken)
	const want = "__Host-kursapp_session=" + freshToken + "; Path=/; HttpOnly; Secure; SameSite=Lax"
	if got := w.Header().Values("Set-Cookie"); w.Code != http.StatusOK || len(got) != 1 || got[0] != want {
		t.Errorf("%d, Set-Cookie %q, want %q", w.Code, got, want)
	}
	if strings.Contains(w.Body.String(), "token") {
		t.Errorf("the body has the token: %s", w.Body)
	}
	w = newSite(t, Production).do(t, "PUT", "/profile/password", changeBody, "Authorization", asAdmin)
	if got, set := w.Header()["Set-Cookie"]; w.Code != http.StatusOK || set || !strings.Contains(w.Body.String(), freshToken) {
		t.Errorf("with a token: %d, Set-Cookie %q, %s", w.Code, got, w.Body)
	}
}

func TestPasswordRoutesPassOnWhatWasEntered(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	var change kurs.PasswordChange
	var actor kurs.Actor
	var forgot [2]string
	var reset kurs.NewPassword
	s.accounts.change = func(_ context.Context, a kurs.Actor, c kurs.PasswordChange) (kurs.LoginResult, error) {
		actor, change = a, c
		return kurs.LoginResult{Token: freshToken}, nil
	}
	s.accounts.forgot = func(_ context.Context, email, client string) error { forgot = [2]string{email, client}; return nil }
	s.accounts.reset = func(_ context.Context, n kurs.NewPassword) error { reset = n; return nil }
	s.do(t, "PUT", "/profile/password", changeBody, "Authorization", "Bearer "+userToken, "User-Agent", "curl/8")
	s.do(t, "POST", "/password-resets", `{"email":" Max@Example.com"}`)
	s.do(t, "POST", "/password-resets/confirmations", `{"token":"T","password":" p "}`)
	if want := (kurs.PasswordChange{Old: "test123", New: " with spaces ", ClientPrefix: "127.0.0.1", UserAgent: "curl/8"}); change != want || actor.UserID != 2 {
		t.Errorf("user %d, %+v, want %+v", actor.UserID, change, want)
	}
	if want := [2]string{" Max@Example.com", "127.0.0.1"}; forgot != want {
		t.Errorf("%q, want %q", forgot, want)
	}
	if want := (kurs.NewPassword{Token: "T", Password: " p ", ClientPrefix: "127.0.0.1"}); reset != want {
		t.Errorf("%+v, want %+v", reset, want)
	}
}
