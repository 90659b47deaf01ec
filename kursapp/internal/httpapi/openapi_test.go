package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// spec decodes the document.
func spec(tb testing.TB, mode Mode) map[string]any {
	tb.Helper()
	w := newSite(tb, mode).do(tb, "GET", "/openapi.json", "")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
		tb.Fatalf("%d %v", w.Code, w.Header())
	}
	var doc map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		tb.Fatal(err)
	}
	return doc
}

// at follows keys into a decoded JSON value.
func at(tb testing.TB, v any, keys ...string) any {
	tb.Helper()
	for i, k := range keys {
		m, ok := v.(map[string]any)
		if !ok || m[k] == nil {
			tb.Fatalf("nothing at %s", strings.Join(keys[:i+1], " → "))
		}
		v = m[k]
	}
	return v
}

func TestDocumentHasEveryRouteOfTheContract(t *testing.T) {
	t.Parallel()
	for _, mode := range []Mode{Production, Demo} {
		doc := spec(t, mode)
		if v := at(t, doc, "openapi"); v != "3.1.0" {
			t.Errorf("openapi %v", v)
		}
		if v := at(t, doc, "info", "version"); v != "1.2.3" {
			t.Errorf("version %v", v)
		}
		for _, tt := range []struct{ path, method, statuses string }{
			{"/health", "get", "200"},
			{"/users/{id}", "get", "200 304 404 422 500 503"},
			{"/users/{id}", "put", "200 404 409 422 429 500 503"},
			{"/users/{id}", "delete", "200 404 422 500 503"},
			{"/users", "post", "201 409 422 429 500 503"},
			{"/users", "get", "200 422 500 503"},
			{"/login", "post", "200 400 401 422 429 500 503"},
			{"/profile", "get", "200 304 401 500 503"},
			{"/logout", "post", "200 401 500 503"},
			{"/api/data", "get", "200 429 500 503"},
			{"/web/login", "post", "200 400 401 403 422 429 500 503"},
			{"/web/logout", "post", "200 403 500 503"},
			{"/email-confirmations", "post", "200 409 422 429 500 503"},
			{"/audit", "get", "200 422 500 503"},
			{"/users/{id}/account", "get", "200 404 422 500 503"},
			{"/users/{id}/role", "put", "200 401 403 404 409 422 500 503"},
			{"/limits", "get", "200 500 503"},
			{"/limits/state", "post", "200 422 500 503"},
			{"/limits/reset", "post", "200 422 500 503"},
			{"/queues", "get", "200 500 503"},
			{"/queues/{name}/tasks", "get", "200 404 422 500 503"},
			{"/queues/{name}/tasks/{task}", "get", "200 404 422 500 503"},
			{"/queues/{name}/pause", "post", "200 404 422 500 503"},
			{"/queues/{name}/resume", "post", "200 404 422 500 503"},
			{"/queues/{name}/retries", "post", "200 404 409 422 500 503"},
			{"/queues/{name}/deletions", "post", "200 404 422 500 503"},
			{"/cache/users/{id}", "get", "200 404 422 500 503"},
			{"/cache/users/{id}/invalidation", "post", "200 404 422 500 503"},
			{"/cache/users/{id}/warming", "post", "200 404 422 500 503"},
			{"/cache/users/{id}/stampede", "post", "200 404 409 422 500 503"},
			{"/comparisons", "post", "202 404 409 422 500 503"},
			{"/comparisons/current", "get", "200 404 500"},
			{"/comparisons/current", "delete", "200 404 500 503"},
			{"/sessions", "get", "200 401 500 503"},
			{"/sessions", "delete", "200 401 500 503"},
			{"/users/{id}/sessions", "delete", "200 401 403 404 422 500 503"},
			{"/sessions/{id}", "delete", "200 401 404 500 503"},
			{"/profile/password", "put", "200 401 422 429 500 503"},
			{"/password-resets", "post", "202 422 429 500 503"},
			{"/password-resets/confirmations", "post", "200 422 429 500 503"},
		} {
			op := at(t, doc, "paths", tt.path, tt.method)
			if at(t, op, "summary") == "" || at(t, op, "operationId") == "" {
				t.Errorf("%s %s has no summary or id", tt.method, tt.path)
			}
			responses := at(t, op, "responses").(map[string]any)
			for status := range strings.FieldsSeq(tt.statuses) {
				content := at(t, responses, status)
				if status >= "400" {
					at(t, content, "content", "application/problem+json", "schema")
				}
			}
			guarded := mode == Production && (strings.HasPrefix(tt.path, "/users") || tt.path == "/audit" ||
				slices.Contains([]string{"cache", "comparisons", "limits", "queues"}, strings.Split(tt.path, "/")[1])) && tt.method+tt.path != "post/users"
			for _, status := range []string{"401", "403"} {
				if _, has := responses[status]; guarded && !has {
					t.Errorf("%s %s has no response %s", tt.method, tt.path, status)
				}
			}
			_, secured := op.(map[string]any)["security"]
			own := tt.path == "/logout" || tt.path == "/users/{id}/role" || strings.HasPrefix(tt.path, "/profile") || strings.Contains(tt.path, "/sessions")
			if want := guarded || own; secured != want {
				t.Errorf("mode %d, %s %s: security is %v", mode, tt.method, tt.path, secured)
			}
		}
		_, hasMails := at(t, doc, "paths").(map[string]any)["/demo/mails"]
		if hasMails != (mode == Demo) {
			t.Errorf("mode %d: /demo/mails is there: %v", mode, hasMails)
		}
	}
}

