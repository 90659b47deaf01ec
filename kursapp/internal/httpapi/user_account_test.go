package httpapi

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestAccountAndRole(t *testing.T) {
	t.Parallel()
	for _, mode := range []Mode{Production, Demo} {
		s := newSite(t, mode)
		if w := s.do(t, "GET", "/users/2/account", "", "Authorization", asAdmin); w.Code != 200 || body(w) != `{"id":2,"role":"user","created_at":"2026-05-01T12:00:00Z","has_password":true}` {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w := s.do(t, "PUT", "/users/2/role", `{"role":"admin"}`, "Authorization", asAdmin); w.Code != 200 || body(w) != `{"id":2,"role":"admin","created_at":"2026-05-01T12:00:00Z","has_password":true}` {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		s.accounts.role = func(context.Context, kurs.Actor, int64, kurs.Role) (kurs.AccountView, error) {
			return kurs.AccountView{}, kurs.ErrLastAdmin
		}
		w := s.do(t, "PUT", "/users/1/role", `{"role":"user"}`, "Authorization", asAdmin)
		if w.Code != 409 || problem(t, w).Detail != "Das ist der letzte Administrator. Ernenne vorher einen anderen." {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}

// What was let in before its body was there is looked at again, as in
// TestSessionThatEndsBeforeTheBodyIsThereChangesNothing.
func TestOperatorWhoseSessionEndsBeforeTheBodyChangesNothing(t *testing.T) {
	t.Parallel()
	for target, in := range map[string]string{
		"PUT /users/2/role": `{"role":"admin"}`, "POST /limits/reset": `{"rule":"data"}`,
		"POST /queues/email_queue/retries": `{"state":"dead"}`, "POST /queues/email_queue/deletions": `{"state":"dead"}`,
	} {
		s := newSite(t, Production)
		var ended atomic.Bool
		s.accounts.authenticate = func(context.Context, string) (kurs.Actor, error) {
			if ended.Load() {
				return kurs.Actor{}, kurs.ErrSessionInvalid
			}
			return kurs.Actor{UserID: 1, Role: kurs.RoleAdmin}, nil
		}
		s.accounts.role = func(context.Context, kurs.Actor, int64, kurs.Role) (kurs.AccountView, error) {
			t.Error("the role was changed")
			return kurs.AccountView{}, nil
		}
		s.queues.change = func(string, kurs.TaskSelection) (kurs.TasksChanged, error) {
			t.Error("tasks were changed")
			return kurs.TasksChanged{}, nil
		}
		method, path, _ := strings.Cut(target, " ")
		r := call{method, path, in, []string{"Authorization", asAdmin}}.request(t)
		r.Body = io.NopCloser(&slowBody{strings.NewReader(in), func() { ended.Store(true) }})
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 401 || len(s.limits.asked) != 0 {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

func TestSearchOfUsers(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	w := s.do(t, "GET", "/users?q=max", "")
	if w.Code != 200 || body(w) != `{"users":[{"id":1,"name":"Max","email":"max@example.com"}]}` || w.Header().Get("Cache-Status") != "kursapp; fwd=bypass; detail=database" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	s.users.search = func(_ context.Context, query string, after int64, limit int) (cache.Entry[kurs.UserPage], error) {
		if query != "ä b" || after != 1 || limit != 5 {
			t.Errorf("asked for %q after %d, %d at most", query, after, limit)
		}
		return cache.Entry[kurs.UserPage]{}, &kurs.Error{Code: kurs.CodeInvalid, Field: kurs.FieldQuery, Rule: kurs.RuleControlChar}
	}
	w = s.do(t, "GET", "/users?q=%C3%A4+b&cursor=MQ&limit=5", "", "Cache-Control", "no-cache")
	if p := problem(t, w); w.Code != 422 || p.Errors[0].Location != "query.q" {
		t.Errorf("%+v", p)
	}
	// An empty field searches for nothing.
	if w := s.do(t, "GET", "/users?q=", ""); w.Header().Get("Cache-Status") != "kursapp; hit; ttl=7; detail=redis" {
		t.Errorf("%v", w.Header())
	}
	if w := newSite(t, Production).do(t, "GET", "/users?q=max", "", "Authorization", "Bearer "+userToken); w.Code != 403 {
		t.Errorf("a user in production: %d", w.Code)
	}
}
