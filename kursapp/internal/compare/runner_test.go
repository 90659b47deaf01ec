package compare_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/compare"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestComparisonOfAllWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.runner(t)
	if _, ok := r.Current(); ok {
		t.Error("there is a comparison before the first")
	}
	if _, ok, err := r.Cancel(t.Context()); ok || err != nil {
		t.Errorf("cancelled a comparison before the first: %v", err)
	}
	start(t, r, 2000, 4)
	c := finished(t, r)
	if c.State != compare.Done || c.Failure != compare.NoFailure || c.NoLocal || c.Database != "SQLite" || c.Redis == "" || c.Clock <= 0 {
		t.Errorf("got %+v", c)
	}
	if len(c.Results) != 3 {
		t.Fatalf("%d results", len(c.Results))
	}
	for i, way := range []compare.Way{"database", "redis", "local"} {
		checkResult(t, c.Results[i], way, 2000)
	}
	if got := c.Results[0].ReadsPerSample; got != 1 {
		t.Errorf("%d reads of the database are a sample", got)
	}
	// A look beforehand, one to begin with, the warm-up, the reads, and one load for
	// Redis; the value lives for an hour.
	if got := w.store.calls.Load(); got != 1+1+200+2000+1 {
		t.Errorf("the database was asked %d times, want 2203", got)
	}
	if again, ok, err := r.Cancel(t.Context()); !ok || err != nil || again.State != compare.Done {
		t.Errorf("cancelled afterwards: %v, %v, %v", again.State, ok, err)
	}
}

func checkResult(t *testing.T, r compare.Result, way compare.Way, reads int64) {
	t.Helper()
	if r.Way != way || r.Done != reads || r.Errors != 0 || r.Duration <= 0 || r.Throughput() <= 0 || r.ReadsPerSample < 1 {
		t.Errorf("%s: %+v", way, r)
	}
	if r.Min <= 0 || r.Min > r.P50 || r.P50 > r.P90 || r.P90 > r.P99 || r.P99 > r.Max || r.Mean < r.Min || r.Mean > r.Max {
		t.Errorf("%s: min %v, p50 %v, p90 %v, p99 %v, max %v, mean %v", way, r.Min, r.P50, r.P90, r.P99, r.Max, r.Mean)
	}
	sum, last := int64(0), time.Duration(0)
	for _, b := range r.Histogram {
		if b.LE <= last || b.N <= 0 {
			t.Errorf("%s: bucket %+v after one up to %v", way, b, last)
		}
		sum, last = sum+b.N, b.LE
	}
	if sum != r.Done || last < r.Max {
		t.Errorf("%s: %d reads in buckets up to %v, want %d up to %v", way, sum, last, r.Done, r.Max)
	}
}

// The users' own cache, on the same keys, notices nothing.
func TestComparisonLeavesTheUsersCacheAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.options().Cache
	seen := &observer{}
	o.Observer, o.LocalBytes, o.MaxStaleness = seen, 1<<20, time.Hour
	users := kurs.NewUsers(kurs.UsersDeps{Store: w.store, Client: w.client, CacheOptions: o})
	defer users.Close()
	eventually(t, "memory has the user", func() bool {
		e, err := users.Get(t.Context(), 1)
		return err == nil && e.Source == cache.SourceLocal && users.CacheStats()["pages"].LocalReady
	})
	before, events := users.CacheStats(), seen.count()
	r := w.runner(t, func(o *compare.Options) { o.Cache.Observer = seen })
	start(t, r, 500, 4)
	if c := finished(t, r); c.State != compare.Done || len(c.Results) != 3 {
		t.Fatalf("got %+v", c)
	}
	for name, after := range users.CacheStats() {
		if after != before[name] {
			t.Errorf("%s before\n%+v\nand after\n%+v", name, before[name], after)
		}
	}
	if n := seen.count(); n != events {
		t.Errorf("%d events", n-events)
	}
	if e, err := users.Get(t.Context(), 1); err != nil || e.Source != cache.SourceLocal {
		t.Errorf("afterwards %v answers, %v", e.Source, err)
	}
}

type observer struct {
	mu sync.Mutex
	n  int
}

func (o *observer) CacheEvent(cache.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.n++
}

func (o *observer) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.n
}

