package httpapi

import (
	"embed"
	"net/http"

	"github.com/swaggest/swgui/v5emb"
)

// pages holds the few pages that are no API.
//
//go:embed pages
var pages embed.FS

// docsPolicy lets the API page run what comes from this server, and nothing
// else. Swagger UI draws its icons from data: URLs.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// swaggerFiles are the files of Swagger UI that the API page loads.
var swaggerFiles = []string{"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"}

// docsRoutes registers the API page and the start page. The page is not the one
// that comes with the embedded Swagger UI: that one has inline scripts, for
// which the policy would have to allow any.
func (a *api) docsRoutes() {
	a.mux.HandleFunc("GET /docs", policy(docsPolicy, page("docs.html", "text/html; charset=utf-8")))
	a.mux.HandleFunc("GET /docs/docs.js", page("docs.js", "text/javascript; charset=utf-8"))
	a.mux.Handle("GET /docs/{$}", http.RedirectHandler("/docs", http.StatusPermanentRedirect))
	swagger := v5emb.New("kursapp", "/openapi.json", "/docs/")
	for _, name := range swaggerFiles {
		a.mux.HandleFunc("GET /docs/"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Cache-Control"] = []string{"no-cache"} // statigz sends an ETag
			swagger.ServeHTTP(w, r)
		})
	}

	home := [...]http.HandlerFunc{
		german:  page("home.de.html", "text/html; charset=utf-8"),
		english: page("home.en.html", "text/html; charset=utf-8"),
	}
	a.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if a.UI != nil {
			w.Header().Add("Vary", "Accept")
			if prefersPage(r) {
				http.Redirect(w, r, uiRoot, http.StatusFound)
				return
			}
		}
		l := languageOf(r.Header.Get("Accept-Language"))
		markLanguage(w.Header(), l)
		home[l](w, r)
	})
}

// page serves one of the embedded pages.
func page(name, contentType string) http.HandlerFunc {
	body, err := pages.ReadFile("pages/" + name)
	if err != nil {
		panic(err) // the file is embedded: only a broken build gets here
	}
	serve := document(contentType, body)
	return func(w http.ResponseWriter, r *http.Request) {
		setPageHeaders(w.Header())
		serve(w, r)
	}
}

// setPageHeaders sets what only means something to a document that a person looks at.
func setPageHeaders(h http.Header) {
	h["Referrer-Policy"] = noReferrer
	h["X-Frame-Options"] = deny // for browsers that do not know frame-ancestors
}

var (
	noReferrer = []string{"no-referrer"}
	deny       = []string{"DENY"}
)

// policy replaces the Content-Security-Policy of the API by that of a page.
func policy(csp string, next http.HandlerFunc) http.HandlerFunc {
	value := []string{csp}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Security-Policy"] = value
		next(w, r)
	}
}
