package httpapi

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/ratelimit"
)

const asAdmin = "Bearer " + adminToken

// TestContractSuccess compares every success of the contract, whole and
// literally, in both modes.
func TestContractSuccess(t *testing.T) {
	t.Parallel()
	sites := map[string]*site{"production": newSite(t, Production), "demo": newSite(t, Demo)}
	for _, tt := range []struct {
		name                 string
		method, target, body string
		auth                 string
		status               int
		german, english      string
	}{
		{"health", "GET", "/health", "", "", 200, `{"status":"ok","redis":true}`, `{"status":"ok","redis":true}`},
		{"read a user", "GET", "/users/1", "", asAdmin, 200, `{"id":1,"name":"Max","email":"max@example.com"}`, `{"id":1,"name":"Max","email":"max@example.com"}`},
		{
			"change a user", "PUT", "/users/2", `{"name":"Müller ✓","email":"m@example.com"}`, asAdmin, 200,
			`{"id":2,"name":"Müller ✓","email":"m@example.com"}`, `{"id":2,"name":"Müller ✓","email":"m@example.com"}`,
		},
		{
			"send a user back as it was read", "PUT", "/users/2", `{"id":2,"name":"User 2","email":"user2@example.com","extra":[1]}`, asAdmin, 200,
			`{"id":2,"name":"User 2","email":"user2@example.com"}`, `{"id":2,"name":"User 2","email":"user2@example.com"}`,
		},
		{"delete a user", "DELETE", "/users/2", "", asAdmin, 200, `{"message":"User gelöscht"}`, `{"message":"User deleted"}`},
		{
			"register", "POST", "/users", `{"name":"Neu <b>","email":"neu@example.com","password":"lang genug"}`, "", 201,
			`{"id":10001,"name":"Neu <b>","email":"neu@example.com"}`, `{"id":10001,"name":"Neu <b>","email":"neu@example.com"}`,
		},
		{
			"list users", "GET", "/users", "", asAdmin, 200,
			`{"users":[{"id":1,"name":"Max","email":"max@example.com"},{"id":2,"name":"User 2","email":"user2@example.com"}]}`,
			`{"users":[{"id":1,"name":"Max","email":"max@example.com"},{"id":2,"name":"User 2","email":"user2@example.com"}]}`,
		},
		{
			"log in", "POST", "/login", `{"email":"max@example.com","password":"test123"}`, "", 200,
			`{"token":"token-of-max-an-administrator-0000","message":"Eingeloggt!"}`, `{"token":"token-of-max-an-administrator-0000","message":"Logged in!"}`,
		},
		{"profile", "GET", "/profile", "", asAdmin, 200, `{"user_id":"1","name":"Max","email":"max@example.com"}`, `{"user_id":"1","name":"Max","email":"max@example.com"}`},
		{"log out", "POST", "/logout", "", asAdmin, 200, `{"message":"Ausgeloggt!"}`, `{"message":"Logged out!"}`},
		{"log out with an unknown token", "POST", "/logout", "", "Bearer ünbekannt", 200, `{"message":"Ausgeloggt!"}`, `{"message":"Logged out!"}`},
		{"data", "GET", "/api/data", "", "", 200, `{"message":"Hier sind deine Daten!"}`, `{"message":"Here is your data!"}`},
		{"log in from a browser", "POST", "/web/login", `{"email":"max@example.com","password":"test123"}`, "", 200, `{"message":"Eingeloggt!"}`, `{"message":"Logged in!"}`},
		{"log out from a browser", "POST", "/web/logout", "", "", 200, `{"message":"Ausgeloggt!"}`, `{"message":"Logged out!"}`},
		{
			"audit log", "GET", "/audit?limit=1&user=2", "", asAdmin, 200,
			`{"entries":[{"id":7,"at":"2026-05-01T12:00:00Z","action":"role_changed","actor_id":1,"subject_id":2,"client_address":"192.0.2.1","user_agent":"curl/8","detail":{"from":"user","to":"admin"}}],"next_cursor":"Nw"}`,
			`{"entries":[{"id":7,"at":"2026-05-01T12:00:00Z","action":"role_changed","actor_id":1,"subject_id":2,"client_address":"192.0.2.1","user_agent":"curl/8","detail":{"from":"user","to":"admin"}}],"next_cursor":"Nw"}`,
		},
		{
			"list sessions", "GET", "/sessions", "", asAdmin, 200,
			`{"sessions":[{"id":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","user_agent":"curl/8","address":"192.0.2.1","created_at":"2026-05-01T12:00:00Z","last_seen_at":"2026-05-01T12:01:00Z","expires_at":"2026-05-01T12:31:00Z","remembered":false,"current":true}]}`,
			`{"sessions":[{"id":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","user_agent":"curl/8","address":"192.0.2.1","created_at":"2026-05-01T12:00:00Z","last_seen_at":"2026-05-01T12:01:00Z","expires_at":"2026-05-01T12:31:00Z","remembered":false,"current":true}]}`,
		},
		{"end a session", "DELETE", "/sessions/" + ownID, "", asAdmin, 200, `{"message":"Sitzung beendet"}`, `{"message":"Session ended"}`},
		{"end other sessions", "DELETE", "/sessions", "", asAdmin, 200, `{"message":"Alle anderen Sitzungen beendet"}`, `{"message":"All other sessions ended"}`},
		{"end all sessions of a user", "DELETE", "/users/2/sessions", "", asAdmin, 200, `{"message":"Alle Sitzungen des Users beendet"}`, `{"message":"All sessions of the user ended"}`},
		{
			"change the password", "PUT", "/profile/password", `{"old_password":"test123","new_password":"lang genug"}`, asAdmin, 200,
			`{"token":"token-of-a-session-after-a-change-0","message":"Passwort geändert. Alle anderen Geräte sind abgemeldet."}`,
			`{"token":"token-of-a-session-after-a-change-0","message":"Password changed. All other devices are logged out."}`,
		},
		{
			"forgotten password", "POST", "/password-resets", `{"email":"nobody@example.com"}`, "", 202,
			`{"message":"Wenn es zu dieser Adresse ein Konto gibt, ist eine E-Mail unterwegs. Der Code darin gilt 30 Minuten."}`,
			`{"message":"If there is an account with this address, an e-mail is on its way. The code in it is valid for 30 minutes."}`,
		},
		{
			"new password", "POST", "/password-resets/confirmations", `{"token":"the-code","password":"lang genug"}`, "", 200,
			`{"message":"Passwort geändert. Du kannst dich jetzt damit anmelden."}`, `{"message":"Password changed. You can log in with it now."}`,
		},
		{
			"confirm an address", "POST", "/email-confirmations", `{"token":"the-code"}`, "", 200,
			`{"id":1,"name":"Max","email":"max@example.com"}`, `{"id":1,"name":"Max","email":"max@example.com"}`,
		},
	} {
		for mode, s := range sites {
			t.Run(tt.name+" in "+mode, func(t *testing.T) {
				t.Parallel()
				for language, want := range map[string]string{"": tt.german, "en-GB,en;q=0.9": tt.english} {
					headers := []string{"Accept-Language", language}
					if tt.auth != "" {
						headers = append(headers, "Authorization", tt.auth)
					}
					w := s.do(t, tt.method, tt.target, tt.body, headers...)
					if w.Code != tt.status || body(w) != want {
						t.Errorf("language %q: status %d, body %s\nwant %d, %s", language, w.Code, w.Body, tt.status, want)
					}
					if got := w.Header().Get("Content-Type"); got != "application/json" {
						t.Errorf("Content-Type %q", got)
					}
				}
			})
		}
	}
}

