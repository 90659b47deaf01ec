package kurs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/outbox"
)

// relay hands everything in the outbox to the caches, once.
func (w *world) relay(t *testing.T) (errs []error) {
	t.Helper()
	if _, _, err := w.outbox.Take(t.Context(), 1000, func(ctx context.Context, rows []outbox.Row) []error {
		errs = make([]error, len(rows))
		for i, row := range rows {
			if row.Target != kurs.OutboxSessions {
				errs[i] = w.users.Forget(ctx, rows[i:i+1])[0]
			}
		}
		return errs
	}); err != nil {
		t.Fatal(err)
	}
	return errs
}

// TestRowsOfTheOutboxReachTheCaches writes past the service.
func TestRowsOfTheOutboxReachTheCaches(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	u := w.add(t, "Max", kurs.RoleUser)
	w.relay(t)
	for _, c := range []struct {
		name   string
		change func() error
	}{
		{"rename", func() error { _, err := w.store.Store.RenameUser(t.Context(), u.ID, "Moritz"); return err }},
		{"delete", func() error { return w.store.Store.DeleteUser(t.Context(), u.ID) }},
	} {
		name, change := c.name, c.change
		before, errBefore := w.users.Get(t.Context(), u.ID)
		page, err := w.users.Page(t.Context(), 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		stale, errStale := w.users.Get(t.Context(), u.ID)
		if stale.Value != before.Value || !errors.Is(errStale, errBefore) {
			t.Errorf("%s: nothing was cached: %+v", name, stale)
		}
		for _, err := range w.relay(t) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		fresh, errFresh := w.users.Get(t.Context(), u.ID)
		want, errWant := w.store.Store.User(t.Context(), u.ID)
		if fresh.Value != want || !errors.Is(errFresh, errWant) {
			t.Errorf("%s: got %+v (%v), want %+v (%v)", name, fresh.Value, errFresh, want, errWant)
		}
		if again, err := w.users.Page(t.Context(), 0, 10); err != nil || fmt.Sprint(again.Value) == fmt.Sprint(page.Value) {
			t.Errorf("%s: the page is still %+v (%v)", name, again.Value, err)
		}
	}
}

func TestManyUsersAreForgottenInOneExchange(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	var rows []outbox.Row
	for id := range int64(300) {
		row := outbox.Row{ID: 2 * id, Kind: outbox.KindInvalidate, Target: "user", Key: fmt.Sprint(id%200 + 1)}
		rows = append(rows, row, outbox.Row{ID: 2*id + 1, Kind: outbox.KindInvalidateTag, Target: "users", Key: "all"})
	}
	before := w.client.calls.Load()
	for _, err := range w.users.Forget(t.Context(), rows) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := w.client.calls.Load() - before; n != 2 {
		t.Errorf("%d round trips, want one for the users and one for the pages", n)
	}
	if s := w.users.CacheStats()["users"]; s.Invalidated != 200 {
		t.Errorf("%d users invalidated, want each of 200 once", s.Invalidated)
	}
}

func TestRowsThatNobodyUnderstandsHarmNoOthers(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	u := w.add(t, "Max", kurs.RoleUser)
	w.get(t, u.ID)
	errs := w.users.Forget(t.Context(), []outbox.Row{
		{ID: 1, Kind: outbox.KindInvalidate, Target: "user", Key: "max"},
		{ID: 2, Kind: outbox.KindInvalidate, Target: "orders", Key: "1"},
		{ID: 3, Kind: outbox.KindInvalidate, Target: "user", Key: "1"},
		{ID: 4, Kind: "frobnicate", Target: "user", Key: "1"},
	})
	for i, refused := range []bool{true, true, false, true} {
		if errors.Is(errs[i], outbox.ErrRefused) != refused || (errs[i] != nil) != refused {
			t.Errorf("row %d: %v", i+1, errs[i])
		}
	}
	if keys := w.keysWith(t, "cache:user:"); len(keys) != 0 {
		t.Errorf("still there: %v", keys)
	}
}

func TestForgetWithoutRedisFailsForEachRow(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	w.redis.Kill(t)
	errs := w.users.Forget(t.Context(), []outbox.Row{
		{ID: 1, Kind: outbox.KindInvalidate, Target: "user", Key: "1"},
		{ID: 2, Kind: outbox.KindInvalidateTag, Target: "users", Key: "all"},
		{ID: 3, Kind: outbox.KindInvalidateAll, Target: "user"},
		{ID: 4, Kind: outbox.KindInvalidate, Target: "orders", Key: "1"},
	})
	for i, err := range errs[:3] {
		if !errors.Is(err, cache.ErrUnconfirmed) || errors.Is(err, outbox.ErrRefused) {
			t.Errorf("row %d: %v", i+1, err)
		}
	}
	if !errors.Is(errs[3], outbox.ErrRefused) {
		t.Errorf("row 4: %v", errs[3])
	}
}

// TestEverythingIsDroppedThoughNobodyWaits: the relay's time ends before a large
// Redis is through.
func TestEverythingIsDroppedThoughNobodyWaits(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	u := w.add(t, "Max", kurs.RoleUser)
	w.get(t, u.ID)
	row := []outbox.Row{{ID: 7, Kind: outbox.KindInvalidateAll, Target: "user"}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.users.Forget(ctx, row)[0]; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no time, and yet: %v", err)
	}
	eventually(t, "it is done in the background", func() bool { return len(w.keysWith(t, "cache:user:")) == 0 })
	// The row comes again, and is confirmed without a second look at everything.
	eventually(t, "the row is confirmed", func() bool { return w.users.Forget(ctx, row)[0] == nil })
	// A later row needs a run of its own.
	w.get(t, u.ID)
	later := []outbox.Row{{ID: 8, Kind: outbox.KindInvalidateAll, Target: "user"}}
	if err := w.users.Forget(t.Context(), later)[0]; err != nil || len(w.keysWith(t, "cache:user:")) != 0 {
		t.Errorf("%v, left %v", err, w.keysWith(t, "cache:user:"))
	}
}
