package httpapi

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Who asks, in the order of a route's verdicts: nobody, a user about itself, a user
// about another, an administrator about another.
var askers = []struct{ name, auth, id string }{
	{"anonymous", "", "2"},
	{"a user on itself", "Bearer " + userToken, "2"},
	{"a user on another", "Bearer " + userToken, "1"},
	{"an administrator", asAdmin, "2"},
}

// verdicts says for each asker what a route answers: 401, 403, or in for whatever else.
type verdicts [4]int

const in = 0

var (
	open     = verdicts{in, in, in, in}
	own      = verdicts{401, in, 403, in}  // what belongs to a user
	admins   = verdicts{401, 403, 403, in} // what is for administrators
	loggedIn = verdicts{401, in, in, in}   // what a session has of its own
)

// routes is who may do what, all of it, in production and in the demo.
var routes = map[string]struct {
	body             string
	production, demo verdicts
}{
	"GET /users/{id}":    {"", own, open},
	"PUT /users/{id}":    {`{"name":"N","email":"n@example.com"}`, own, open},
	"DELETE /users/{id}": {"", own, open},
	"GET /users":         {"", admins, open},
	"GET /audit":         {"", admins, open},

	"GET /users/{id}/account": {"", admins, open},
	"PUT /users/{id}/role":    {`{"role":"admin"}`, admins, admins},

	"GET /limits":        {"", admins, open},
	"POST /limits/state": {`{"rule":"data"}`, admins, open},
	"POST /limits/reset": {`{"rule":"data"}`, admins, open},

	"GET /queues":                     {"", admins, open},
	"GET /queues/{name}/tasks":        {"", admins, open},
	"GET /queues/{name}/tasks/{task}": {"", admins, open},
	"POST /queues/{name}/pause":       {"", admins, open},
	"POST /queues/{name}/resume":      {"", admins, open},
	"POST /queues/{name}/retries":     {`{"state":"dead"}`, admins, open},
	"POST /queues/{name}/deletions":   {`{"ids":["42"]}`, admins, open},

	"DELETE /users/{id}/sessions": {"", admins, admins},

	"GET /profile":          {"", loggedIn, loggedIn},
	"PUT /profile/password": {changeBody, loggedIn, loggedIn},
	"GET /sessions":         {"", loggedIn, loggedIn},
	"DELETE /sessions":      {"", loggedIn, loggedIn},
	"DELETE /sessions/{id}": {"", loggedIn, loggedIn},
	"POST /logout":          {"", loggedIn, loggedIn},

	"GET /cache/users/{id}": {"", admins, open}, "POST /cache/users/{id}/invalidation": {"", admins, open},
	"POST /cache/users/{id}/warming": {"", admins, open}, "POST /cache/users/{id}/stampede": {`{"readers":2}`, admins, open},
	"POST /comparisons": {`{"requests":100}`, admins, open}, "GET /comparisons/current": {"", admins, open}, "DELETE /comparisons/current": {"", admins, open},

	// What proves itself by what is in the body, or needs no proof.
	"POST /users":                         {`{"name":"N","email":"n@example.com","password":"lang genug"}`, open, open},
	"POST /login":                         {`{"email":"max@example.com","password":"test123"}`, open, open},
	"POST /web/login":                     {`{"email":"max@example.com","password":"test123"}`, open, open},
	"POST /web/logout":                    {"", open, open},
	"POST /email-confirmations":           {`{"token":"the-code"}`, open, open},
	"POST /password-resets":               {`{"email":"max@example.com"}`, open, open},
	"POST /password-resets/confirmations": {`{"token":"the-code","password":"lang genug"}`, open, open},
	"GET /health":                         {"", open, open},
	"GET /api/data":                       {"", open, open},

	"GET /web/me": {"", open, open}, "GET /web/live": {"", admins, open}, "GET /ui/{path...}": {"", open, open},

	"GET /{$}": {"", open, open}, "GET /openapi.json": {"", open, open}, "GET /openapi.yaml": {"", open, open},
	"GET /docs": {"", open, open}, "GET /docs/{$}": {"", open, open}, "GET /docs/docs.js": {"", open, open},
	"GET /docs/swagger-ui.css": {"", open, open}, "GET /docs/swagger-ui-bundle.js": {"", open, open}, "GET /docs/favicon-32x32.png": {"", open, open},

	// They know no code and change nothing; the routes above do.
	"GET /password-reset": {"", open, open}, "GET /email-confirmation": {"", open, open},
	"GET /pages/code.js": {"", open, open}, "GET /pages/code.css": {"", open, open},

	"POST /demo/mails": {`{"broken":true}`, open, open},
	"GET /demo/mails":  {"", open, open}, // in production there is nothing: see TestDemoRoutesAreMissingInProduction
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	for _, mode := range []Mode{Production, Demo} {
		s := newSite(t, mode)
		for route, want := range routes {
			method, pattern, _ := strings.Cut(route, " ")
			expected := want.production
			if mode == Demo {
				expected = want.demo
			}
			for i, asker := range askers {
				t.Run(fmt.Sprintf("mode %d/%s/%s", mode, route, asker.name), func(t *testing.T) {
					t.Parallel()
					var headers []string
					if asker.auth != "" {
						headers = []string{"Authorization", asker.auth}
					}
					id := asker.id
					if strings.HasPrefix(pattern, "/sessions/") {
						id = ownID
					}
					target := strings.NewReplacer("{id}", id, "{$}", "", "{name}", "email_queue", "{task}", "42", "{path...}", "").Replace(pattern)
					w := s.do(t, method, target, want.body, headers...)
					got := w.Code
					switch {
					case got == 401 || got == 403:
					case got < 400, got == 404 && mode == Production && strings.HasPrefix(target, "/demo/"):
						got = in
					default:
						t.Fatalf("status %d, %s: the request of the table is not right", w.Code, w.Body)
					}
					if got != expected[i] {
						t.Errorf("status %d, want %d", w.Code, expected[i])
					}
				})
			}
		}
	}
}

