package compare_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/compare"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, redistest.IgnoreLeaks()...) }

// slack is the time for what must happen on a busy machine.
const slack = time.Minute

// world is a database with user 1, and a Redis, both of which can be meddled with.
type world struct {
	redis  *redistest.Server
	client *client
	store  *store
}

func newWorld(t *testing.T, mods ...func(*rueidis.ClientOption)) *world {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "kursapp.db"), CallTimeout: slack})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.CreateUser(t.Context(), kurs.NewAccount{Name: "Max", Email: "max@example.com", Role: kurs.RoleUser}); err != nil {
		t.Fatal(err)
	}
	redis := redistest.Start(t)
	return &world{redis: redis, client: &client{Client: redis.Client(t, mods...)}, store: &store{Store: db}}
}

// options are those of a runner that nothing on a busy machine makes fail.
func (w *world) options() compare.Options {
	return compare.Options{
		Store: w.store, Client: w.client, Deadline: 5 * time.Minute, Patience: slack, Database: "SQLite",
		Cache: cache.Options{NegativeTTL: 10 * time.Second, TTL: time.Hour, RedisTimeout: 20 * time.Second, LoadTimeout: slack, MaxStaleness: time.Hour},
	}
}

func (w *world) runner(t *testing.T, mods ...func(*compare.Options)) *compare.Runner {
	t.Helper()
	o := w.options()
	for _, mod := range mods {
		mod(&o)
	}
	r := compare.NewRunner(o)
	t.Cleanup(r.Close)
	return r
}

// store is a database that counts and can be meddled with.
type store struct {
	kurs.Store
	calls  atomic.Int64
	meddle atomic.Pointer[func(ctx context.Context, call int64, u kurs.User, err error) (kurs.User, error)]
}

func (s *store) User(ctx context.Context, id int64) (kurs.User, error) {
	n := s.calls.Add(1)
	u, err := s.Store.User(ctx, id)
	if meddle := s.meddle.Load(); meddle != nil {
		return (*meddle)(ctx, n, u, err)
	}
	return u, err
}

// client is a Redis before whose nth exchange something happens.
type client struct {
	rueidis.Client
	calls atomic.Int64
	on    atomic.Pointer[func(call int64)]
}

func (c *client) DoMulti(ctx context.Context, multi ...rueidis.Completed) []rueidis.RedisResult {
	n := c.calls.Add(1)
	if on := c.on.Load(); on != nil {
		(*on)(n)
	}
	return c.Client.DoMulti(ctx, multi...)
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not yet: %s", what)
		}
	}
}

func start(t *testing.T, r *compare.Runner, requests, concurrency int) {
	t.Helper()
	c, err := r.Start(t.Context(), compare.Request{Requests: requests, Concurrency: concurrency, UserID: 1})
	if err != nil {
		t.Fatal(err)
	}
	if c.State != compare.Running || c.ID == "" || c.StartedAt.IsZero() || !c.FinishedAt.IsZero() {
		t.Errorf("at the start: %+v", c)
	}
}

// finished waits until a comparison is over.
func finished(t *testing.T, r *compare.Runner) compare.Comparison {
	t.Helper()
	var c compare.Comparison
	eventually(t, "the comparison is over", func() bool {
		c, _ = r.Current()
		return c.State != compare.Running
	})
	if c.FinishedAt.Before(c.StartedAt) {
		t.Errorf("from %v to %v", c.StartedAt, c.FinishedAt)
	}
	return c
}

func wantCode(t *testing.T, err error, code kurs.Code) {
	t.Helper()
	if got := kurs.CodeOf(err); got != code {
		t.Errorf("got %q (%v), want %q", got, err, code)
	}
}
