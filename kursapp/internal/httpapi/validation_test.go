package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestInvalidBodies(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	for _, tt := range []struct {
		name, body      string
		headers         []string
		status          int
		german, english string
		locations       string
	}{
		{
			"one field is missing", `{"name":"N","password":"lang genug"}`, nil, 422,
			"Ungültige Eingabe: Feld „email“ fehlt.", "Invalid input: field “email” is missing.", "body.email",
		},
		{
			"all fields are missing", `{}`, nil, 422,
			"Ungültige Eingabe: Feld „email“ fehlt; Feld „name“ fehlt; Feld „password“ fehlt.",
			"Invalid input: field “email” is missing; field “name” is missing; field “password” is missing.",
			"body.email body.name body.password",
		},
		{
			"a field has another type", `{"name":1,"email":null,"password":["a"]}`, nil, 422,
			"Ungültige Eingabe: Feld „email“ muss ein Text sein; Feld „name“ muss ein Text sein; Feld „password“ muss ein Text sein.",
			"Invalid input: field “email” must be a string; field “name” must be a string; field “password” must be a string.",
			"body.email body.name body.password",
		},
		{
			"no body", ``, nil, 422,
			"Ungültige Eingabe: Der Rumpf der Anfrage fehlt, erwartet wird JSON.", "Invalid input: the request body is missing, JSON is expected.", "body",
		},
		{
			"no JSON", `{"name":"N",`, nil, 422,
			"Ungültige Eingabe: Der Rumpf der Anfrage ist kein gültiges JSON.", "Invalid input: the request body is not valid JSON.", "body",
		},
		{
			"something after the JSON", `{"name":"N"} x`, nil, 422,
			"Ungültige Eingabe: Der Rumpf der Anfrage ist kein gültiges JSON.", "Invalid input: the request body is not valid JSON.", "body",
		},
		{
			"a number no float holds", `{"more":1e999}`, nil, 422,
			"Ungültige Eingabe: Der Rumpf der Anfrage ist kein gültiges JSON.", "Invalid input: the request body is not valid JSON.", "body",
		},
		{
			"no object", `[1]`, nil, 422,
			"Ungültige Eingabe: Der Rumpf der Anfrage muss ein JSON-Objekt sein.", "Invalid input: the request body must be a JSON object.", "body",
		},
		{
			"null", `null`, nil, 422,
			"Ungültige Eingabe: Der Rumpf der Anfrage muss ein JSON-Objekt sein.", "Invalid input: the request body must be a JSON object.", "body",
		},
		{
			"a form", `name=N&email=n@example.com&password=lang+genug`,
			[]string{"Content-Type", "application/x-www-form-urlencoded"},
			415,
			"Der Rumpf der Anfrage muss JSON sein (Content-Type: application/json)", "The request body must be JSON (Content-Type: application/json)", "",
		},
		{
			"an odd content type", `{}`,
			[]string{"Content-Type", "a;b+c"},
			415,
			"Der Rumpf der Anfrage muss JSON sein (Content-Type: application/json)", "The request body must be JSON (Content-Type: application/json)", "",
		},
		{
			"a password that is too long", `{"name":"N","email":"n@example.com","password":"` + strings.Repeat("x", 129) + `"}`, nil, 422,
			"Ungültige Eingabe: Feld „password“ ist zu lang, höchstens 128 Zeichen.", "Invalid input: field “password” is too long, at most 128 characters.", "body.password",
		},
		{
			"a name that is too long", `{"name":"` + strings.Repeat("ü", 201) + `","email":"n@example.com","password":"lang genug"}`, nil, 422,
			"Ungültige Eingabe: Feld „name“ ist zu lang, höchstens 200 Zeichen.", "Invalid input: field “name” is too long, at most 200 characters.", "body.name",
		},
		{
			"an address that is too long", `{"name":"N","email":"n@` + strings.Repeat("x", 253) + `","password":"lang genug"}`, nil, 422,
			"Ungültige Eingabe: Feld „email“ ist zu lang, höchstens 254 Zeichen, davon 64 vor dem @.", "Invalid input: field “email” is too long, at most 254 characters, 64 of them before the @.", "body.email",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for language, want := range map[string]string{"de": tt.german, "en": tt.english} {
				w := s.do(t, "POST", "/users", tt.body, append([]string{"Accept-Language", language}, tt.headers...)...)
				p := problem(t, w)
				if w.Code != tt.status || p.Detail != want {
					t.Errorf("status %d, detail %q\nwant %d, %q", w.Code, p.Detail, tt.status, want)
				}
				var locations []string
				for _, e := range p.Errors {
					locations = append(locations, e.Location)
					if e.Message == "" || !strings.Contains(p.Detail, e.Message) {
						t.Errorf("message %q is not part of %q", e.Message, p.Detail)
					}
				}
				if got := strings.Join(locations, " "); got != tt.locations {
					t.Errorf("locations %q, want %q", got, tt.locations)
				}
			}
		})
	}
}

