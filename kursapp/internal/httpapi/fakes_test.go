package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/queue"
	"github.com/speedlayer/speedlayer/ratelimit"
	"github.com/speedlayer/speedlayer/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	max1  = kurs.User{ID: 1, Name: "Max", Email: "max@example.com"}
	user2 = kurs.User{ID: 2, Name: "User 2", Email: "user2@example.com"}
)

// The tokens that fakeAccounts knows.
const (
	adminToken = "token-of-max-an-administrator-0000"
	userToken  = "token-of-user-2-without-a-role-000"
)

// tokens are sessions that nobody looks up: they are asked for tokens and cookies.
func tokens() *kurs.Sessions { return kurs.NewSessions(nil, session.Options{LocalBytes: -1}) }

func newSession(remembered bool) *kurs.Session {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	return &kurs.Session{ID: ownID, CheckedAt: at, ExpiresAt: at.Add(kurs.RememberAbsolute), Remembered: remembered}
}

// fakeUsers answers with what its functions return, and where one is missing
// as a course with Max and User 2 would.
type fakeUsers struct {
	get    func(ctx context.Context, id int64) (cache.Entry[kurs.User], error)
	fresh  func(ctx context.Context, id int64) (cache.Entry[kurs.User], error)
	search func(ctx context.Context, query string, after int64, limit int) (cache.Entry[kurs.UserPage], error)
	page   func(ctx context.Context, after int64, limit int) (cache.Entry[kurs.UserPage], error)
	update func(ctx context.Context, actor kurs.Actor, id int64, name, email string) (kurs.User, error)
	remove func(ctx context.Context, actor kurs.Actor, id int64) error
}

func entryOf(id int64) (cache.Entry[kurs.User], error) {
	for _, u := range []kurs.User{max1, user2} {
		if u.ID == id {
			raw, err := json.Marshal(u)
			return cache.Entry[kurs.User]{Value: u, Raw: raw, Source: cache.SourceRedis, TTL: 57 * time.Second, CacheTime: 400 * time.Microsecond}, err
		}
	}
	return cache.Entry[kurs.User]{Source: cache.SourceLoader, Reason: cache.ReasonMiss}, kurs.ErrUserNotFound
}

func (f *fakeUsers) Get(ctx context.Context, id int64) (cache.Entry[kurs.User], error) {
	if f.get != nil {
		return f.get(ctx, id)
	}
	return entryOf(id)
}

func (f *fakeUsers) GetFresh(ctx context.Context, id int64) (cache.Entry[kurs.User], error) {
	if f.fresh != nil {
		return f.fresh(ctx, id)
	}
	e, err := entryOf(id)
	e.Source, e.Reason, e.LoadTime = cache.SourceLoader, cache.ReasonBypass, 1200*time.Microsecond
	return e, err
}

func (f *fakeUsers) Page(ctx context.Context, after int64, limit int) (cache.Entry[kurs.UserPage], error) {
	if f.page != nil {
		return f.page(ctx, after, limit)
	}
	page := kurs.UserPage{Users: []kurs.User{}}
	for _, u := range []kurs.User{max1, user2} {
		if u.ID > after && len(page.Users) < limit {
			page.Users = append(page.Users, u)
		}
	}
	return pageEntry(page)
}

func pageEntry(page kurs.UserPage) (cache.Entry[kurs.UserPage], error) {
	raw, err := json.Marshal(page)
	return cache.Entry[kurs.UserPage]{Value: page, Raw: raw, Source: cache.SourceRedis, TTL: 7 * time.Second, CacheTime: 400 * time.Microsecond}, err
}

func (f *fakeUsers) PageFresh(ctx context.Context, after int64, limit int) (cache.Entry[kurs.UserPage], error) {
	e, err := f.Page(ctx, after, limit)
	e.Source, e.Reason, e.LoadTime = cache.SourceLoader, cache.ReasonBypass, 1200*time.Microsecond
	return e, err
}

func (f *fakeUsers) Search(ctx context.Context, query string, after int64, limit int) (cache.Entry[kurs.UserPage], error) {
	if f.search != nil {
		return f.search(ctx, query, after, limit)
	}
	e, err := pageEntry(kurs.UserPage{Users: []kurs.User{max1}})
	e.Source, e.Reason, e.TTL, e.LoadTime = cache.SourceLoader, cache.ReasonBypass, 0, 1200*time.Microsecond
	return e, err
}

