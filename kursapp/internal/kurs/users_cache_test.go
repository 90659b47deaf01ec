package kurs_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestInspectWarmInvalidate(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	raw := func(id int64) string {
		t.Helper()
		in, err := w.users.Inspect(t.Context(), id)
		if err != nil || in.Redis.Present && (in.Redis.TTL <= 0 || in.Redis.TTL > time.Minute) {
			t.Fatalf("inspect: %+v, %v", in, err)
		}
		return string(in.Redis.Raw)
	}
	if got := raw(user.ID); got != "" {
		t.Errorf("nothing was read yet and Redis has %s", got)
	}
	if err := w.users.Warm(t.Context(), user.ID); err != nil {
		t.Fatal(err)
	}
	if got := raw(user.ID); got != `{"id":1,"name":"Max","email":"max@example.com"}` {
		t.Errorf("after warming: %s", got)
	}
	// What lies there is replaced, not believed.
	if _, err := w.store.RenameUser(t.Context(), user.ID, "Moritz"); err != nil {
		t.Fatal(err)
	}
	if err := w.users.Warm(t.Context(), user.ID); err != nil {
		t.Fatal(err)
	}
	if got := raw(user.ID); got != `{"id":1,"name":"Moritz","email":"max@example.com"}` {
		t.Errorf("after warming again: %s", got)
	}
	if err := w.users.Invalidate(t.Context(), user.ID); err != nil {
		t.Fatal(err)
	}
	if got := raw(user.ID); got != "" {
		t.Errorf("after invalidating: %s", got)
	}
	wantCode(t, w.users.Warm(t.Context(), 404), kurs.CodeUserNotFound)
	if got := raw(404); got != "null" {
		t.Errorf("that there is no such user is not remembered: %s", got)
	}
}

func TestCacheOperationsOnImpossibleIDs(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	for _, id := range []int64{0, -1} {
		_, err := w.users.Inspect(t.Context(), id)
		wantCode(t, err, kurs.CodeUserNotFound)
		wantCode(t, w.users.Invalidate(t.Context(), id), kurs.CodeUserNotFound)
		wantCode(t, w.users.Warm(t.Context(), id), kurs.CodeUserNotFound)
		_, err = w.users.Stampede(t.Context(), id, 2)
		wantCode(t, err, kurs.CodeUserNotFound)
	}
}

// None of them says that it was done when it was not.
func TestCacheOperationsWithoutRedis(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	w.redis.Kill(t)
	in, err := w.users.Inspect(t.Context(), user.ID)
	wantCode(t, err, kurs.CodeUnavailable)
	if in.Key != "cache:user:1" {
		t.Errorf("inspected %q", in.Key)
	}
	wantCode(t, w.users.Invalidate(t.Context(), user.ID), kurs.CodeUnavailable)
	wantCode(t, w.users.Warm(t.Context(), user.ID), kurs.CodeUnavailable)
	_, err = w.users.Stampede(t.Context(), user.ID, 2)
	wantCode(t, err, kurs.CodeUnavailable)
}

func TestCacheOperationsWithoutDatabase(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	w.get(t, user.ID)
	w.store.down.Store(true)
	wantCode(t, w.users.Warm(t.Context(), user.ID), kurs.CodeUnavailable)
	_, err := w.users.Stampede(t.Context(), user.ID, 10)
	wantCode(t, err, kurs.CodeUnavailable)
}

// heldStore holds up reads of users until it is let go.
type heldStore struct {
	kurs.Store
	began chan struct{}
	goOn  chan struct{}
	once  sync.Once
}

func hold(w *world) *heldStore {
	h := &heldStore{Store: w.store.Store, began: make(chan struct{}), goOn: make(chan struct{})}
	w.store.Store = h
	return h
}

func (h *heldStore) User(ctx context.Context, id int64) (kurs.User, error) {
	h.once.Do(func() { close(h.began) })
	select {
	case <-h.goOn:
		return h.Store.User(ctx, id)
	case <-ctx.Done():
		return kurs.User{}, ctx.Err()
	}
}

func TestStampedeOfManyIsOneLoad(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	h := hold(w)
	type outcome struct {
		s   kurs.Stampede
		err error
	}
	first := make(chan outcome, 1)
	go func() {
		s, err := w.users.Stampede(t.Context(), user.ID, 100)
		first <- outcome{s, err}
	}()
	eventually(t, "all readers need the database", func() bool { return w.users.CacheStats()["users"].Misses == 100 })
	_, err := w.users.Stampede(t.Context(), user.ID, 2)
	wantCode(t, err, kurs.CodeStampedeRunning)
	close(h.goOn)
	o := <-first
	if o.err != nil {
		t.Fatal(o.err)
	}
	// One who lingers between its look at Redis and the queue of those who wait may
	// find the entry after all.
	s := o.s
	if s.Readers != 100 || s.Loads != 1 || s.Collapsed == 0 || s.Collapsed+s.FromRedis != 99 || s.FromLocal != 0 || s.Errors != 0 || s.Duration <= 0 {
		t.Errorf("got %+v", s)
	}
	if calls := w.store.calls.Load(); calls != 2 { // CreateUser, too
		t.Errorf("the database was asked %d times, want 2", calls)
	}
	if s, err := w.users.Stampede(t.Context(), user.ID, 1); err != nil || s.Loads != 1 || s.Collapsed != 0 {
		t.Errorf("the next one: %+v, %v", s, err)
	}
}

// It begins with nothing, whatever was there.
func TestStampedeInvalidatesFirst(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	w.get(t, user.ID)
	s, err := w.users.Stampede(t.Context(), user.ID, 1000)
	if err != nil || s.Readers != kurs.MaxStampedeReaders || s.Loads < 1 || s.Errors != 0 {
		t.Errorf("got %+v, %v", s, err)
	}
	if e := w.get(t, user.ID); e.Source != cache.SourceRedis {
		t.Errorf("afterwards %v answers", e.Source)
	}
	_, err = w.users.Stampede(t.Context(), 404, 10)
	wantCode(t, err, kurs.CodeUserNotFound)
}

// A caller that goes away ends its stampede, and the next one may run.
func TestStampedeEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	h := hold(w)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := w.users.Stampede(ctx, user.ID, 10)
		failed <- err
	}()
	<-h.began
	cancel()
	if err := <-failed; err == nil {
		t.Error("no error")
	}
	close(h.goOn)
	if s, err := w.users.Stampede(t.Context(), user.ID, 10); err != nil || s.Errors != 0 {
		t.Errorf("the next one: %+v, %v", s, err)
	}
}
