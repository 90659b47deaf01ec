package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestCacheStatusAndServerTiming(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for _, tt := range []struct {
		name           string
		entry          cache.Entry[kurs.User]
		status, timing string
	}{
		{
			"hit in Redis",
			cache.Entry[kurs.User]{Source: cache.SourceRedis, TTL: 57*time.Second + 900*ms, CacheTime: 400 * time.Microsecond},
			"kursapp; hit; ttl=57; detail=redis", "cache;dur=0.4",
		},
		{
			"hit that ends",
			cache.Entry[kurs.User]{Source: cache.SourceRedis, TTL: 300 * ms, CacheTime: 2 * ms},
			"kursapp; hit; ttl=0; detail=redis", "cache;dur=2",
		},
		{
			"hit in this process",
			cache.Entry[kurs.User]{Source: cache.SourceLocal, CacheTime: 500 * time.Nanosecond},
			"kursapp; hit; detail=local", "cache;dur=0",
		},
		{
			"miss",
			cache.Entry[kurs.User]{Source: cache.SourceLoader, Reason: cache.ReasonMiss, TTL: time.Minute, CacheTime: 400 * time.Microsecond, LoadTime: 1200 * time.Microsecond},
			"kursapp; fwd=miss; stored; detail=database", "cache;dur=0.4, db;dur=1.2",
		},
		{
			"miss whose fill was refused",
			cache.Entry[kurs.User]{Source: cache.SourceLoader, Reason: cache.ReasonMiss, LoadTime: ms},
			"kursapp; fwd=miss; detail=database", "cache;dur=0, db;dur=1",
		},
		{
			"miss that joined a load",
			cache.Entry[kurs.User]{Source: cache.SourceLoader, Reason: cache.ReasonMiss, TTL: time.Minute, Collapsed: true, LoadTime: ms},
			"kursapp; fwd=miss; stored; collapsed; detail=database", "cache;dur=0, db;dur=1",
		},
		{
			"undecodable entry",
			cache.Entry[kurs.User]{Source: cache.SourceLoader, Reason: cache.ReasonUndecodable, TTL: time.Minute, LoadTime: ms},
			"kursapp; fwd=miss; stored; detail=database", "cache;dur=0, db;dur=1",
		},
		{
			"bypass",
			cache.Entry[kurs.User]{Source: cache.SourceLoader, Reason: cache.ReasonBypass, TTL: time.Minute, LoadTime: ms},
			"kursapp; fwd=bypass; stored; detail=database", "cache;dur=0, db;dur=1",
		},
		{
			"Redis is gone",
			cache.Entry[kurs.User]{Source: cache.SourceLoader, Reason: cache.ReasonUnavailable, CacheTime: 3 * time.Microsecond, LoadTime: ms},
			"kursapp; fwd=bypass; detail=database", "cache;dur=0.003, db;dur=1",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Demo)
			tt.entry.Raw = []byte(`{"id":1}`)
			s.users.get = func(context.Context, int64) (cache.Entry[kurs.User], error) { return tt.entry, nil }
			h := s.do(t, "GET", "/users/1", "").Header()
			if h.Get("Cache-Status") != tt.status || h.Get("Server-Timing") != tt.timing {
				t.Errorf("Cache-Status %q, Server-Timing %q\nwant %q, %q", h.Get("Cache-Status"), h.Get("Server-Timing"), tt.status, tt.timing)
			}
			if got := h.Get("Cache-Control"); got != "private, no-cache" {
				t.Errorf("Cache-Control %q", got)
			}
		})
	}
}

func TestAnswerIsWhatLiesInTheCache(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	raw := `{"email":"max@example.com", "id":1,"name":"M\u00fcller","more":null}`
	s.users.get = func(context.Context, int64) (cache.Entry[kurs.User], error) {
		return cache.Entry[kurs.User]{Value: max1, Raw: []byte(raw), Source: cache.SourceRedis}, nil
	}
	if w := s.do(t, "GET", "/users/1", ""); w.Body.String() != raw {
		t.Errorf("body %s", w.Body)
	}
}

func TestNoCacheReadsTheDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	s.users.fresh = func(_ context.Context, id int64) (cache.Entry[kurs.User], error) {
		if id == 77 {
			return cache.Entry[kurs.User]{Source: cache.SourceLoader, Reason: cache.ReasonBypass}, kurs.ErrUserNotFound
		}
		return cache.Entry[kurs.User]{Raw: []byte(`{"fresh":true}`), Source: cache.SourceLoader, Reason: cache.ReasonBypass}, nil
	}
	for _, tt := range []struct {
		value string
		fresh bool
	}{
		{"no-cache", true},
		{"No-Cache", true},
		{"max-age=0, no-cache", true},
		{"no-store", true},
		{"max-age=0", false},
		{"only-if-cached", false},
		{"x-no-cache", false},
		{"", false},
	} {
		w := s.do(t, "GET", "/users/1", "", "Cache-Control", tt.value)
		if fresh := w.Body.String() == `{"fresh":true}`; fresh != tt.fresh {
			t.Errorf("Cache-Control %q: fresh is %v", tt.value, fresh)
		}
	}
	w := s.do(t, "GET", "/users/77", "", "Cache-Control", "no-cache")
	if got := w.Header().Get("Cache-Status"); w.Code != 404 || got != "kursapp; fwd=bypass; detail=database" {
		t.Errorf("unknown user: status %d, Cache-Status %q", w.Code, got)
	}
}

