package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// The tags that group the routes in the document.
const (
	tagUsers    = "Users"
	tagSessions = "Sessions"
	tagData     = "Rate limit"
	tagCache    = "Cache"
	tagBrowser  = "Browser"
	tagHealth   = "Health"
	tagTasks    = "Tasks"
	tagDemo     = "Demo"
)

// The security requirements that operations refer to.
var (
	anySession    = []map[string][]string{{"bearer": {}}, {"cookie": {}}}
	bearerSession = []map[string][]string{{"bearer": {}}}
)

// humaConfig configures huma so that bodies hold no $schema link, nothing loads
// from a CDN, and the document is served by serveDocument.
func humaConfig(c Config) huma.Config {
	config := huma.DefaultConfig("kursapp", c.Version)
	config.CreateHooks = nil
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.SchemasPath = ""
	config.DocsPath = ""
	config.OpenAPIPath = ""
	config.Info.Description = "Users, sessions, rate limits and mails: PostgreSQL is the source of truth, Redis the speed layer. " +
		"Texts are German; with `Accept-Language: en` they are English. Errors are RFC 9457 problems. " +
		"Where the server limits all requests of a client, every route but /health may answer 429."
	cookieName := productionCookie
	if c.Mode == Demo {
		cookieName = demoCookie
	}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", Description: "The token of /login."},
		"cookie": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "The cookie of /web/login."},
	}
	config.Tags = []*huma.Tag{
		{Name: tagUsers}, {Name: tagSessions}, {Name: tagData}, {Name: tagTasks}, {Name: tagCache}, {Name: tagBrowser}, {Name: tagHealth},
	}
	if c.Mode == Demo {
		config.Tags = append(config.Tags, &huma.Tag{Name: tagDemo, Description: "These routes do not exist in production."})
	}
	return config
}

// userSchema returns the schema of kurs.User, with the examples that the domain
// has no tags for.
func (a *api) userSchema() *huma.Schema {
	registry := a.huma.OpenAPI().Components.Schemas
	ref := registry.Schema(reflect.TypeFor[kurs.User](), true, "User")
	user := registry.SchemaFromRef(ref.Ref)
	user.Properties["id"].Examples = []any{1}
	user.Properties["name"].Examples = []any{"Max"}
	user.Properties["email"].Examples = []any{"max@example.com"}
	return ref
}

// documentErrors gives an operation that huma.Register does not see the error
// responses that its Errors list.
func (a *api) documentErrors(op *huma.Operation) {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	for _, status := range op.Errors {
		op.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema}},
		}
	}
}

// Document returns the OpenAPI document that a server of a mode and version serves, as
// JSON. Only the demo has all routes.
func Document(m Mode, version string) ([]byte, error) {
	// Without a mailbox there are no routes for its mails. Nobody calls it here.
	a := apiOf(Deps{Mailbox: struct{ Mailbox }{}}, Config{Mode: m, Version: version})
	return json.Marshal(a.huma.OpenAPI())
}

// serveDocument serves the OpenAPI document. It is rendered once, with the first request
// for it: that takes longer than everything else that a server does at its start. huma's
// own handler does so without a lock.
func (a *api) serveDocument() {
	type forms struct{ json, yaml http.HandlerFunc }
	render := sync.OnceValues(func() (f forms, err error) {
		asJSON, err := json.Marshal(a.huma.OpenAPI())
		if err != nil {
			return f, fmt.Errorf("OpenAPI document: %w", err)
		}
		asYAML, err := a.huma.OpenAPI().YAML()
		if err != nil {
			return f, fmt.Errorf("OpenAPI document: %w", err)
		}
		return forms{document("application/json", asJSON), document("application/yaml", asYAML)}, nil
	})
	serve := func(of func(forms) http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			f, err := render()
			if err != nil {
				fail(w, r, err)
				return
			}
			of(f)(w, r)
		}
	}
	a.mux.HandleFunc("GET /openapi.json", serve(func(f forms) http.HandlerFunc { return f.json }))
	a.mux.HandleFunc("GET /openapi.yaml", serve(func(f forms) http.HandlerFunc { return f.yaml }))
}

// document serves bytes that change only with the binary.
func document(contentType string, body []byte) http.HandlerFunc {
	tag := string(appendETag(nil, body))
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Cache-Control"] = []string{"no-cache"}
		h["Etag"] = []string{tag}
		if matches(r.Header["If-None-Match"], tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h["Content-Type"] = []string{contentType}
		// A client that is gone is nobody's error.
		_, _ = w.Write(body)
	}
}