func TestEveryRuleOfTheDomainHasAText(t *testing.T) {
	t.Parallel()
	for _, rule := range []kurs.Rule{
		kurs.RuleRequired, kurs.RuleTooLong, kurs.RuleTooShort, kurs.RuleNotAnEmail, kurs.RuleControlChar, kurs.RuleNotUTF8,
	} {
		for _, l := range []lang{german, english} {
			p := problemOf(&kurs.Error{Code: kurs.CodeInvalid, Field: "password", Rule: rule}, l, "")
			if p.Status != 422 || !strings.Contains(p.Detail, "password") || strings.ContainsAny(p.Detail, "{}") {
				t.Errorf("%s in %s: %d %q", rule, l, p.Status, p.Detail)
			}
		}
	}
}

func TestEveryCodeOfTheDomainHasATextAndAStatus(t *testing.T) {
	t.Parallel()
	for _, code := range []kurs.Code{
		kurs.CodeUserNotFound, kurs.CodeEmailTaken, kurs.CodeBadCredentials, kurs.CodeNoToken, kurs.CodeSessionInvalid,
		kurs.CodeForbidden, kurs.CodeRateLimited, kurs.CodeUnavailable, kurs.CodeConfirmationFailed,
	} {
		p := problemOf(fmt.Errorf("wrapped: %w", &kurs.Error{Code: code}), german, "")
		if p.Status == 500 || p.Detail == "" || strings.ContainsAny(p.Detail, "{}") {
			t.Errorf("%s: %d %q", code, p.Status, p.Detail)
		}
	}
}

func TestEveryTextIsThereInBothLanguages(t *testing.T) {
	t.Parallel()
	for k := range texts {
		if k == 0 {
			continue
		}
		if texts[k][german] == "" || texts[k][english] == "" || texts[k][german] == texts[k][english] {
			t.Errorf("text %d: %q", k, texts[k])
		}
	}
}

