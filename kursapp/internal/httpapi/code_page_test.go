package httpapi

import (
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/queue"
)

// TestCodePages asks as a proxy's client does: by a name of the internet, without a session.
func TestCodePages(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	for _, tt := range []struct{ target, language, lang, title, action string }{
		{"/password-reset", "", "de", "Neues Passwort setzen", "password-resets/confirmations"},
		{"/password-reset", "en-GB", "en", "Set a new password", "password-resets/confirmations"},
		{"/email-confirmation", "fr", "de", "Neue E-Mail-Adresse bestätigen", "email-confirmations"},
		{"/email-confirmation", "en", "en", "Confirm your new e-mail address", "email-confirmations"},
	} {
		w := s.do(t, "GET", tt.target, "", "Accept-Language", tt.language, "Host", "kurs.example.com")
		html := w.Body.String()
		for _, want := range []string{`<html lang="` + tt.lang + `">`, "<h1>" + tt.title + "</h1>", `method="post" action="` + tt.action + `"`} {
			if !strings.Contains(html, want) {
				t.Errorf("%s in %q has no %s:\n%s", tt.target, tt.language, want, html)
			}
		}
		for name, want := range map[string]string{
			"Content-Type":            "text/html; charset=utf-8",
			"Content-Language":        tt.lang,
			"Vary":                    "Accept-Language",
			"Cache-Control":           "no-store",
			"Referrer-Policy":         "no-referrer",
			"X-Frame-Options":         "DENY",
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
			"ETag":                    "", // nothing is kept that it could name
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", tt.target, name, got, want)
			}
		}
		if w.Code != 200 {
			t.Errorf("%s: status %d", tt.target, w.Code)
		}
	}
}

// A placeholder or a template's text for a missing value would be a broken page; so
// would be a field that nobody can name.
func TestCodePagesAreWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	ids, labels := regexp.MustCompile(`<input id="(\w+)"`), regexp.MustCompile(`<label[^>]*(?: for="(\w+)"|><input id="(\w+)")`)
	for target, fields := range map[string]int{"/password-reset": 3, "/email-confirmation": 1} {
		for _, language := range []string{"de", "en"} {
			html := s.do(t, "GET", target, "", "Accept-Language", language).Body.String()
			for _, broken := range []string{"no value", "{min}", "{max}", "{{", `=""`, "<p></p>"} {
				if strings.Contains(html, broken) {
					t.Errorf("%s in %s has %s", target, language, broken)
				}
			}
			named := map[string]bool{}
			for _, label := range labels.FindAllStringSubmatch(html, -1) {
				named[label[1]+label[2]] = true
			}
			found := ids.FindAllStringSubmatch(html, -1)
			if len(found) != fields {
				t.Errorf("%s has the fields %v, want %d", target, found, fields)
			}
			for _, id := range found {
				if !named[id[1]] {
					t.Errorf("%s: the field %s has no label", target, id[1])
				}
			}
		}
	}
	reset := s.do(t, "GET", "/password-reset", "").Body.String()
	for _, want := range []string{`autocomplete="new-password"`, `minlength="8"`, "8 bis 128 Zeichen", `role="alert"`, `role="status"`} {
		if !strings.Contains(reset, want) {
			t.Errorf("no %s in %s", want, reset)
		}
	}
}

// The one form with a password must not be read over a shoulder, unless its user wants
// that, and must not be in the way of pasting or of a password manager.
func TestPasswordFieldIsMaskedAndHindersNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	html := s.do(t, "GET", "/password-reset", "").Body.String()
	field := regexp.MustCompile(`<input id="password"[^>]*>`).FindString(html)
	if !strings.Contains(field, ` type="password"`) || !strings.Contains(field, ` autocomplete="new-password"`) || strings.Contains(field, "maxlength") {
		t.Errorf("the field is %q", field)
	}
	if !strings.Contains(html, `<input id="show" type="checkbox">`) {
		t.Error("nothing shows the password")
	}
	script := s.do(t, "GET", "/pages/code.js", "").Body.String()
	if !strings.Contains(script, `password.type = on ? "text" : "password"`) {
		t.Error("the script does not show the password")
	}
	var events []string
	for _, m := range regexp.MustCompile(`addEventListener\("(\w+)"|\.on(\w+) =`).FindAllStringSubmatch(script, -1) {
		events = append(events, m[1]+m[2])
	}
	if !slices.Equal(events, []string{"submit", "change", "hashchange"}) || strings.Count(script, "preventDefault(") != 1 {
		t.Errorf("the script listens to %q: does that hinder pasting?", events)
	}
}

