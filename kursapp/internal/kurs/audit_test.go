package kurs_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// audited is the audit log, the oldest entry first, as "action subject by actor from
// address with agent".
func (w *world) audited(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, e := range slices.Backward(w.auditedEntries(t)) {
		all = append(all, fmt.Sprintf("%s %d by %d from %s with %s %v", e.Action, e.Subject, e.Actor, e.ClientAddress, e.UserAgent, e.Detail))
	}
	return all
}

func (w *world) auditedEntries(t *testing.T) []kurs.AuditEntry {
	t.Helper()
	entries, err := w.store.Audit(t.Context(), kurs.AuditQuery{Limit: 2000})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// withAudit has the world's accounts take down logins; the function waits until that
// is written.
func (w *world) withAudit(t *testing.T) (written func()) {
	t.Helper()
	l := kurs.NewAuditLog(w.store, nil, nil)
	kurs.AuditWith(w.accounts, l)
	closed := sync.OnceFunc(l.Close)
	t.Cleanup(closed)
	return closed
}

func TestLoginsAndLogoutsAreTakenDown(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	written := w.withAudit(t)
	user := w.add(t, "Max", kurs.RoleUser)
	since := len(w.audited(t))
	login := loginOf(user)
	login.UserAgent = "curl/8"
	s, err := w.accounts.Login(t.Context(), login)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		_ = w.loginWith(t, user, "wrong")
	}
	_ = w.loginWith(t, user, "wrong") // one too many
	nobody := loginOf(user)
	nobody.Email = "nobody@example.com"
	_, err = w.accounts.Login(t.Context(), nobody)
	wantCode(t, err, kurs.CodeBadCredentials)
	from := kurs.WithOrigin(t.Context(), kurs.Origin{ClientAddress: "198.51.100.7", UserAgent: "phone"})
	for range 2 { // the second ends nothing
		if err := w.accounts.Logout(from, s.Token); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.accounts.RequestPasswordReset(from, "max@example.com", "198.51.100.7"); err != nil {
		t.Fatal(err)
	}
	written()
	want := []string{"login_succeeded 1 by 1 from 192.0.2.1 with curl/8 map[]"}
	for range 10 {
		want = append(want, "login_failed 1 by 0 from 192.0.2.1 with  map[]")
	}
	want = append(want, "login_limited 0 by 0 from 192.0.2.1 with  map[]", "login_failed 0 by 0 from 192.0.2.1 with  map[]",
		"logged_out 1 by 1 from 198.51.100.7 with phone map[]", "password_reset_requested 1 by 0 from 198.51.100.7 with phone map[]")
	if got := w.audited(t)[since:]; !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// Attempts beyond the limit are cheap. They must neither fill the table nor push the
// entries of others out.
func TestAFloodOfLimitedLoginsIsOneEntryAMinute(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	var clock atomic.Int64
	l := kurs.NewAuditLog(w.store, func() time.Time { return time.Unix(clock.Load(), 0) }, nil)
	from := func(n int) context.Context {
		return kurs.WithOrigin(t.Context(), kurs.Origin{ClientAddress: fmt.Sprintf("2001:db8:%x::/64", n)})
	}
	flood := func() {
		for n := range 20_000 {
			kurs.Note(from(n%3), l, kurs.AuditLoginLimited, 0)
		}
		kurs.Note(from(1), l, kurs.AuditLoginLimited, 7)
	}
	flood()
	kurs.Note(from(0), l, kurs.AuditLoginSucceeded, 1)
	clock.Store(60)
	flood()
	clock.Store(120)
	for n := range 20_000 { // many clients
		kurs.Note(from(n), l, kurs.AuditLoginLimited, 0)
	}
	kurs.Note(from(0), l, kurs.AuditLoginSucceeded, 2)
	l.Close()
	counts := map[string]int{}
	for _, e := range w.auditedEntries(t) {
		counts[fmt.Sprint(e.Action, " ", e.At.Unix())]++
	}
	want := map[string]int{"login_limited 0": 4, "login_succeeded 0": 1, "login_limited 60": 4, "login_limited 120": 1000, "login_succeeded 120": 1}
	if !maps.Equal(counts, want) {
		t.Errorf("entries %v, want %v", counts, want)
	}
}

func TestChangesNameTheirActor(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	written := w.withAudit(t)
	user, admin := w.register(t, "Max"), w.add(t, "Ada", kurs.RoleAdmin)
	ctx := kurs.WithOrigin(t.Context(), kurs.Origin{Actor: 99, ClientAddress: "198.51.100.7", UserAgent: "phone"})
	asAdmin := kurs.Actor{UserID: admin.ID, Role: kurs.RoleAdmin}
	since := len(w.audited(t)) - 2
	if _, err := w.users.Update(ctx, asAdmin, user.ID, "Moritz", user.Email); err != nil {
		t.Fatal(err)
	}
	if _, err := w.users.Update(ctx, kurs.Actor{Anonymous: true, Demo: true}, user.ID, "Max", user.Email); err != nil {
		t.Fatal(err)
	}
	if _, err := w.accounts.ChangePassword(ctx, w.authenticate(t, w.login(t, user).Token), changeOf(user)); err != nil {
		t.Fatal(err)
	}
	if err := w.accounts.ResetPassword(ctx, kurs.NewPassword{Token: w.beginReset(t, user.ID), Password: "a third password", ClientPrefix: "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.accounts.ConfirmEmail(ctx, w.beginEmailChange(t, user.ID, "new@example.com")); err != nil {
		t.Fatal(err)
	}
	if err := w.users.Delete(ctx, asAdmin, user.ID); err != nil {
		t.Fatal(err)
	}
	written()
	got := slices.DeleteFunc(w.audited(t)[since:], func(s string) bool { return strings.HasPrefix(s, "login_succeeded") })
	want := []string{
		"registered 1 by 0 from 192.0.2.1 with  map[]", "registered 2 by 0 from  with  map[by:database]",
		"user_changed 1 by 2 from 198.51.100.7 with phone map[fields:[name]]",
		"user_changed 1 by 0 from 198.51.100.7 with phone map[fields:[name]]",
		"password_changed 1 by 1 from 192.0.2.1 with curl/8 map[]",
		"password_changed 1 by 0 from 198.51.100.7 with phone map[by:code]",
		"user_changed 1 by 0 from 198.51.100.7 with phone map[by:code fields:[email]]",
		"user_deleted 1 by 2 from 198.51.100.7 with phone map[]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestAuditLogIsForAdministratorsAndComesInPages(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user, other := w.add(t, "Max", kurs.RoleUser), w.add(t, "Ada", kurs.RoleUser)
	for n := range 5 {
		role := []kurs.Role{kurs.RoleAdmin, kurs.RoleUser}[n%2]
		if err := w.store.SetRole(t.Context(), user.ID, role); err != nil {
			t.Fatal(err)
		}
	}
	admin := kurs.Actor{UserID: other.ID, Role: kurs.RoleAdmin}
	var pages []int
	for q := (kurs.AuditQuery{User: user.ID, Limit: 4}); ; {
		page, err := w.accounts.Audit(t.Context(), admin, q)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, len(page.Entries))
		if page.NextCursor == "" {
			break
		}
		var ok bool
		if q.Before, ok = kurs.ParseCursor(page.NextCursor); !ok {
			t.Fatalf("cursor %q", page.NextCursor)
		}
	}
	if !slices.Equal(pages, []int{4, 2}) {
		t.Errorf("pages of %v entries, want 4 and 2", pages)
	}
	if page, err := w.accounts.Audit(t.Context(), admin, kurs.AuditQuery{User: 99}); err != nil || page.Entries == nil || len(page.Entries) != 0 {
		t.Errorf("of nobody: %+v, %v", page, err)
	}
	_, err := w.accounts.Audit(t.Context(), asUser(user), kurs.AuditQuery{})
	wantCode(t, err, kurs.CodeForbidden)
	_, err = w.accounts.Audit(t.Context(), kurs.Actor{Anonymous: true}, kurs.AuditQuery{})
	wantCode(t, err, kurs.CodeNoToken)
}

// auditStore keeps what is written, unless it is away.
type auditStore struct {
	kurs.Store
	away    atomic.Bool
	mu      sync.Mutex
	entries []kurs.AuditEntry
	swept   []int // what SweepAudit returns
	before  []time.Time
}

func (s *auditStore) AddAudit(_ context.Context, entries ...kurs.AuditEntry) error {
	if s.away.Load() {
		return kurs.ErrUnavailable
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, entries...)
	return nil
}

func (s *auditStore) SweepAudit(_ context.Context, before time.Time, _ int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = append(s.before, before)
	if len(s.swept) == 0 {
		return 0, nil
	}
	n := s.swept[0]
	s.swept = s.swept[1:]
	return n, nil
}

func TestNotesOutliveAnOutageAsFarAsThereIsRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := &auditStore{}
		s.away.Store(true)
		l := kurs.NewAuditLog(s, nil, slog.New(slog.NewTextHandler(&out, nil)))
		for n := range int64(5000) { // nobody waits
			kurs.Note(t.Context(), l, kurs.AuditLoginFailed, n+1)
		}
		time.Sleep(10 * time.Second)
		s.away.Store(false)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(s.entries) != 4096 || s.entries[0].Subject != 1 || s.entries[4095].Subject != 4096 {
			t.Errorf("%d entries", len(s.entries))
		}
		if !strings.Contains(out.String(), "lost=904") {
			t.Errorf("nobody was told how many were lost:\n%s", out.String())
		}
		kurs.Note(t.Context(), l, kurs.AuditLoggedOut, 7)
		l.Close()
		if len(s.entries) != 4097 {
			t.Errorf("%d entries after Close, want 4097", len(s.entries))
		}
		kurs.Note(t.Context(), l, kurs.AuditLoggedOut, 7) // too late, and harmless
	})
}