func TestRegistrationNamesTheNewUser(t *testing.T) {
	t.Parallel()
	w := newSite(t, Production).do(t, "POST", "/users", `{"name":"Neu","email":"neu@example.com","password":"lang genug"}`)
	if got := w.Header().Get("Location"); w.Code != http.StatusCreated || got != "/users/10001" {
		t.Errorf("status %d, Location %q", w.Code, got)
	}
}

func TestHealthTellsThatRedisIsGone(t *testing.T) {
	t.Parallel()
	w := newSite(t, Production, func(d *Deps, _ *Config) { d.RedisHealthy = func() bool { return false } }).do(t, "GET", "/health", "")
	if w.Code != http.StatusOK || body(w) != `{"status":"ok","redis":false}` {
		t.Errorf("status %d, body %s", w.Code, w.Body)
	}
}

// TestContractErrors compares the text and the status of every error, in both
// languages.
func TestContractErrors(t *testing.T) {
	t.Parallel()
	taken := func(context.Context, kurs.Actor, int64, string, string) (kurs.User, error) {
		return kurs.User{}, kurs.ErrEmailTaken
	}
	gone := &kurs.Error{Code: kurs.CodeUnavailable, RetryAfter: 1500 * time.Millisecond}
	limited := &kurs.Error{Code: kurs.CodeRateLimited, RetryAfter: 41*time.Second + 1}
	healthy := map[Mode]*site{Production: newSite(t, Production), Demo: newSite(t, Demo)}
	for _, tt := range []struct {
		name                 string
		mode                 Mode
		method, target, body string
		auth                 string
		change               func(*site)
		status               int
		german, english      string
	}{
		{name: "unknown user", mode: Demo, method: "GET", target: "/users/99999", status: 404, german: "User nicht gefunden", english: "User not found"},
		{name: "user zero", mode: Demo, method: "GET", target: "/users/0", status: 404, german: "User nicht gefunden", english: "User not found"},
		{name: "negative user", mode: Demo, method: "GET", target: "/users/-1", status: 404, german: "User nicht gefunden", english: "User not found"},
		{name: "id is no integer", mode: Demo, method: "GET", target: "/users/abc", status: 422, german: "Ungültige Eingabe: „id“ muss eine ganze Zahl sein.", english: "Invalid input: “id” must be an integer."},
		{name: "id overflows", mode: Demo, method: "GET", target: "/users/9223372036854775808", status: 422, german: "Ungültige Eingabe: „id“ muss eine ganze Zahl sein.", english: "Invalid input: “id” must be an integer."},
		{name: "id has a fraction", mode: Demo, method: "DELETE", target: "/users/1.5", status: 422, german: "Ungültige Eingabe: „id“ muss eine ganze Zahl sein.", english: "Invalid input: “id” must be an integer."},
		{name: "change with an id that is no integer", mode: Demo, method: "PUT", target: "/users/x", body: `{}`, status: 422, german: "Ungültige Eingabe: „id“ muss eine ganze Zahl sein.", english: "Invalid input: “id” must be an integer."},
		{name: "change an unknown user", mode: Demo, method: "PUT", target: "/users/77", body: `{"name":"N","email":"n@example.com"}`, status: 404, german: "User nicht gefunden", english: "User not found"},
		{
			name: "change to a taken address", mode: Demo, method: "PUT", target: "/users/2", body: `{"name":"N","email":"max@example.com"}`,
			change: func(s *site) { s.users.update = taken }, status: 409, german: "E-Mail-Adresse ist bereits vergeben", english: "E-mail address is already taken",
		},
		{name: "delete an unknown user", mode: Demo, method: "DELETE", target: "/users/77", status: 404, german: "User nicht gefunden", english: "User not found"},
		{name: "register a taken address", method: "POST", target: "/users", body: `{"name":"N","email":"MAX@example.com","password":"lang genug"}`, status: 409, german: "E-Mail-Adresse ist bereits vergeben", english: "E-mail address is already taken"},
		{name: "register with a short password", method: "POST", target: "/users", body: `{"name":"N","email":"n@example.com","password":"kurz"}`, status: 422, german: "Ungültige Eingabe: Feld „password“ ist zu kurz, mindestens 8 Zeichen.", english: "Invalid input: field “password” is too short, at least 8 characters."},
		{name: "register with a common password", method: "POST", target: "/users", body: `{"name":"N","email":"n@example.com","password":"Passw0rd"}`, status: 422, german: "Ungültige Eingabe: Feld „password“ gehört zu den häufigsten Passwörtern, wähle ein anderes.", english: "Invalid input: field “password” is among the most common passwords, choose another one."},
		{name: "register with a blank name", method: "POST", target: "/users", body: `{"name":" ","email":"n@example.com","password":"lang genug"}`, status: 422, german: "Ungültige Eingabe: Feld „name“ fehlt.", english: "Invalid input: field “name” is missing."},
		{name: "register without a real address", method: "POST", target: "/users", body: `{"name":"N","email":"n","password":"lang genug"}`, status: 422, german: "Ungültige Eingabe: Feld „email“ ist keine gültige E-Mail-Adresse.", english: "Invalid input: field “email” is not a valid e-mail address."},
		{name: "register with a control character", method: "POST", target: "/users", body: `{"name":"a\u0000b","email":"n@example.com","password":"lang genug"}`, status: 422, german: "Ungültige Eingabe: Feld „name“ enthält Steuerzeichen.", english: "Invalid input: field “name” contains control characters."},
		{
			name: "register too often", method: "POST", target: "/users", body: `{"name":"N","email":"n@example.com","password":"lang genug"}`,
			change: func(s *site) {
				s.accounts.register = func(context.Context, kurs.Registration) (kurs.User, error) { return kurs.User{}, limited }
			},
			status: 429, german: "Zu viele Anfragen. Versuche es in 42 Sekunden erneut.", english: "Too many requests. Try again in 42 seconds.",
		},
		{name: "wrong password", method: "POST", target: "/login", body: `{"email":"max@example.com","password":"falsch"}`, status: 401, german: "Ungültige Anmeldedaten", english: "Invalid credentials"},
		{name: "unknown address", method: "POST", target: "/login", body: `{"email":"wer@example.com","password":"test123"}`, status: 401, german: "Ungültige Anmeldedaten", english: "Invalid credentials"},
		{name: "wrong password from a browser", method: "POST", target: "/web/login", body: `{"email":"max@example.com","password":"falsch"}`, status: 401, german: "Ungültige Anmeldedaten", english: "Invalid credentials"},
		{name: "profile without a token", method: "GET", target: "/profile", status: 401, german: "Authorization-Header fehlt oder ungültig", english: "Authorization header missing or invalid"},
		{name: "profile with another scheme", method: "GET", target: "/profile", auth: "Basic bWF4OnRlc3QxMjM=", status: 401, german: "Authorization-Header fehlt oder ungültig", english: "Authorization header missing or invalid"},
		{name: "profile with an unknown token", method: "GET", target: "/profile", auth: "Bearer unknown", status: 401, german: "Session abgelaufen oder ungültig", english: "Session expired or invalid"},
		{name: "log out without a token", method: "POST", target: "/logout", status: 401, german: "Authorization-Header fehlt", english: "Authorization header missing"},
		{name: "log out with another scheme", method: "POST", target: "/logout", auth: "Basic bWF4OnRlc3QxMjM=", status: 401, german: "Authorization-Header fehlt", english: "Authorization header missing"},
		{
			name: "data too often", method: "GET", target: "/api/data",
			change: func(s *site) {
				s.limits.data = func(context.Context, string) (ratelimit.Result, error) {
					return ratelimit.Result{RetryAfter: limited.RetryAfter}, nil
				}
			},
			status: 429, german: "Zu viele Anfragen. Versuche es in 42 Sekunden erneut.", english: "Too many requests. Try again in 42 seconds.",
		},
		{
			name: "profile without Redis", method: "GET", target: "/profile", auth: asAdmin,
			change: func(s *site) {
				s.accounts.authenticate = func(context.Context, string) (kurs.Actor, error) { return kurs.Actor{}, gone }
			},
			status: 503, german: "Der Dienst ist gerade nicht verfügbar. Versuche es in 2 Sekunden erneut.", english: "The service is unavailable at the moment. Try again in 2 seconds.",
		},
		{
			name: "log out without Redis", method: "POST", target: "/logout", auth: asAdmin,
			change: func(s *site) { s.accounts.logout = func(context.Context, string) error { return gone } },
			status: 503, german: "Der Dienst ist gerade nicht verfügbar. Versuche es in 2 Sekunden erneut.", english: "The service is unavailable at the moment. Try again in 2 seconds.",
		},
		{
			name: "read without a database", mode: Demo, method: "GET", target: "/users/1",
			change: func(s *site) {
				s.users.get = func(context.Context, int64) (cache.Entry[kurs.User], error) { return cache.Entry[kurs.User]{}, gone }
			},
			status: 503, german: "Der Dienst ist gerade nicht verfügbar. Versuche es in 2 Sekunden erneut.", english: "The service is unavailable at the moment. Try again in 2 seconds.",
		},
		{name: "list with a bad cursor", mode: Demo, method: "GET", target: "/users?cursor=%25", status: 422, german: "Ungültige Eingabe: „cursor“ ist ungültig.", english: "Invalid input: “cursor” is invalid."},
		{name: "list nothing", mode: Demo, method: "GET", target: "/users?limit=0", status: 422, german: "Ungültige Eingabe: „limit“ muss mindestens 1 sein.", english: "Invalid input: “limit” must be at least 1."},
		{name: "list too much", mode: Demo, method: "GET", target: "/users?limit=101", status: 422, german: "Ungültige Eingabe: „limit“ darf höchstens 100 sein.", english: "Invalid input: “limit” must be at most 100."},
		{name: "list many", mode: Demo, method: "GET", target: "/users?limit=viele", status: 422, german: "Ungültige Eingabe: „limit“ muss eine ganze Zahl sein.", english: "Invalid input: “limit” must be an integer."},
		{name: "confirm with a used code", method: "POST", target: "/email-confirmations", body: `{"token":"used"}`, status: 422, german: "Der Bestätigungscode ist ungültig, verbraucht oder abgelaufen", english: "The confirmation code is invalid, used or expired"},
		{name: "new password with a used code", method: "POST", target: "/password-resets/confirmations", body: `{"token":"used","password":"lang genug"}`, status: 422, german: "Der Code für ein neues Passwort ist ungültig, verbraucht oder abgelaufen. Fordere einen neuen an.", english: "The code for a new password is invalid, used or expired. Request a new one."},
		{name: "new password that is short", method: "POST", target: "/password-resets/confirmations", body: `{"token":"the-code","password":"kurz"}`, status: 422, german: "Ungültige Eingabe: Feld „password“ ist zu kurz, mindestens 8 Zeichen.", english: "Invalid input: field “password” is too short, at least 8 characters."},
		{name: "forgotten password of no address", method: "POST", target: "/password-resets", body: `{"email":"max"}`, status: 422, german: "Ungültige Eingabe: Feld „email“ ist keine gültige E-Mail-Adresse.", english: "Invalid input: field “email” is not a valid e-mail address."},
		{name: "change the password without a token", mode: Demo, method: "PUT", target: "/profile/password", body: `{"old_password":"test123","new_password":"lang genug"}`, status: 401, german: "Authorization-Header fehlt oder ungültig", english: "Authorization header missing or invalid"},
		{name: "change the password with a wrong one", method: "PUT", target: "/profile/password", body: `{"old_password":"falsch","new_password":"lang genug"}`, auth: asAdmin, status: 422, german: "Ungültige Eingabe: Feld „old_password“ stimmt nicht.", english: "Invalid input: field “old_password” is wrong."},
		{
			name: "change the password to an endless one", method: "PUT", target: "/profile/password", body: `{"old_password":"test123","new_password":"x"}`, auth: asAdmin,
			change: func(s *site) {
				s.accounts.change = func(context.Context, kurs.Actor, kurs.PasswordChange) (kurs.LoginResult, error) {
					return kurs.LoginResult{}, &kurs.Error{Code: kurs.CodeInvalid, Field: "new_password", Rule: kurs.RuleTooLong}
				}
			},
			status: 422, german: "Ungültige Eingabe: Feld „new_password“ ist zu lang, höchstens 128 Zeichen.", english: "Invalid input: field “new_password” is too long, at most 128 characters.",
		},
		{name: "end a session of somebody else", method: "DELETE", target: "/sessions/0", auth: asAdmin, status: 404, german: "Sitzung nicht gefunden", english: "Session not found"},
		{name: "list sessions without a token", mode: Demo, method: "GET", target: "/sessions", status: 401, german: "Authorization-Header fehlt oder ungültig", english: "Authorization header missing or invalid"},
		{name: "end all sessions of an unknown user", method: "DELETE", target: "/users/77/sessions", auth: asAdmin, status: 404, german: "User nicht gefunden", english: "User not found"},
		{name: "end all sessions with an id that is no integer", mode: Demo, method: "DELETE", target: "/users/x/sessions", auth: asAdmin, status: 422, german: "Ungültige Eingabe: „id“ muss eine ganze Zahl sein.", english: "Invalid input: “id” must be an integer."},
		{name: "end all sessions of oneself", method: "DELETE", target: "/users/2/sessions", auth: "Bearer " + userToken, status: 403, german: "Dazu fehlt dir die Berechtigung", english: "You are not allowed to do that"},
		{name: "end all sessions without a token", mode: Demo, method: "DELETE", target: "/users/2/sessions", status: 401, german: "Authorization-Header fehlt oder ungültig", english: "Authorization header missing or invalid"},
		{name: "audit log of somebody else", method: "GET", target: "/audit", auth: "Bearer " + userToken, status: 403, german: "Dazu fehlt dir die Berechtigung", english: "You are not allowed to do that"},
		{name: "audit log without a token", method: "GET", target: "/audit", status: 401, german: "Authorization-Header fehlt oder ungültig", english: "Authorization header missing or invalid"},
		{name: "audit log with a bad cursor", mode: Demo, method: "GET", target: "/audit?cursor=%25", auth: asAdmin, status: 422, german: "Ungültige Eingabe: „cursor“ ist ungültig.", english: "Invalid input: “cursor” is invalid."},
		{name: "audit log of nobody", mode: Demo, method: "GET", target: "/audit?user=max", auth: asAdmin, status: 422, german: "Ungültige Eingabe: „user“ muss eine ganze Zahl sein.", english: "Invalid input: “user” must be an integer."},
		{name: "no session on a users route", method: "GET", target: "/users/1", status: 401, german: "Authorization-Header fehlt oder ungültig", english: "Authorization header missing or invalid"},
		{name: "somebody else", method: "GET", target: "/users/1", auth: "Bearer " + userToken, status: 403, german: "Dazu fehlt dir die Berechtigung", english: "You are not allowed to do that"},
		{name: "no such address", method: "GET", target: "/nothing/here", status: 404, german: "Diese Adresse gibt es nicht", english: "There is nothing at this address"},
		{name: "no such method", method: "PATCH", target: "/users/1", status: 405, german: "Diese Methode ist hier nicht erlaubt", english: "This method is not allowed here"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := healthy[tt.mode]
			if tt.change != nil {
				s = newSite(t, tt.mode)
				tt.change(s)
			}
			for language, want := range map[string]string{"": tt.german, "en": tt.english} {
				headers := []string{"Accept-Language", language}
				if tt.auth != "" {
					headers = append(headers, "Authorization", tt.auth)
				}
				w := s.do(t, tt.method, tt.target, tt.body, headers...)
				p := problem(t, w)
				if w.Code != tt.status || p.Detail != want {
					t.Errorf("language %q: status %d, detail %q\nwant %d, %q", language, w.Code, p.Detail, tt.status, want)
				}
			}
		})
	}
}

func TestErrorsSayWhenAndHowToTryAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	s.limits.data = func(context.Context, string) (ratelimit.Result, error) {
		return ratelimit.Result{RetryAfter: 100 * time.Millisecond}, nil
	}
	s.accounts.authenticate = func(_ context.Context, token string) (kurs.Actor, error) {
		if token == "old" {
			return kurs.Actor{}, kurs.ErrSessionInvalid
		}
		return kurs.Actor{}, &kurs.Error{Code: kurs.CodeUnavailable}
	}
	for _, tt := range []struct {
		method, target, auth string
		status               int
		header, want         string
	}{
		{"GET", "/api/data", "", 429, "Retry-After", "1"},
		{"GET", "/profile", "Bearer x", 503, "Retry-After", "1"},
		{"GET", "/users/1", "Bearer x", 503, "Retry-After", "1"},
		{"GET", "/profile", "", 401, "WWW-Authenticate", `Bearer realm="kursapp"`},
		{"GET", "/users/1", "", 401, "WWW-Authenticate", `Bearer realm="kursapp"`},
		{"POST", "/logout", "", 401, "WWW-Authenticate", `Bearer realm="kursapp"`},
		{"GET", "/profile", "Bearer old", 401, "WWW-Authenticate", `Bearer realm="kursapp", error="invalid_token"`},
	} {
		var headers []string
		if tt.auth != "" {
			headers = []string{"Authorization", tt.auth}
		}
		w := s.do(t, tt.method, tt.target, "", headers...)
		if got := w.Header().Get(tt.header); w.Code != tt.status || got != tt.want {
			t.Errorf("%s %s with %q: status %d, %s %q, want %d, %q", tt.method, tt.target, tt.auth, w.Code, tt.header, got, tt.status, tt.want)
		}
	}
}