func TestCodePageFilesHaveETags(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	for target, contentType := range map[string]string{"/pages/code.js": "text/javascript; charset=utf-8", "/pages/code.css": "text/css; charset=utf-8"} {
		w := s.do(t, "GET", target, "")
		tag := w.Header().Get("ETag")
		if w.Code != 200 || w.Header().Get("Content-Type") != contentType || w.Header().Get("Cache-Control") != "no-cache" || tag == "" {
			t.Errorf("%s: %d %v", target, w.Code, w.Header())
		}
		if again := s.do(t, "GET", target, "", "If-None-Match", tag); again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("%s with its ETag: %d", target, again.Code)
		}
	}
}

// TestCodePageScriptKeepsTheCodeToItself is a look at the source: what no test without
// a browser can try. A change of the script has to pass by here.
func TestCodePageScriptKeepsTheCodeToItself(t *testing.T) {
	t.Parallel()
	script := newSite(t, Production).do(t, "GET", "/pages/code.js", "").Body.String()
	for _, never := range []string{"localStorage", "sessionStorage", "cookie", "indexedDB", "console.", "innerHTML", "insertAdjacentHTML", "document.write", "eval("} {
		if strings.Contains(script, never) {
			t.Errorf("the script has %s", never)
		}
	}
	if !strings.Contains(script, "history.replaceState(") {
		t.Error("the code stays in the address bar")
	}
	if strings.Count(script, "fetch(") != 1 || strings.Count(script, `addEventListener("submit"`) != 1 || strings.Count(script, "await send()") != 1 {
		t.Error("there is another way to the network than the button")
	}
}

// mailMaker makes the mails that carry codes, and is all that it needs.
type mailMaker struct {
	token string
	mails []jobs.Mail
}

func (m *mailMaker) Send(_ context.Context, mail jobs.Mail) error {
	m.mails = append(m.mails, mail)
	return nil
}

func (m *mailMaker) BeginEmailChange(context.Context, int64, string, int64) (string, error) {
	return m.token, nil
}

func (m *mailMaker) BeginPasswordReset(context.Context, int64) (kurs.User, string, error) {
	return kurs.User{ID: 1, Name: "Max", Email: "max@example.com"}, m.token, nil
}

// TestLinksOfMailsLeadToCodePages follows the link of each mail as a person does.
func TestLinksOfMailsLeadToCodePages(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	for _, token := range []string{"MFRGGZDFMZTWQ2LKNNWG23TPOA", "a+b&c=d #%"} {
		m := &mailMaker{token: token}
		handle := jobs.AccountMailHandler(m, m, "https://kurs.example.com/app/")
		for payload, page := range map[string]string{
			`{"kind":"reset_password","user_id":1}`:                              "/password-reset",
			`{"kind":"confirm_email","user_id":1,"new_email":"new@example.com"}`: "/email-confirmation",
		} {
			if err := handle(t.Context(), queue.Task{ID: "1", Payload: json.RawMessage(payload)}); err != nil {
				t.Fatal(err)
			}
			body := m.mails[len(m.mails)-1].Body
			link := regexp.MustCompile(`(?m)^https://\S+$`).FindString(body)
			u, err := url.Parse(link)
			if err != nil || u.Path != "/app"+page || u.RawQuery != "" {
				t.Errorf("link %q (%v)", link, err)
				continue
			}
			if w := s.do(t, "GET", strings.TrimPrefix(u.Path, "/app"), ""); w.Code != 200 {
				t.Errorf("%s: %d", link, w.Code)
			}
			// What the page's script reads: the fragment as browsers leave it, as a form.
			if values, err := url.ParseQuery(u.EscapedFragment()); err != nil || values.Get("code") != token {
				t.Errorf("the code of %s is %v (%v), want %s", link, values, err, token)
			}
			if !strings.Contains(body, "\n"+token+"\n") {
				t.Errorf("no code as text in %s", body)
			}
		}
	}
}