func TestComparisonIsCancelledInTheMiddle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inTheMiddle := holdFrom(w, 1000)
	r := w.runner(t)
	start(t, r, 20_000, 8)
	<-inTheMiddle
	eventually(t, "some is shown while it runs", func() bool {
		c, ok := r.Current()
		return ok && c.State == compare.Running && len(c.Results) == 1 && c.Results[0].Duration > 0
	})
	if _, err := r.Start(t.Context(), compare.Request{Requests: 100, Concurrency: 1, UserID: 1}); !errors.Is(err, compare.ErrRunning) {
		t.Errorf("a second one beside it: %v", err)
	}
	c, ok, err := r.Cancel(t.Context())
	if !ok || err != nil || c.State != compare.Cancelled || c.Failure != compare.NoFailure || c.FinishedAt.IsZero() {
		t.Errorf("got %+v, %v, %v", c, ok, err)
	}
	if len(c.Results) != 1 || c.Results[0].Done == 0 || c.Results[0].Done >= 20_000 || c.Results[0].P50 <= 0 {
		t.Errorf("what was measured until then: %+v", c.Results)
	}
	w.store.meddle.Store(nil)
	start(t, r, 100, 2)
	if c := finished(t, r); c.State != compare.Done {
		t.Errorf("the next one: %+v", c)
	}
}

// holdFrom makes reads of the database wait until their caller gives up, from the nth
// on. The channel is closed with the first of them.
func holdFrom(w *world, n int64) <-chan struct{} {
	reached := make(chan struct{})
	var once sync.Once
	meddle := func(ctx context.Context, call int64, u kurs.User, err error) (kurs.User, error) {
		if call < n {
			return u, err
		}
		once.Do(func() { close(reached) })
		<-ctx.Done()
		return kurs.User{}, ctx.Err()
	}
	w.store.meddle.Store(&meddle)
	return reached
}

func TestCloseEndsAComparison(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inTheMiddle := holdFrom(w, 100)
	r := w.runner(t)
	start(t, r, 1000, 2)
	<-inTheMiddle
	r.Close()
	if c, ok := r.Current(); !ok || c.State != compare.Cancelled {
		t.Errorf("got %+v", c)
	}
	w.store.meddle.Store(nil)
	_, err := r.Start(t.Context(), compare.Request{Requests: 100, Concurrency: 1, UserID: 1})
	wantCode(t, err, kurs.CodeUnavailable)
}

func TestComparisonFailsInWords(t *testing.T) {
	t.Parallel()
	gone := &kurs.Error{Code: kurs.CodeUnavailable, Err: errors.New("away")}
	for name, tt := range map[string]struct {
		spoil   func(t *testing.T, w *world)
		options func(o *compare.Options)
		want    compare.Failure
		results int
	}{
		"Redis dies": {func(t *testing.T, w *world) {
			t.Helper()
			before(w, 300, func() { w.redis.Kill(t) })
		}, func(o *compare.Options) { o.Cache.RedisTimeout = time.Second }, compare.RedisGone, 2},
		"the database dies": {func(_ *testing.T, w *world) {
			answer(w, 500, func(kurs.User) (kurs.User, error) { return kurs.User{}, gone })
		}, nil, compare.DatabaseGone, 1},
		"the user is deleted": {func(_ *testing.T, w *world) {
			answer(w, 500, func(kurs.User) (kurs.User, error) { return kurs.User{}, kurs.ErrUserNotFound })
		}, nil, compare.UserGone, 1},
		"it takes too long": {func(_ *testing.T, w *world) { holdFrom(w, 10) }, func(o *compare.Options) { o.Deadline = time.Second }, compare.TooSlow, 0},
		"Redis is full": {func(t *testing.T, w *world) {
			t.Helper()
			w.redis.CLI(t, "CONFIG", "SET", "maxmemory", "1")
		}, nil, compare.RedisGone, 1},
		"Redis keeps nothing": {func(_ *testing.T, w *world) {
			on := func(int64) { w.client.Do(context.Background(), w.client.B().Del().Key("cache:user:1").Build()) }
			w.client.on.Store(&on)
		}, func(o *compare.Options) { o.Patience = time.Second }, compare.RedisEmpty, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.spoil(t, w)
			r := w.runner(t, func(o *compare.Options) {
				if tt.options != nil {
					tt.options(o)
				}
			})
			start(t, r, 1000, 2)
			c := finished(t, r)
			if c.State != compare.Failed || c.Failure != tt.want || len(c.Results) != tt.results {
				t.Errorf("got %s, %s, %d results", c.State, c.Failure, len(c.Results))
			}
			if name == "Redis dies" {
				_, err := r.Start(t.Context(), compare.Request{Requests: 100, Concurrency: 1, UserID: 1})
				wantCode(t, err, kurs.CodeUnavailable)
				w.redis.Restart(t)
				eventually(t, "the next one can begin", func() bool {
					_, err := r.Start(t.Context(), compare.Request{Requests: 100, Concurrency: 1, UserID: 1})
					return err == nil
				})
			}
		})
	}
}

