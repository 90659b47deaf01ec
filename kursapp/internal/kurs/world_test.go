package kurs_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/internal/redisx"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/ratelimit"
	"github.com/speedlayer/speedlayer/session"
)

// world is the domain on a database and a Redis of its own, so that its keys
// are the real ones and Redis may be broken.
type world struct {
	redis    *redistest.Server
	client   *countingClient
	store    *faultyStore
	sessions *kurs.Sessions
	limiter  *ratelimit.Limiter
	users    *kurs.Users
	accounts *kurs.Accounts
	limits   *kurs.Limits
	policies *kurs.Policies
	hasher   *kurs.Hasher
	outbox   outbox.Source
	confirm  *confirmMails
	clock    *atomic.Pointer[time.Time] // of confirmation tokens
	path     string                     // of the database

	derivations atomic.Int64 // how often a password was hashed or verified
}

// redisTimeout is the time for Redis. It is more than the pauses of a busy machine.
// slack is what such a machine, and several such times, may add to a bound.
const (
	redisTimeout = 4 * time.Second
	slack        = 30 * time.Second
)

func newDemo(t *testing.T) *world       { t.Helper(); return newWorld(t, true) }
func newProduction(t *testing.T) *world { t.Helper(); return newWorld(t, false) }

func newWorld(t *testing.T, demo bool) *world {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kursapp.db")
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, CallTimeout: slack})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{redis: redistest.Start(t), store: &faultyStore{Store: db}, path: path}
	w.client = connect(t, w.redis)
	w.sessions = kurs.NewSessions(w.client, session.Options{LocalBytes: -1, RedisTimeout: redisTimeout})
	w.limiter = ratelimit.New(w.client, ratelimit.Options{RedisTimeout: redisTimeout})
	t.Cleanup(w.limiter.Close)
	w.policies = kurs.NewPolicies(kurs.DefaultPolicy())
	w.limits = kurs.NewLimits(w.limiter, w.policies, nil)
	w.outbox, w.confirm = db.Outbox(), &confirmMails{}
	w.users = w.newUsers(t)
	w.hasher = newHasher(t, kurs.HasherOptions{Params: cheap})
	w.clock = new(atomic.Pointer[time.Time])
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	w.clock.Store(&now)
	w.accounts = w.newAccounts(w.hasher, demo)
	kurs.OnDerive(w.hasher, func(uint32, uint32) { w.derivations.Add(1) })
	return w
}

// welcome is the task of a new user.
func welcome(name, email string) outbox.Task {
	return outbox.Task{Queue: "mails", Payload: name + " <" + email + ">"}
}

// changed and forgotten are the tasks of a new and of a forgotten password.
func changed(name, email string) outbox.Task {
	return outbox.Task{Queue: "mails", Payload: "changed " + name + " <" + email + ">"}
}

// moved is the task that tells an old address of a new one.
func moved(name, email string) outbox.Task {
	return outbox.Task{Queue: "mails", Payload: "moved " + name + " <" + email + ">"}
}

func forgotten(id int64) outbox.Task {
	return outbox.Task{Queue: "mails", Payload: fmt.Sprintf("forgotten %d", id)}
}

// mails takes the mails out of the outbox.
func (w *world) mails(t *testing.T) (mails []string) {
	t.Helper()
	if _, _, err := w.outbox.Take(t.Context(), 1000, func(_ context.Context, rows []outbox.Row) []error {
		for _, row := range rows {
			if row.Kind == outbox.KindTask && row.Target == "mails" {
				mails = append(mails, string(row.Payload))
			}
		}
		return make([]error, len(rows))
	}); err != nil {
		t.Fatal(err)
	}
	return mails
}

// newUsers is what a further instance of the service would have.
func (w *world) newUsers(t *testing.T) *kurs.Users {
	t.Helper()
	users := kurs.NewUsers(kurs.UsersDeps{
		Store: w.store, Client: w.client, Sessions: w.sessions, ConfirmEmail: w.confirm, Limiter: w.limiter, Policies: w.policies,
		EmailChanged: moved,
		CacheOptions: cache.Options{NegativeTTL: time.Minute, RedisTimeout: redisTimeout},
	})
	t.Cleanup(users.Close)
	return users
}