func TestCloseEndsWithoutADatabase(t *testing.T) {
	t.Parallel()
	s := &auditStore{}
	s.away.Store(true)
	l := kurs.NewAuditLog(s, nil, nil)
	kurs.Note(t.Context(), l, kurs.AuditLoggedOut, 7)
	l.Close()
	if len(s.entries) != 0 {
		t.Error("written to a database that is away")
	}
}

func TestOldEntriesAreSweptNowAndEveryHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &auditStore{swept: []int{1000, 1000, 17, 3}}
		l := kurs.NewAuditLog(s, nil, nil)
		defer l.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Minute)
		defer cancel()
		began := time.Now()
		l.Sweep(ctx, 24*time.Hour)
		if len(s.before) != 4 || !s.before[0].Equal(began.Add(-24*time.Hour)) || !s.before[3].Equal(began.Add(-23*time.Hour)) {
			t.Errorf("swept before %v, want three times at once and one an hour later", s.before)
		}
	})
}

func TestEveryAuditActionIsListed(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("audit.go")
	if err != nil {
		t.Fatal(err)
	}
	var declared []kurs.AuditAction
	for _, m := range regexp.MustCompile(`AuditAction = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		declared = append(declared, kurs.AuditAction(m[1]))
	}
	listed := kurs.AuditActions()
	slices.Sort(declared)
	slices.Sort(listed)
	if len(declared) == 0 || !slices.Equal(declared, listed) {
		t.Errorf("declared are %q, listed %q", declared, listed)
	}
}