func (f *fakeUsers) Update(ctx context.Context, actor kurs.Actor, id int64, name, email string) (kurs.User, error) {
	if f.update != nil {
		return f.update(ctx, actor, id, name, email)
	}
	if err := actor.MayChange(id); err != nil {
		return kurs.User{}, err
	}
	if _, err := entryOf(id); err != nil {
		return kurs.User{}, err
	}
	return kurs.User{ID: id, Name: name, Email: email}, nil
}

func (f *fakeUsers) Delete(ctx context.Context, actor kurs.Actor, id int64) error {
	if f.remove != nil {
		return f.remove(ctx, actor, id)
	}
	if err := actor.MayDelete(id); err != nil {
		return err
	}
	_, err := entryOf(id)
	return err
}

// fakeAccounts knows Max, whose password is test123, and the two tokens.
type fakeAccounts struct {
	register     func(ctx context.Context, r kurs.Registration) (kurs.User, error)
	login        func(ctx context.Context, l kurs.Login) (kurs.LoginResult, error)
	logout       func(ctx context.Context, token string) error
	authenticate func(ctx context.Context, token string) (kurs.Actor, error)
	confirm      func(ctx context.Context, token string) (kurs.User, error)
	change       func(ctx context.Context, actor kurs.Actor, c kurs.PasswordChange) (kurs.LoginResult, error)
	forgot       func(ctx context.Context, email, clientPrefix string) error
	reset        func(ctx context.Context, n kurs.NewPassword) error
	role         func(ctx context.Context, actor kurs.Actor, id int64, role kurs.Role) (kurs.AccountView, error)
	audit        func(ctx context.Context, actor kurs.Actor, q kurs.AuditQuery) (kurs.AuditPage, error)

	mu        sync.Mutex
	loggedOut []string
}

func (f *fakeAccounts) Register(ctx context.Context, r kurs.Registration) (kurs.User, error) {
	if f.register != nil {
		return f.register(ctx, r)
	}
	if _, err := kurs.ValidateName(r.Name); err != nil {
		return kurs.User{}, err
	}
	if _, err := kurs.ValidateEmail(r.Email); err != nil {
		return kurs.User{}, err
	}
	if _, err := kurs.ValidatePassword(r.Password); err != nil {
		return kurs.User{}, err
	}
	if strings.EqualFold(r.Email, max1.Email) {
		return kurs.User{}, kurs.ErrEmailTaken
	}
	return kurs.User{ID: 10001, Name: r.Name, Email: r.Email}, nil
}

func (f *fakeAccounts) Login(ctx context.Context, l kurs.Login) (kurs.LoginResult, error) {
	if f.login != nil {
		return f.login(ctx, l)
	}
	if l.Email != max1.Email || l.Password != "test123" {
		return kurs.LoginResult{}, kurs.ErrBadCredentials
	}
	return kurs.LoginResult{Token: adminToken, User: max1, Session: newSession(l.Remember)}, nil
}

func (f *fakeAccounts) Logout(ctx context.Context, token string) error {
	if f.logout != nil {
		return f.logout(ctx, token)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loggedOut = append(f.loggedOut, token)
	return nil
}

func (f *fakeAccounts) ended() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loggedOut
}

func (f *fakeAccounts) Authenticate(ctx context.Context, token string) (kurs.Actor, error) {
	if f.authenticate != nil {
		return f.authenticate(ctx, token)
	}
	switch token {
	case adminToken:
		return kurs.Actor{UserID: 1, Role: kurs.RoleAdmin}, nil
	case userToken:
		return kurs.Actor{UserID: 2, Role: kurs.RoleUser}, nil
	default:
		return kurs.Actor{}, kurs.ErrSessionInvalid
	}
}

func (f *fakeAccounts) Profile(_ context.Context, actor kurs.Actor) (cache.Entry[kurs.User], error) {
	return entryOf(actor.UserID)
}

func (f *fakeAccounts) ProfileFresh(_ context.Context, actor kurs.Actor) (cache.Entry[kurs.User], error) {
	e, err := entryOf(actor.UserID)
	e.Source, e.Reason, e.LoadTime = cache.SourceLoader, cache.ReasonBypass, 1200*time.Microsecond
	return e, err
}