func (w *world) newAccounts(h *kurs.Hasher, demo bool) *kurs.Accounts {
	return kurs.NewAccounts(kurs.AccountsDeps{
		Store: w.store, Users: w.users, Sessions: w.sessions, Limiter: w.limiter, Policies: w.policies, Welcome: welcome,
		PasswordChanged: changed, PasswordReset: forgotten,
		Hasher: h, Demo: demo, Now: func() time.Time { return *w.clock.Load() },
	})
}

// connect returns the client that the application uses.
func connect(t *testing.T, s *redistest.Server) *countingClient {
	t.Helper()
	o, err := redisx.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redisx.Open(o, redisx.LazyOptions{})
	t.Cleanup(client.Close)
	// An attempt has a second, which may be too little on a busy machine.
	eventually(t, "connected", func() bool { return client.TryConnect(t.Context()) == nil })
	return &countingClient{Client: client}
}

// countingClient counts round trips.
type countingClient struct {
	rueidis.Client
	calls atomic.Int64
}

func (c *countingClient) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	c.calls.Add(1)
	return c.Client.Do(ctx, cmd)
}

func (c *countingClient) DoMulti(ctx context.Context, multi ...rueidis.Completed) []rueidis.RedisResult {
	c.calls.Add(1)
	return c.Client.DoMulti(ctx, multi...)
}

// add stores an account whose password is "password-of-" and the name, with a
// hash of the world's parameters.
func (w *world) add(t *testing.T, name string, role kurs.Role) kurs.User {
	t.Helper()
	hash, err := newHasher(t, kurs.HasherOptions{Params: cheap}).Hash(t.Context(), password(name))
	if err != nil {
		t.Fatal(err)
	}
	return w.addWithHash(t, name, role, hash)
}

func (w *world) addWithHash(t *testing.T, name string, role kurs.Role, hash string) kurs.User {
	t.Helper()
	u, err := w.store.CreateUser(t.Context(), kurs.NewAccount{
		Name: name, Email: strings.ToLower(name) + "@example.com", PasswordHash: hash, Role: role,
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// register makes an account as a person would, through the service.
func (w *world) register(t *testing.T, name string) kurs.User {
	t.Helper()
	u, err := w.accounts.Register(t.Context(), kurs.Registration{
		Name: name, Email: strings.ToLower(name) + "@example.com", Password: password(name), ClientPrefix: "192.0.2.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func password(name string) string { return "password-of-" + name }

func (w *world) login(t *testing.T, u kurs.User) kurs.LoginResult {
	t.Helper()
	result, err := w.accounts.Login(t.Context(), loginOf(u))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func loginOf(u kurs.User) kurs.Login {
	return kurs.Login{Email: u.Email, Password: password(u.Name), ClientPrefix: "192.0.2.1"}
}

func (w *world) authenticate(t *testing.T, token string) kurs.Actor {
	t.Helper()
	actor, err := w.accounts.Authenticate(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return actor
}

// get reads a user, through the cache.
func (w *world) get(t *testing.T, id int64) cache.Entry[kurs.User] {
	t.Helper()
	e, err := w.users.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func wantCode(t *testing.T, err error, code kurs.Code) {
	t.Helper()
	if got := kurs.CodeOf(err); got != code {
		t.Fatalf("got %q (%v), want %q", got, err, code)
	}
	var e *kurs.Error
	if errors.As(err, &e) && (code == kurs.CodeUnavailable || code == kurs.CodeRateLimited) && e.RetryAfter < time.Second {
		t.Fatalf("%s with RetryAfter %v, want at least 1s", code, e.RetryAfter)
	}
}

// wantDerivations says how many passwords were hashed or verified since the
// last time it was asked.
func (w *world) wantDerivations(t *testing.T, want int64) {
	t.Helper()
	if got := w.derivations.Swap(0); got != want {
		t.Errorf("%d derivations, want %d", got, want)
	}
}

// eventually waits for a condition that another goroutine brings about.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	const within = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// keys returns every key in Redis.
func (w *world) keys(t *testing.T) []string {
	t.Helper()
	keys, err := w.client.Do(t.Context(), w.client.B().Keys().Pattern("*").Build()).AsStrSlice()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func (w *world) keysWith(t *testing.T, prefix string) []string {
	t.Helper()
	var found []string
	for _, key := range w.keys(t) {
		if strings.HasPrefix(key, prefix) {
			found = append(found, key)
		}
	}
	return found
}
