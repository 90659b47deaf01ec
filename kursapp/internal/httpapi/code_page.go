package httpapi

import (
	"bytes"
	"html/template"
	"net/http"
	"strconv"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// codePolicy lets such a page load its script and style, and ask this server.
const codePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// codePage is a page that a mail links to, with a one-time code in the fragment. Its
// GET changes nothing and knows no code: the page's script sends the code to the
// route of the API, once a person has pressed the button.
type codePage struct {
	path string
	// action is where the code goes. Like all URLs of the page it is relative, so that
	// kursapp may live under a path of a proxy.
	action string
	// done is what the page says in the end; 0 for what the answer says.
	title, lead, submit, done key
	password                  bool
}

var codePages = [...]codePage{
	{
		path: "/password-reset", action: "password-resets/confirmations", password: true,
		title: textResetTitle, lead: textResetLead, submit: textResetSubmit,
	},
	{
		path: "/email-confirmation", action: "email-confirmations",
		title: textConfirmTitle, lead: textConfirmLead, submit: textConfirmSubmit, done: textConfirmDone,
	},
}

// codeRoutes registers the pages that mails link to.
func (a *api) codeRoutes() {
	t := template.Must(template.ParseFS(pages, "pages/code.html")) // embedded, as in page
	for _, p := range codePages {
		bodies := [...][]byte{german: p.render(t, german), english: p.render(t, english)}
		a.mux.HandleFunc("GET "+p.path, policy(codePolicy, func(w http.ResponseWriter, r *http.Request) {
			h, l := w.Header(), languageOf(r.Header.Get("Accept-Language"))
			markLanguage(h, l)
			setPageHeaders(h)
			h["Content-Type"] = []string{"text/html; charset=utf-8"}
			// Its Cache-Control stays no-store, so there is no ETag: browsers are not to
			// keep the page, and what was typed into it, for the way back.
			_, _ = w.Write(bodies[l])
		}))
	}
	a.mux.HandleFunc("GET /pages/code.js", page("code.js", "text/javascript; charset=utf-8"))
	a.mux.HandleFunc("GET /pages/code.css", page("code.css", "text/css; charset=utf-8"))
}

// render returns the page in a language.
func (p codePage) render(t *template.Template, l lang) []byte {
	texts := map[string]string{
		"Lang": l.String(), "Action": p.action,
		"Title": p.title.in(l), "Lead": p.lead.in(l), "Submit": p.submit.in(l),
		"Code": textCodeLabel.in(l), "CodeHint": textCodeHint.in(l),
		"Busy": textPageBusy.in(l), "Unreachable": textPageUnreachable.in(l), "NoScript": textPageNoScript.in(l),
	}
	if p.done != 0 {
		texts["Done"] = p.done.in(l)
	}
	if p.password {
		shortest := strconv.Itoa(kurs.MinPasswordLength)
		texts["MinPassword"] = shortest
		texts["Password"], texts["Show"] = textPasswordLabel.in(l), textPasswordShow.in(l)
		texts["PasswordHint"] = textPasswordHint.in(l, "{min}", shortest, "{max}", strconv.Itoa(kurs.MaxPasswordLength))
	}
	var b bytes.Buffer
	if err := t.Execute(&b, texts); err != nil {
		panic(err) // only a broken build gets here
	}
	return b.Bytes()
}