func TestUnknownUserHasACacheStatus(t *testing.T) {
	t.Parallel()
	w := newSite(t, Demo).do(t, "GET", "/users/77", "")
	if got := w.Header().Get("Cache-Status"); w.Code != 404 || got != "kursapp; fwd=miss; detail=database" {
		t.Errorf("status %d, Cache-Status %q", w.Code, got)
	}
	s := newSite(t, Demo)
	s.users.get = func(context.Context, int64) (cache.Entry[kurs.User], error) {
		return cache.Entry[kurs.User]{Source: cache.SourceRedis, TTL: 7 * time.Second}, kurs.ErrUserNotFound
	}
	w = s.do(t, "GET", "/users/77", "")
	if got := w.Header().Get("Cache-Status"); w.Code != 404 || got != "kursapp; hit; ttl=7; detail=redis" {
		t.Errorf("remembered: status %d, Cache-Status %q", w.Code, got)
	}
	s.users.get = func(context.Context, int64) (cache.Entry[kurs.User], error) {
		return cache.Entry[kurs.User]{}, kurs.ErrUserNotFound // an id that cannot be: nobody was asked
	}
	w = s.do(t, "GET", "/users/0", "")
	if got := w.Header().Values("Cache-Status"); w.Code != 404 || len(got) != 0 {
		t.Errorf("impossible: status %d, Cache-Status %q", w.Code, got)
	}
}

func TestETag(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	first := s.do(t, "GET", "/users/1", "")
	tag := first.Header().Get("ETag")
	if !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) || len(tag) < 10 {
		t.Fatalf("ETag %s", tag)
	}
	if other := s.do(t, "GET", "/users/2", "").Header().Get("ETag"); other == tag {
		t.Errorf("two users share the ETag %s", tag)
	}
	if again := newSite(t, Demo).do(t, "GET", "/users/1", "").Header().Get("ETag"); again != tag {
		t.Errorf("another instance has the ETag %s, not %s", again, tag)
	}
	for _, tt := range []struct {
		ifNoneMatch string
		status      int
	}{
		{tag, 304},
		{"W/" + tag, 304},
		{`"other", ` + tag, 304},
		{`"a,b",W/"c" , ` + tag + `, "d"`, 304},
		{"*", 304},
		{" * ", 304},
		{`"other"`, 200},
		{strings.Trim(tag, `"`), 200},
		{"", 200},
	} {
		w := s.do(t, "GET", "/users/1", "", "If-None-Match", tt.ifNoneMatch)
		if w.Code != tt.status {
			t.Errorf("If-None-Match %s: status %d, want %d", tt.ifNoneMatch, w.Code, tt.status)
		}
		if w.Header().Get("ETag") != tag || w.Header().Get("Cache-Status") == "" {
			t.Errorf("If-None-Match %s: headers %v", tt.ifNoneMatch, w.Header())
		}
		if w.Code == 304 && (w.Body.Len() != 0 || w.Header().Get("Content-Type") != "") {
			t.Errorf("304 with a body of %d bytes and Content-Type %q", w.Body.Len(), w.Header().Get("Content-Type"))
		}
	}
	if w := s.do(t, "GET", "/users/1", "", "If-None-Match", `"x"`, "If-None-Match", tag); w.Code != 304 {
		t.Errorf("the second of two header lines is not read: status %d", w.Code)
	}
	if w := s.do(t, "GET", "/users/77", "", "If-None-Match", "*"); w.Code != 404 {
		t.Errorf("an unknown user matches *: status %d", w.Code)
	}
}

func FuzzIfNoneMatch(f *testing.F) {
	for _, seed := range []string{"", "*", `"abc"`, `W/"abc"`, `"a", "abc"`, `"a,b" "abc"`, `"`, `W/`, `,,,"abc"`, `"abc`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		const tag = `"abc"`
		got := matches([]string{line}, tag)
		if got && !strings.Contains(line, tag) && strings.Trim(line, " \t") != "*" {
			t.Errorf("%q matches %s", line, tag)
		}
		if !matches([]string{line, tag}, tag) {
			t.Errorf("%q hides the line after it", line)
		}
	})
}

func TestHeadAnswersLikeGet(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for _, path := range []string{"/health", "/users/1", "/users", "/docs", "/", "/password-reset", "/email-confirmation", "/pages/code.js", "/openapi.json", "/api/data", "/demo/mails"} {
		ask := func(method string) (status int, h http.Header) {
			r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			w, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = w.Body.Close() }()
			return w.StatusCode, w.Header
		}
		_, get := ask(http.MethodGet)
		status, head := ask(http.MethodHead)
		if status != http.StatusOK || head.Get("Content-Type") != get.Get("Content-Type") || head.Get("ETag") != get.Get("ETag") {
			t.Errorf("HEAD %s: %d %v, GET: %v", path, status, head, get)
		}
	}
}
