package httpapi

import (
	"context"
	"testing"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestPageIsTwentyByDefault(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	var asked int
	s.users.page = func(_ context.Context, _ int64, limit int) (cache.Entry[kurs.UserPage], error) {
		asked = limit
		return pageEntry(kurs.UserPage{Users: []kurs.User{}})
	}
	if w := s.do(t, "GET", "/users", ""); w.Code != 200 || body(w) != `{"users":[]}` {
		t.Errorf("status %d, body %s", w.Code, w.Body)
	}
	if asked != 20 {
		t.Errorf("asked for %d users", asked)
	}
}

func TestPageBehindACursor(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	const want = `{"users":[{"id":2,"name":"User 2","email":"user2@example.com"}]}`
	if w := s.do(t, "GET", "/users?limit=3&cursor=MQ", ""); w.Code != 200 || body(w) != want {
		t.Errorf("status %d, body %s", w.Code, w.Body)
	}
}

func TestPageShowsTheCache(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	w := s.do(t, "GET", "/users", "")
	tag := w.Header().Get("ETag")
	if got := w.Header().Get("Cache-Status"); got != "kursapp; hit; ttl=7; detail=redis" || tag == "" ||
		w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Server-Timing") != "cache;dur=0.4" {
		t.Errorf("headers %v", w.Header())
	}
	if w := s.do(t, "GET", "/users", "", "If-None-Match", tag); w.Code != 304 || w.Body.Len() != 0 || w.Header().Get("ETag") != tag {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
	if w := s.do(t, "GET", "/users", "", "Cache-Control", "no-cache"); w.Header().Get("Cache-Status") != "kursapp; fwd=bypass; stored; detail=database" {
		t.Errorf("headers %v", w.Header())
	}
}
