package httpapi

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// Headers that are remembered for an entry are those of this entry and this second.
func TestRememberedHeadersFollowTheEntry(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	var next cache.Entry[kurs.User]
	s.users.get = func(context.Context, int64) (cache.Entry[kurs.User], error) { return next, nil }
	first, second := []byte(`{"id":1,"name":"Max","email":"max@example.com"}`), []byte(`{"id":1,"name":"Eva","email":"max@example.com"}`)
	tags := map[string]string{}
	for _, tt := range []struct {
		raw    []byte
		ttl    time.Duration
		source cache.Source
		want   string
	}{
		{first, 57 * time.Second, cache.SourceLocal, "kursapp; hit; ttl=57; detail=local"},
		{first, 57*time.Second + 999*time.Millisecond, cache.SourceLocal, "kursapp; hit; ttl=57; detail=local"},
		{first, 56 * time.Second, cache.SourceLocal, "kursapp; hit; ttl=56; detail=local"},
		{first, 56 * time.Second, cache.SourceRedis, "kursapp; hit; ttl=56; detail=redis"},
		{second, 56 * time.Second, cache.SourceLocal, "kursapp; hit; ttl=56; detail=local"},
		{first[:20], 56 * time.Second, cache.SourceLocal, "kursapp; hit; ttl=56; detail=local"},
		{first, 56 * time.Second, cache.SourceLocal, "kursapp; hit; ttl=56; detail=local"},
	} {
		next = cache.Entry[kurs.User]{Raw: tt.raw, Source: tt.source, TTL: tt.ttl}
		w := s.do(t, "GET", "/users/1", "")
		if got := w.Header().Get("Cache-Status"); got != tt.want || w.Body.String() != string(tt.raw) {
			t.Errorf("%q for %q, want %q", got, w.Body, tt.want)
		}
		tag := w.Header().Get("ETag")
		if before, ok := tags[string(tt.raw)]; ok && before != tag {
			t.Errorf("the ETag of %q was %s and is %s", tt.raw, before, tag)
		}
		tags[string(tt.raw)] = tag
	}
	if len(tags) != 3 || tags[string(first)] == tags[string(second)] || tags[string(first)] == tags[string(first[:20])] {
		t.Errorf("ETags %v", tags)
	}
}

func TestRememberedHeadersOfManyEntriesAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	raws := make([][]byte, 2000) // more than there are slots
	for i := range raws {
		raws[i] = fmt.Appendf(nil, `{"id":%d}`, i)
	}
	s.users.get = func(_ context.Context, id int64) (cache.Entry[kurs.User], error) {
		return cache.Entry[kurs.User]{Raw: raws[id], Source: cache.SourceLocal, TTL: time.Minute}, nil
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := 1; i < len(raws); i++ {
				w := s.do(t, "GET", fmt.Sprintf("/users/%d", i), "")
				if want := string(appendETag(nil, raws[i])); w.Header().Get("ETag") != want || w.Body.String() != string(raws[i]) {
					t.Errorf("user %d: ETag %s, want %s", i, w.Header().Get("ETag"), want)
				}
			}
		})
	}
	wg.Wait()
}
