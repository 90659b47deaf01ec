package test

import (
	"fmt"
	"strings"
	"testing"
)

// TestForgottenAndChangedPassword goes the way of a person, with the real binary, a
// mail server and PostgreSQL, and looks afterwards for what must be nowhere.
func TestForgottenAndChangedPassword(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	mails := newMailServer(t)
	p := start(t, append(prod.env, "SMTP_URL=smtp://"+mails.addr, "KURSAPP_LOG_LEVEL=debug"), "serve")
	const first, second, third = "the first passphrase", "the second passphrase", "the third passphrase"
	call := func(status int, method, path, body string, headers ...string) result {
		t.Helper()
		r := p.request(t, method, path, body, headers...)
		if r.status != status {
			t.Fatalf("%s %s: %d %s, want %d", method, path, r.status, r.body, status)
		}
		return r
	}
	token := func(r result) string {
		t.Helper()
		if len(r.field("token")) < 32 {
			t.Fatalf("no token in %s", r.body)
		}
		return r.field("token")
	}
	login := func(status int, password string) result {
		t.Helper()
		return call(status, "POST", "/login", fmt.Sprintf(`{"email":"zoe@example.com","password":%q}`, password))
	}
	bearer := func(token string) string { return "Authorization: Bearer " + token }

	call(201, "POST", "/users", fmt.Sprintf(`{"name":"Zoe","email":"zoe@example.com","password":%q}`, first))
	session, other := token(login(200, first)), token(login(200, first))
	fresh := token(call(200, "PUT", "/profile/password",
		fmt.Sprintf(`{"old_password":%q,"new_password":%q}`, first, second), bearer(session)))
	call(401, "GET", "/profile", "", bearer(session))
	call(401, "GET", "/profile", "", bearer(other))
	call(200, "GET", "/profile", "", bearer(fresh))
	login(401, first)
	mails.waitFor(t, "zoe@example.com", "Passwort deines Kontos bei kursapp wurde gerade geändert")

	unknown := call(202, "POST", "/password-resets", `{"email":"nobody@example.com"}`)
	known := call(202, "POST", "/password-resets", `{"email":"ZOE@example.com"}`)
	if known.body != unknown.body {
		t.Errorf("the answers differ: %s and %s", known.body, unknown.body)
	}
	code := findToken(mails.waitFor(t, "zoe@example.com", "30 Minuten"))
	if code == "" {
		t.Fatal("no code in the mail")
	}
	reset := fmt.Sprintf(`{"token":%q,"password":%q}`, code, third)
	call(200, "POST", "/password-resets/confirmations", reset)
	call(422, "POST", "/password-resets/confirmations", reset)
	call(401, "GET", "/profile", "", bearer(fresh))
	login(401, second)
	last := token(login(200, third))
	if got := mails.To("nobody@example.com"); len(got) != 0 {
		t.Errorf("nobody got %q", got)
	}
	// The audit log tells an administrator all of it.
	var audit string
	eventually(t, startTimeout, func() error {
		audit = p.request(t, "GET", "/audit?limit=100&user=3", "", p.login(t, adminEmail)).body
		if n := strings.Count(audit, `"login_succeeded"`); n != 3 {
			return fmt.Errorf("%d logins in %s, want 3", n, audit)
		}
		return nil
	})
	for action, want := range map[string]int{
		"registered": 1, "login_failed": 2, "password_changed": 2, "password_reset_requested": 1,
	} {
		if n := strings.Count(audit, `"`+action+`"`); n != want {
			t.Errorf("%d times %s in %s, want %d", n, action, audit, want)
		}
	}
	secrets := []string{first, second, third, code, session, other, fresh, last}
	wantNowhere(t, "the log", p.log.String(), secrets)
	wantNowhere(t, "the audit log", audit, append(secrets, "example.com", "Zoe"))
	wantNowhere(t, "Redis", dump(t, prod.redis), secrets)
}