// ownID is the session that the fake knows of each user.
const ownID = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func (f *fakeAccounts) Devices(context.Context, kurs.Actor) ([]kurs.Device, error) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	return []kurs.Device{{
		ID: ownID, UserAgent: "curl/8", Address: "192.0.2.1", CreatedAt: at, LastSeenAt: at.Add(time.Minute),
		ExpiresAt: at.Add(31 * time.Minute), Current: true,
	}}, nil
}

func (f *fakeAccounts) EndDevice(_ context.Context, _ kurs.Actor, id string) error {
	if id != ownID {
		return kurs.ErrSessionNotFound
	}
	return nil
}

func (f *fakeAccounts) EndOtherDevices(context.Context, kurs.Actor) error { return nil }

func (f *fakeAccounts) EndSessionsOf(_ context.Context, actor kurs.Actor, id int64) error {
	if err := actor.MayEndSessions(); err != nil {
		return err
	}
	_, err := entryOf(id)
	return err
}

func (f *fakeAccounts) ConfirmEmail(ctx context.Context, token string) (kurs.User, error) {
	if f.confirm != nil {
		return f.confirm(ctx, token)
	}
	if token != "the-code" {
		return kurs.User{}, kurs.ErrConfirmationFailed
	}
	return max1, nil
}

// freshToken is what a password change answers with.
const freshToken = "token-of-a-session-after-a-change-0"

func (f *fakeAccounts) ChangePassword(ctx context.Context, actor kurs.Actor, c kurs.PasswordChange) (kurs.LoginResult, error) {
	if f.change != nil {
		return f.change(ctx, actor, c)
	}
	if err := actor.MayChangePassword(); err != nil {
		return kurs.LoginResult{}, err
	}
	if c.Old != "test123" {
		return kurs.LoginResult{}, &kurs.Error{Code: kurs.CodeInvalid, Field: kurs.FieldOldPassword, Rule: kurs.RuleWrong}
	}
	return kurs.LoginResult{Token: freshToken, Session: newSession(false)}, nil
}

func (f *fakeAccounts) RequestPasswordReset(ctx context.Context, email, clientPrefix string) error {
	if f.forgot != nil {
		return f.forgot(ctx, email, clientPrefix)
	}
	_, err := kurs.ValidateEmail(email)
	return err
}

func (f *fakeAccounts) ResetPassword(ctx context.Context, n kurs.NewPassword) error {
	if f.reset != nil {
		return f.reset(ctx, n)
	}
	if _, err := kurs.ValidatePassword(n.Password); err != nil {
		return err
	}
	if n.Token != "the-code" {
		return kurs.ErrResetFailed
	}
	return nil
}

func (f *fakeAccounts) Audit(ctx context.Context, actor kurs.Actor, q kurs.AuditQuery) (kurs.AuditPage, error) {
	if f.audit != nil {
		return f.audit(ctx, actor, q)
	}
	return kurs.AuditPage{Entries: []kurs.AuditEntry{{
		ID: 7, At: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), Action: kurs.AuditRoleChanged, Actor: 1, Subject: 2,
		ClientAddress: "192.0.2.1", UserAgent: "curl/8", Detail: map[string]any{"from": "user", "to": "admin"},
	}}, NextCursor: "Nw"}, actor.MayReadAudit()
}

func (f *fakeAccounts) Account(_ context.Context, actor kurs.Actor, id int64) (kurs.AccountView, error) {
	if err := actor.MayReadAccount(); err != nil {
		return kurs.AccountView{}, err
	}
	e, err := entryOf(id)
	return accountView(e.Value.ID, kurs.RoleUser), err
}

func accountView(id int64, role kurs.Role) kurs.AccountView {
	return kurs.AccountView{ID: id, Role: role, CreatedAt: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), HasPassword: true}
}

func (f *fakeAccounts) ChangeRole(ctx context.Context, actor kurs.Actor, id int64, role kurs.Role) (kurs.AccountView, error) {
	if f.role != nil {
		return f.role(ctx, actor, id, role)
	}
	if err := actor.MayChangeRole(); err != nil {
		return kurs.AccountView{}, err
	}
	e, err := entryOf(id)
	return accountView(e.Value.ID, role), err
}

// fakeLimits allows everything unless told otherwise.
type fakeLimits struct {
	data   func(ctx context.Context, client string) (ratelimit.Result, error)
	global func(ctx context.Context, client string) error // nil: off

	mu    sync.Mutex
	asked []string // of what State and Reset were asked
}