// before lets something happen before the nth exchange with Redis.
func before(w *world, n int64, what func()) {
	on := func(call int64) {
		if call == n {
			what()
		}
	}
	w.client.on.Store(&on)
}

// answer replaces the answers of the database from the nth on.
func answer(w *world, n int64, with func(kurs.User) (kurs.User, error)) {
	meddle := func(_ context.Context, call int64, u kurs.User, err error) (kurs.User, error) {
		if call >= n {
			return with(u)
		}
		return u, err
	}
	w.store.meddle.Store(&meddle)
}

func TestComparisonNeedsItsUserAndBothStores(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.runner(t)
	begin := func(id int64) error {
		_, err := r.Start(t.Context(), compare.Request{Requests: 100, Concurrency: 1, UserID: id})
		return err
	}
	wantCode(t, begin(2), kurs.CodeUserNotFound)
	answer(w, 0, func(kurs.User) (kurs.User, error) { return kurs.User{}, &kurs.Error{Code: kurs.CodeUnavailable} })
	wantCode(t, begin(1), kurs.CodeUnavailable)
	w.store.meddle.Store(nil)
	w.redis.Kill(t)
	wantCode(t, begin(1), kurs.CodeUnavailable)
	if c, ok := r.Current(); ok {
		t.Errorf("what could not begin is remembered: %+v", c)
	}
}

// What another tier answered is in no figure, and is made up for.
func TestInvalidationInTheMiddleIsNotMeasured(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before(w, 300, func() { w.client.Do(context.Background(), w.client.B().Del().Key("cache:user:1").Build()) })
	r := w.runner(t)
	start(t, r, 1000, 1)
	c := finished(t, r)
	if c.State != compare.Done || len(c.Results) != 3 {
		t.Fatalf("got %+v", c)
	}
	if redis := c.Results[1]; redis.Done != 1000 || redis.Elsewhere != 1 || redis.Errors != 0 {
		t.Errorf("done %d, elsewhere %d, errors %d", redis.Done, redis.Elsewhere, redis.Errors)
	}
}

func TestWrongAnswersAreErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	meddle := func(_ context.Context, call int64, u kurs.User, err error) (kurs.User, error) {
		if call > 200 && call <= 300 && call%10 == 0 {
			u.ID = 7
		}
		return u, err
	}
	w.store.meddle.Store(&meddle)
	r := w.runner(t)
	start(t, r, 1000, 3)
	c := finished(t, r)
	if c.State != compare.Done || c.Results[0].Errors != 10 || c.Results[0].Done != 990 {
		t.Errorf("got %+v", c)
	}
}

// A Redis that cannot push leaves two ways.
func TestComparisonWithoutPush(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *rueidis.ClientOption) { o.AlwaysRESP2, o.DisableCache = true, true })
	r := w.runner(t, func(o *compare.Options) { o.Patience = time.Second })
	start(t, r, 100, 2)
	if c := finished(t, r); c.State != compare.Done || !c.NoLocal || len(c.Results) != 2 {
		t.Errorf("got %+v", c)
	}
}

func TestRequestIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.runner(t)
	for _, tt := range []struct{ requests, concurrency, wantRequests, wantConcurrency int }{
		{0, 0, 100, 1},
		{1 << 30, 1 << 30, 20_000, 64},
	} {
		c, err := r.Start(t.Context(), compare.Request{Requests: tt.requests, Concurrency: tt.concurrency, UserID: 1})
		if err != nil || c.Request.Requests != tt.wantRequests || c.Request.Concurrency != tt.wantConcurrency {
			t.Errorf("got %+v, %v", c.Request, err)
		}
		if _, _, err := r.Cancel(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