// What is printed without a server is what a server says.
func TestDocumentNeedsNoServer(t *testing.T) {
	t.Parallel()
	for _, mode := range []Mode{Production, Demo} {
		got, err := Document(mode, "1.2.3")
		if err != nil {
			t.Fatal(err)
		}
		if want := newSite(t, mode).do(t, "GET", "/openapi.json", "").Body.Bytes(); !bytes.Equal(got, want) {
			t.Errorf("mode %d: %d bytes, and the server says %d others", mode, len(got), len(want))
		}
	}
}

// TestDocumentMentionsNothingOfHuma walks the whole document.
func TestDocumentMentionsNothingOfHuma(t *testing.T) {
	t.Parallel()
	doc := spec(t, Demo)
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, child := range v {
				if k == "$schema" || k == "ErrorModel" || k == "ErrorDetail" {
					t.Errorf("%s has %s", path, k)
				}
				walk(path+"/"+k, child)
			}
		case []any:
			for _, child := range v {
				walk(path+"/[]", child)
			}
		case string:
			if strings.Contains(v, "huma") || strings.Contains(v, "$schema") {
				t.Errorf("%s is %q", path, v)
			}
		}
	}
	walk("", doc)

	// The shapes that clients generate types from.
	schemas := at(t, doc, "components", "schemas")
	for name, want := range map[string]string{
		"User": "email id name", "UserPage": "users", "MessageBody": "message", "TokenBody": "message token",
		"ProfileBody": "email name user_id", "Problem": "detail status title", "Registration": "email name password",
		"PasswordChange": "new_password old_password", "PasswordResetRequest": "email", "PasswordReset": "password token",
		"UserChange": "email name", "Login": "email password",
	} {
		var required []string
		for _, field := range at(t, schemas, name, "required").([]any) {
			required = append(required, field.(string))
		}
		slices.Sort(required)
		if got := strings.Join(required, " "); got != want {
			t.Errorf("%s requires %s, want %s", name, got, want)
		}
	}
}

func TestDocumentAsYAML(t *testing.T) {
	t.Parallel()
	w := newSite(t, Demo).do(t, "GET", "/openapi.yaml", "")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/yaml" || !strings.Contains(w.Body.String(), "openapi: 3.1.0\n") || !strings.Contains(w.Body.String(), "  /users/{id}:\n") {
		t.Errorf("%d %v %.300s", w.Code, w.Header(), w.Body)
	}
	again := newSite(t, Demo).do(t, "GET", "/openapi.yaml", "", "If-None-Match", w.Header().Get("ETag"))
	if again.Code != http.StatusNotModified {
		t.Errorf("with its ETag: %d", again.Code)
	}
}

var (
	sources = regexp.MustCompile(`(?:src|href)="([^"]*)"`)
	inline  = regexp.MustCompile(`<script(?:\s[^>]*)?>[^<]|<style|\son\w+=|style=`)
)

// TestPagesLoadNothingFromOutside follows every reference of every page.
func TestPagesLoadNothingFromOutside(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	for _, page := range []struct {
		target, language string
		refs             int // at least
	}{{"/docs", "", 3}, {"/", "de", 3}, {"/", "en", 3}, {"/password-reset", "de", 2}, {"/email-confirmation", "en", 2}} {
		w := s.do(t, "GET", page.target, "", "Accept-Language", page.language)
		html := w.Body.String()
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Fatalf("%s: %d %v", page.target, w.Code, w.Header())
		}
		if inline.MatchString(html) {
			t.Errorf("%s has inline script or style, which its policy blocks", page.target)
		}
		refs := sources.FindAllStringSubmatch(html, -1)
		if len(refs) < page.refs {
			t.Fatalf("%s refers to %v", page.target, refs)
		}
		for _, ref := range refs {
			u, err := url.Parse(ref[1])
			if err != nil || u.Scheme != "" || u.Host != "" {
				t.Errorf("%s refers to %s", page.target, ref[1])
				continue
			}
			if w := s.do(t, "GET", (&url.URL{Path: page.target}).ResolveReference(u).Path, "", "Accept-Encoding", "gzip"); w.Code != 200 || w.Body.Len() == 0 {
				t.Errorf("%s refers to %s: %d", page.target, ref[1], w.Code)
			}
		}
	}
}

func TestDocsAllowOnlyTheirOwnScripts(t *testing.T) {
	t.Parallel()
	w := newSite(t, Demo).do(t, "GET", "/docs", "")
	csp := w.Header().Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'"} {
		if !strings.Contains(csp, part) {
			t.Errorf("%s is not in %s", part, csp)
		}
	}
	script, err := os.ReadFile("pages/docs.js")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(script), "validatorUrl: null") {
		t.Error("Swagger UI would send the document to its validator")
	}
	if w := newSite(t, Demo).do(t, "GET", "/docs/", ""); w.Code != http.StatusPermanentRedirect || w.Header().Get("Location") != "/docs" {
		t.Errorf("/docs/: %d, Location %q", w.Code, w.Header().Get("Location"))
	}
}

func TestStartPageNamesDocs(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	for language, want := range map[string]string{"": "kursapp läuft", "en": "kursapp is running"} {
		w := s.do(t, "GET", "/", "", "Accept-Language", language)
		if !strings.Contains(w.Body.String(), want) || !strings.Contains(w.Body.String(), `href="/docs"`) || w.Header().Get("Vary") != "Accept-Language" {
			t.Errorf("%q: %v %s", language, w.Header(), w.Body)
		}
	}
}