func (f *fakeLimits) GlobalOn() bool { return f.global != nil }

func (f *fakeLimits) Global(ctx context.Context, client string) error { return f.global(ctx, client) }

func (f *fakeLimits) Data(ctx context.Context, client string) (ratelimit.Rule, ratelimit.Result, error) {
	rule := ratelimit.Rule{Name: "data", Limit: 10, Window: time.Minute}
	if f.data != nil {
		result, err := f.data(ctx, client)
		return rule, result, err
	}
	return rule, ratelimit.Result{Allowed: true}, nil
}

func (f *fakeLimits) Current() []kurs.RateLimit {
	p := kurs.DefaultPolicy()
	return p.Limits()
}

func (f *fakeLimits) Degraded() bool { return false }

func (f *fakeLimits) ask(actor kurs.Actor, what, rule, subject string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, what+" "+rule+" "+subject)
	return actor.MayOperate()
}

func (f *fakeLimits) State(_ context.Context, actor kurs.Actor, rule, subject string) (kurs.LimitState, error) {
	return kurs.LimitState{
		Rule: rule, Subject: subject, Limit: 10, Remaining: 3, ResetAfter: 12345 * time.Microsecond, RetryAfter: time.Second,
		Key: ratelimit.CounterKey{Name: "rate:" + rule + ":{" + subject + "}", TTL: time.Minute},
	}, f.ask(actor, "state", rule, subject)
}

func (f *fakeLimits) Reset(_ context.Context, actor kurs.Actor, rule, subject string) error {
	return f.ask(actor, "reset", rule, subject)
}

// fakeQueues has one queue with one dead letter, "42".
type fakeQueues struct {
	tasks  func(state queue.State, cursor string, limit int) (queue.Page, error)
	change func(what string, s kurs.TaskSelection) (kurs.TasksChanged, error)
}

func (f *fakeQueues) States(_ context.Context, actor kurs.Actor) ([]kurs.QueueState, error) {
	return []kurs.QueueState{{Name: "email_queue", Stats: queue.Stats{
		Waiting: 1, Running: 2, Scheduled: 3, Retrying: 4, Dead: 5, Latency: 1500 * time.Millisecond, Workers: 6, Paused: true,
		Processed: 7, Failed: 8, Died: 9,
	}}}, actor.MayOperate()
}

func knowQueue(actor kurs.Actor, name string) error {
	if err := actor.MayOperate(); err != nil || name == "email_queue" {
		return err
	}
	return kurs.ErrQueueNotFound
}

func deadLetter() queue.TaskInfo {
	at := time.Date(2026, 5, 1, 14, 0, 0, 0, time.FixedZone("", 7200))
	return queue.TaskInfo{
		ID: "42", Type: "mail", State: queue.StateDead, Payload: []byte(`{"to":"max@example.com","token":"geheim"}`), Size: 41,
		Error: "no such mailbox", Attempts: 20, Crashes: 1, MaxAttempts: 20, CreatedAt: at, DiedAt: at.Add(time.Hour),
	}
}

func (f *fakeQueues) Tasks(_ context.Context, actor kurs.Actor, name string, state queue.State, cursor string, limit int) (queue.Page, error) {
	if err := knowQueue(actor, name); err != nil {
		return queue.Page{}, err
	}
	if f.tasks != nil {
		return f.tasks(state, cursor, limit)
	}
	return queue.Page{Tasks: []queue.TaskInfo{deadLetter()}, Next: "dead:1"}, nil
}

func (f *fakeQueues) Task(_ context.Context, actor kurs.Actor, name, id string) (queue.TaskInfo, error) {
	if err := knowQueue(actor, name); err != nil {
		return queue.TaskInfo{}, err
	}
	if id != "42" {
		return queue.TaskInfo{}, kurs.ErrTaskNotFound
	}
	return deadLetter(), nil
}

func (f *fakeQueues) Pause(_ context.Context, actor kurs.Actor, name string) error {
	return knowQueue(actor, name)
}

func (f *fakeQueues) Resume(_ context.Context, actor kurs.Actor, name string) error {
	return knowQueue(actor, name)
}

func (f *fakeQueues) RetryTasks(_ context.Context, actor kurs.Actor, name string, s kurs.TaskSelection) (kurs.TasksChanged, error) {
	return f.do(actor, name, "retry", s)
}