// A route that is not in the table fails here.
func TestEveryRouteIsInTheTable(t *testing.T) {
	t.Parallel()
	for _, mode := range []Mode{Production, Demo} {
		s := newSite(t, mode)
		a, err := newAPI(Deps{Users: s.users, Accounts: s.accounts, Sessions: tokens(), Limits: s.limits, Mailbox: fakeMailbox{}}, Config{Mode: mode, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		registered := slices.Clone(a.mux.patterns)
		for path, item := range at(t, spec(t, mode), "paths").(map[string]any) {
			for method := range item.(map[string]any) {
				registered = append(registered, strings.ToUpper(method)+" "+path)
			}
		}
		for _, route := range registered {
			if _, listed := routes[route]; !listed {
				t.Errorf("mode %d: who may do %s?", mode, route)
			}
		}
		for route := range maps.Keys(routes) {
			if !slices.Contains(registered, route) && (mode == Demo || !strings.Contains(route, "/demo/")) {
				t.Errorf("mode %d: there is no %s", mode, route)
			}
		}
	}
}

// A page of somebody else has an administrator's browser send whatever it can.
func TestNoForeignPageChangesAnything(t *testing.T) {
	t.Parallel()
	cookies := map[Mode]string{Production: productionCookie, Demo: demoCookie}
	for mode, cookie := range cookies {
		s := newSite(t, mode)
		for route, of := range routes {
			method, pattern, _ := strings.Cut(route, " ")
			if method == "GET" {
				continue
			}
			target := strings.NewReplacer("{id}", "2", "{name}", "email_queue").Replace(pattern)
			for _, from := range [][]string{
				{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
				{"Origin", "https://sister.example.com", "Sec-Fetch-Site", "same-site"},
				{"Origin", "null"},
				{"Origin", "https://evil.example", "Content-Type", "text/plain"},
			} {
				w := s.do(t, method, target, of.body, append([]string{"Cookie", cookie + "=" + adminToken}, from...)...)
				if p := problem(t, w); w.Code != 403 || !strings.Contains(p.Detail, "KURSAPP_CORS_ORIGINS") {
					t.Errorf("mode %d: %s from %v: %d %s", mode, route, from, w.Code, p.Detail)
				}
			}
		}
	}
}
