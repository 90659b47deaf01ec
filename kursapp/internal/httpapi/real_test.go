package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/ratelimit"
	"github.com/speedlayer/speedlayer/session"
)

// memoryStore holds Max. What these tests do not reach is nil and would panic.
type memoryStore struct {
	kurs.Store
	mu  sync.Mutex
	max *kurs.Account
}

func (m *memoryStore) account(found func(kurs.Account) bool) (kurs.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.max == nil || !found(*m.max) {
		return kurs.Account{}, kurs.ErrUserNotFound
	}
	return *m.max, nil
}

func (m *memoryStore) User(_ context.Context, id int64) (kurs.User, error) {
	a, err := m.account(func(a kurs.Account) bool { return a.ID == id })
	return a.User, err
}

func (m *memoryStore) Account(_ context.Context, id int64) (kurs.Account, error) {
	return m.account(func(a kurs.Account) bool { return a.ID == id })
}

func (m *memoryStore) AccountByEmail(_ context.Context, email string) (kurs.Account, error) {
	return m.account(func(a kurs.Account) bool { return strings.EqualFold(a.Email, email) })
}

func (m *memoryStore) UpdateUser(ctx context.Context, id int64, name, email string, _ ...kurs.EmailNotice) (kurs.User, error) {
	if _, err := m.User(ctx, id); err != nil {
		return kurs.User{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.max.Name, m.max.Email = name, email
	return m.max.User, nil
}

func (m *memoryStore) DeleteUser(ctx context.Context, id int64) error {
	if _, err := m.User(ctx, id); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.max = nil
	return nil
}

// newRealSite serves the real domain on a Redis of its own.
func newRealSite(t *testing.T, mods ...func(*Config)) (*site, *redistest.Server) {
	t.Helper()
	redis := redistest.Start(t)
	client := redis.Client(t)
	hasher, err := kurs.NewHasher(kurs.HasherOptions{})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hasher.Hash(t.Context(), "test123")
	if err != nil {
		t.Fatal(err)
	}
	store := &memoryStore{max: &kurs.Account{User: max1, Role: kurs.RoleAdmin, PasswordHash: hash}}
	sessions := kurs.NewSessions(client, session.Options{LocalBytes: -1})
	limiter := ratelimit.New(client, ratelimit.Options{})
	t.Cleanup(limiter.Close)
	users := kurs.NewUsers(kurs.UsersDeps{Store: store, Client: client, Sessions: sessions})
	t.Cleanup(users.Close)
	return newSite(t, Demo, func(d *Deps, c *Config) {
		for _, mod := range mods {
			mod(c)
		}
		d.Users, d.Sessions = users, sessions
		d.Accounts = kurs.NewAccounts(kurs.AccountsDeps{Store: store, Users: users, Sessions: sessions, Limiter: limiter, Hasher: hasher, Demo: true})
		d.Limits = kurs.NewLimits(limiter, nil, nil)
	}), redis
}

func TestRealCacheIsVisible(t *testing.T) {
	t.Parallel()
	s, redis := newRealSite(t)
	step := func(method, in string, status int, cacheStatus, want string, headers ...string) {
		t.Helper()
		w := s.do(t, method, "/users/1", in, headers...)
		if got := w.Header().Get("Cache-Status"); w.Code != status || got != cacheStatus || body(w) != want {
			t.Errorf("%s: %d, Cache-Status %q, %s\nwant %d, %q, %s", method, w.Code, got, w.Body, status, cacheStatus, want)
		}
		if method == http.MethodGet && status == http.StatusOK && !strings.HasPrefix(w.Header().Get("Server-Timing"), "cache;dur=") {
			t.Errorf("Server-Timing %q", w.Header().Get("Server-Timing"))
		}
	}
	const before, after = `{"id":1,"name":"Max","email":"max@example.com"}`, `{"id":1,"name":"Maxine","email":"max@example.com"}`
	step("GET", "", 200, "kursapp; fwd=miss; stored; detail=database", before)
	if got := redis.CLI(t, "GET", "cache:user:1"); !strings.Contains(got, "max@example.com") {
		t.Errorf("cache:user:1 is %s", got)
	}
	redis.CLI(t, "EXPIRE", "cache:user:1", "50")
	hit := s.do(t, "GET", "/users/1", "")
	if got := hit.Header().Get("Cache-Status"); body(hit) != before || got != "kursapp; hit; ttl=49; detail=redis" && got != "kursapp; hit; ttl=50; detail=redis" {
		t.Errorf("second read: %q %s", got, hit.Body)
	}
	step("PUT", `{"name":"Maxine","email":"max@example.com"}`, 200, "", after)
	step("GET", "", 200, "kursapp; fwd=miss; stored; detail=database", after)
	step("GET", "", 200, "kursapp; fwd=bypass; stored; detail=database", after, "Cache-Control", "no-cache")
	step("DELETE", "", 200, "", `{"message":"User gelöscht"}`)
	step("GET", "", 404, "kursapp; fwd=miss; detail=database",
		`{"title":"Nicht gefunden","status":404,"detail":"User nicht gefunden"}`)
}

// realLogin logs Max in, as the course sheet does.
func realLogin(t *testing.T, s *site) (token string) {
	t.Helper()
	w := s.do(t, "POST", "/login?email=max@example.com&password=test123", "")
	var login tokenBody
	if err := json.Unmarshal(w.Body.Bytes(), &login); err != nil || w.Code != 200 || len(login.Token) < 32 {
		t.Fatalf("login: %d %s", w.Code, w.Body)
	}
	return login.Token
}

func TestRealSessionEndsWithItsUser(t *testing.T) {
	t.Parallel()
	s, _ := newRealSite(t)
	token := realLogin(t, s)
	profile := func() (int, string) {
		w := s.do(t, "GET", "/profile", "", "Authorization", "Bearer "+token)
		return w.Code, body(w)
	}
	if code, got := profile(); code != 200 || got != `{"user_id":"1","name":"Max","email":"max@example.com"}` {
		t.Errorf("profile: %d %s", code, got)
	}
	s.do(t, "PUT", "/users/1", `{"name":"Maxine","email":"maxine@example.com"}`)
	if code, got := profile(); code != 200 || got != `{"user_id":"1","name":"Maxine","email":"maxine@example.com"}` {
		t.Errorf("profile after a change: %d %s", code, got)
	}
	s.do(t, "DELETE", "/users/1", "")
	if code, got := profile(); code != 401 || !strings.Contains(got, "Session abgelaufen oder ungültig") {
		t.Errorf("profile after the deletion: %d %s", code, got)
	}
}

func TestRealLimitAllowsTen(t *testing.T) {
	t.Parallel()
	s, _ := newRealSite(t)
	for i := range 11 {
		w := s.do(t, "GET", "/api/data", "")
		if want := map[bool]int{true: 200, false: 429}[i < 10]; w.Code != want {
			t.Errorf("request %d: %d, want %d", i+1, w.Code, want)
		}
		if w.Code == 429 && !strings.Contains(problem(t, w).Detail, " in "+w.Header().Get("Retry-After")+" Sekunden ") {
			t.Errorf("Retry-After %q and %s", w.Header().Get("Retry-After"), w.Body)
		}
	}
}

func TestRealRedisGone(t *testing.T) {
	t.Parallel()
	s, redis := newRealSite(t)
	token := realLogin(t, s)
	redis.Kill(t)
	for _, tt := range []struct {
		method, target string
		status         int
	}{
		{"GET", "/health", 200},
		{"GET", "/users/1", 200},
		{"GET", "/api/data", 200},
		{"GET", "/profile", 503},
		{"POST", "/logout", 503},
		{"POST", "/login?email=max@example.com&password=test123", 503},
	} {
		w := s.do(t, tt.method, tt.target, "", "Authorization", "Bearer "+token)
		if w.Code != tt.status || tt.status == 503 && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s %s: %d %v %s", tt.method, tt.target, w.Code, w.Header(), w.Body)
		}
		if tt.target == "/users/1" && w.Header().Get("Cache-Status") != "kursapp; fwd=bypass; detail=database" {
			t.Errorf("Cache-Status %q", w.Header().Get("Cache-Status"))
		}
	}
}