func (f *fakeQueues) DeleteTasks(_ context.Context, actor kurs.Actor, name string, s kurs.TaskSelection) (kurs.TasksChanged, error) {
	return f.do(actor, name, "delete", s)
}

func (f *fakeQueues) do(actor kurs.Actor, name, what string, s kurs.TaskSelection) (kurs.TasksChanged, error) {
	if err := knowQueue(actor, name); err != nil {
		return kurs.TasksChanged{}, err
	}
	if f.change != nil {
		return f.change(what, s)
	}
	return kurs.TasksChanged{Count: 3}, nil
}

func (f fakeMailbox) Enqueue(_ context.Context, to, _, _ string) (string, error) {
	if to == "" {
		return "", &kurs.Error{Code: kurs.CodeInvalid, Field: "to", Rule: kurs.RuleRequired}
	}
	return "id of a mail", nil
}

func (f fakeMailbox) EnqueueBroken(context.Context) (string, error) { return "id of a broken one", nil }

type fakeMailbox []Mail

func (f fakeMailbox) Mails(context.Context) ([]Mail, error) { return f, nil }

// site is a server under test, with what it stands on and what it logs.
type site struct {
	http.Handler
	users    *fakeUsers
	accounts *fakeAccounts
	limits   *fakeLimits
	queues   *fakeQueues
	log      *logBuffer
}

// newSite starts a server. mods change its dependencies and configuration.
func newSite(tb testing.TB, mode Mode, mods ...func(*Deps, *Config)) *site {
	tb.Helper()
	s := &site{users: &fakeUsers{}, accounts: &fakeAccounts{}, limits: &fakeLimits{}, queues: &fakeQueues{}, log: &logBuffer{}}
	d := Deps{
		Users: s.users, Accounts: s.accounts, Sessions: tokens(), Limits: s.limits, Queues: s.queues,
		RedisHealthy: func() bool { return true },
		Mailbox:      fakeMailbox{{To: "max@example.com", Subject: "Willkommen!", Body: "Hallo", ReceivedAt: time.Date(2025, 11, 22, 12, 0, 0, 0, time.UTC)}},
	}
	c := Config{Mode: mode, Version: "1.2.3", Logger: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, mod := range mods {
		mod(&d, &c)
	}
	h, err := New(d, c)
	if err != nil {
		tb.Fatal(err)
	}
	s.Handler = h
	return s
}

// logBuffer collects log lines of concurrent requests.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// call is one request. headers are pairs of a name and a value.
type call struct {
	method, target, body string
	headers              []string
}

func (c call) request(tb testing.TB) *http.Request {
	tb.Helper()
	var r *http.Request
	if c.body == "" {
		r = httptest.NewRequestWithContext(tb.Context(), c.method, c.target, nil)
	} else {
		r = httptest.NewRequestWithContext(tb.Context(), c.method, c.target, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
	}
	r.Host = "localhost:8000"
	r.RemoteAddr = "127.0.0.1:50000"
	for i := 0; i < len(c.headers); i += 2 {
		switch c.headers[i] {
		case "Host":
			r.Host = c.headers[i+1]
		case "Content-Type":
			r.Header.Set(c.headers[i], c.headers[i+1])
		default:
			r.Header.Add(c.headers[i], c.headers[i+1])
		}
	}
	return r
}

// do sends a request and returns the answer.
func (s *site) do(tb testing.TB, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	tb.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, call{method, target, body, headers}.request(tb))
	return w
}

// problem decodes a problem and checks what every problem has.
func problem(tb testing.TB, w *httptest.ResponseRecorder) Problem {
	tb.Helper()
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		tb.Fatalf("status %d with Content-Type %q and body %s", w.Code, got, w.Body)
	}
	var p Problem
	dec := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		tb.Fatalf("decode %s: %v", w.Body, err)
	}
	if p.Status != w.Code || p.Title == "" || p.Detail == "" {
		tb.Errorf("problem %+v of an answer with status %d", p, w.Code)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		tb.Errorf("a problem has Cache-Control %q", got)
	}
	if w.Header().Get("Content-Language") == "" {
		tb.Error("a problem has no Content-Language")
	}
	return p
}

// body returns the body without the line break at its end.
func body(w *httptest.ResponseRecorder) string { return strings.TrimSuffix(w.Body.String(), "\n") }
