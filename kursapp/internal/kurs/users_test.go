package kurs_test

import (
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestGetReadsThroughTheCache(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)

	first := w.get(t, user.ID)
	if first.Source != cache.SourceLoader || first.Value != user {
		t.Errorf("first read: %+v from %v; want %+v from the database", first.Value, first.Source, user)
	}
	second := w.get(t, user.ID)
	if second.Source == cache.SourceLoader || second.Value != user {
		t.Errorf("second read: %+v from %v; want %+v from the cache", second.Value, second.Source, user)
	}
	const want = `{"id":1,"name":"Max","email":"max@example.com"}`
	for what, raw := range map[string]string{
		"answer":     string(second.Raw),
		"Redis":      w.redisGet(t, "cache:user:1"),
		"first read": string(first.Raw),
	} {
		if raw != want {
			t.Errorf("%s: %s; want %s", what, raw, want)
		}
	}
	ttl, err := w.client.Do(t.Context(), w.client.B().Pttl().Key("cache:user:1").Build()).AsInt64()
	if err != nil || ttl <= 0 || ttl > 60_000 {
		t.Errorf("TTL %d ms, %v; want 1 to 60,000", ttl, err)
	}
}

func (w *world) redisGet(t *testing.T, key string) string {
	t.Helper()
	value, err := w.client.Do(t.Context(), w.client.B().Get().Key(key).Build()).ToString()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// That there is no such user is remembered, and forgotten when one registers.
func TestGetOfAnUnknownUser(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	for _, source := range []cache.Source{cache.SourceLoader, cache.SourceRedis} {
		e, err := w.users.Get(t.Context(), 1)
		wantCode(t, err, kurs.CodeUserNotFound)
		if e.Source != source {
			t.Errorf("%v said so, want %v", e.Source, source)
		}
	}
	_, err := w.users.GetFresh(t.Context(), 1)
	wantCode(t, err, kurs.CodeUserNotFound)
	if got := w.redisGet(t, "cache:user:1"); got != "null" {
		t.Errorf("Redis has %s", got)
	}
	user := w.register(t, "Max")
	if got := w.get(t, user.ID).Value; got != user {
		t.Errorf("got %+v, want %+v", got, user)
	}
}

func TestImpossibleIDCostsNoLoad(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	for _, id := range []int64{0, -1} {
		_, err := w.users.Get(t.Context(), id)
		wantCode(t, err, kurs.CodeUserNotFound)
		_, err = w.users.GetFresh(t.Context(), id)
		wantCode(t, err, kurs.CodeUserNotFound)
	}
	if n := w.store.calls.Load(); n != 0 {
		t.Errorf("the database was asked %d times", n)
	}
}

func TestGetFreshAsksTheDatabase(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	w.get(t, user.ID)
	// By hand, past the service.
	changed, err := w.store.RenameUser(t.Context(), user.ID, "Moritz")
	if err != nil {
		t.Fatal(err)
	}
	e, err := w.users.GetFresh(t.Context(), user.ID)
	if err != nil || e.Value != changed || e.Source != cache.SourceLoader || e.Reason != cache.ReasonBypass {
		t.Errorf("got %+v, %v; want %+v from the database, bypassing the cache", e, err, changed)
	}
	if got := w.get(t, user.ID).Value; got != changed {
		t.Errorf("the next read: %+v; want %+v", got, changed)
	}
}

func TestReadsGoOnWithoutRedis(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	w.redis.Kill(t)
	began := time.Now()
	if e := w.get(t, user.ID); e.Value != user || e.Source != cache.SourceLoader {
		t.Errorf("get: %+v from %v", e.Value, e.Source)
	}
	if e, err := w.users.GetFresh(t.Context(), user.ID); err != nil || e.Value != user {
		t.Errorf("get fresh: %+v, %v", e.Value, err)
	}
	if page, _ := w.page(t, 0, 10); len(page.Users) != 1 {
		t.Errorf("page: %+v", page)
	}
	if took := time.Since(began); took > slack {
		t.Errorf("took %v, want at most %v", took, slack)
	}
}

func TestReadsWithoutDatabase(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	w.get(t, user.ID)
	w.store.down.Store(true)
	if e := w.get(t, user.ID); e.Value != user {
		t.Errorf("a cached user: %+v, want %+v", e.Value, user)
	}
	_, err := w.users.Get(t.Context(), user.ID+1)
	wantCode(t, err, kurs.CodeUnavailable)
	_, err = w.users.GetFresh(t.Context(), user.ID)
	wantCode(t, err, kurs.CodeUnavailable)
	_, err = w.users.Page(t.Context(), 0, 10)
	wantCode(t, err, kurs.CodeUnavailable)
}