// TestNoProblemRepeatsASecret puts a secret into every place of every route
// that takes input, well-formed and not.
func TestNoProblemRepeatsASecret(t *testing.T) {
	t.Parallel()
	const secret = "s3cret-Pa55word"
	s := newSite(t, Production)
	s.accounts.login = func(context.Context, kurs.Login) (kurs.LoginResult, error) {
		return kurs.LoginResult{}, fmt.Errorf("the database said: %w", &kurs.Error{Code: kurs.CodeUnavailable})
	}
	bodies := []string{
		`{"email":"` + secret + `","password":"` + secret + `","name":"` + secret + `"}`,
		`{"email":{"` + secret + `":1},"password":["` + secret + `"],"name":1}`,
		`{"password":"` + secret + `"}`,
		`{"` + secret + `":"` + secret + `"}`,
		`"` + secret + `"`,
		`["` + secret + `"]`,
		secret,
		`{"password":"` + secret + `"`,
		`{"password":"` + secret + `","x":1e999}`,
		`{"password":"` + secret + "\x01\"}",
	}
	for _, target := range []string{"/login", "/web/login", "/users", "/email-confirmations", "/login?password=" + secret + "&email=" + secret} {
		for _, b := range bodies {
			for _, contentType := range []string{"application/json", "text/plain", secret, "multipart/form-data; boundary=" + secret} {
				w := s.do(t, "POST", target, b, "Content-Type", contentType)
				if strings.Contains(w.Body.String(), secret) {
					t.Errorf("%s with %s: %s", target, b, w.Body)
				}
				for name, values := range w.Header() {
					if strings.Contains(strings.Join(values, " "), secret) {
						t.Errorf("%s with %s: header %s", target, b, name)
					}
				}
			}
		}
	}
	for _, target := range []string{"/users/" + secret, "/users?limit=" + secret, "/users?cursor=" + secret} {
		w := s.do(t, "GET", target, "", "Authorization", asAdmin)
		if w.Code != 422 || strings.Contains(w.Body.String(), secret) {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	if strings.Contains(strings.ReplaceAll(s.log.String(), "/users/"+secret, ""), secret) {
		t.Error("the log has the secret")
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	padded := func(n int) string {
		const rest = `{"name":"N","email":"n@example.com","password":"lang genug","x":""}`
		return strings.Replace(rest, `"x":""`, `"x":"`+strings.Repeat("a", n-len(rest))+`"`, 1)
	}
	for _, tt := range []struct {
		name   string
		body   string
		known  bool // the length is announced
		status int
	}{
		{"exactly 1 MiB", padded(1 << 20), true, 201},
		{"exactly 1 MiB in chunks", padded(1 << 20), false, 201},
		{"one byte more", padded(1<<20 + 1), true, 413},
		{"one byte more in chunks", padded(1<<20 + 1), false, 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := call{method: "POST", target: "/users", body: tt.body}.request(t)
			if !tt.known {
				r.ContentLength = -1
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d: %.200s", w.Code, tt.status, w.Body)
			}
			if w.Code == 413 {
				if p := problem(t, w); p.Detail != "Der Rumpf der Anfrage ist größer als 1 MiB" {
					t.Errorf("detail %q", p.Detail)
				}
			}
		})
	}
	t.Run("a route that reads no body", func(t *testing.T) {
		t.Parallel()
		if w := s.do(t, "POST", "/logout", padded(1<<20+1), "Authorization", asAdmin); w.Code != 413 {
			t.Errorf("status %d", w.Code)
		}
	})
}

// TestBodyCutShort ends the connection's sending side in the middle of a body.
func TestBodyCutShort(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newSite(t, Production))
	t.Cleanup(server.Close)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := conn.Write([]byte("POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"name\":")); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(conn); err != nil {
		t.Fatal(err)
	}
	if got := answer.String(); !strings.HasPrefix(got, "HTTP/1.1 400 ") || !strings.Contains(got, "Der Rumpf der Anfrage kam nicht vollständig an") {
		t.Errorf("answer %s", got)
	}
}

func TestProblemShape(t *testing.T) {
	t.Parallel()
	w := newSite(t, Production).do(t, "POST", "/users", `{"name":"N","email":"n@example.com"}`, "Accept-Language", "en")
	var members map[string]json.RawMessage
	if err := json.Unmarshal(w.Body.Bytes(), &members); err != nil {
		t.Fatal(err)
	}
	want := `{"title":"Unprocessable Content","status":422,"detail":"Invalid input: field “password” is missing.",` +
		`"errors":[{"location":"body.password","message":"field “password” is missing"}]}`
	if body(w) != want {
		t.Errorf("body %s", w.Body)
	}
	if h := w.Header(); h.Get("Content-Language") != "en" || h.Get("Vary") != "Accept-Language" {
		t.Errorf("headers %v", h)
	}
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("status %d", w.Code)
	}
}
