// Package storetest is the conformance suite of kurs.Store: what both engines
// must do, and must do alike. Engines add tests of their own for what only
// they can suffer (a server that dies, a file that another process holds).
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// Engine is an empty store and what its outbox holds.
type Engine struct {
	Store kurs.Store
	// Rows returns kind, target, key and payload of all rows in the outbox, separated
	// by blanks, in the order of their ids.
	Rows func(tb testing.TB) []string
}

// Run runs the suite. open returns an engine of the test's own and closes
// it at the test's end. The tests run in parallel.
func Run(t *testing.T, open func(t *testing.T) Engine) {
	t.Helper()
	groups := []map[string]func(fixture){readTests, createTests, changeTests, emailChangeTests, emailNoticeTests, contextTests, modelTests, outboxTests, credentialsTests, passwordTests, auditTests, searchTests, roleTests}
	for _, group := range groups {
		for name, test := range group {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				e := open(t)
				test(fixture{T: t, store: e.Store, rows: func() []string { return e.Rows(t) }})
			})
		}
	}
}

// fixture is one test with its store.
type fixture struct {
	*testing.T

	store kurs.Store
	rows  func() []string
}

// missing is an id that no test ever gets.
const missing = 1 << 40

// create stores a user with the given address.
func (t fixture) create(email string) kurs.User {
	t.Helper()
	u, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: "Somebody", Email: email, Role: kurs.RoleUser})
	if err != nil {
		t.Fatalf("create %s: %v", email, err)
	}
	return u
}

// wantUser fails unless the store holds u as it is.
func (t fixture) wantUser(u kurs.User) {
	t.Helper()
	got, err := t.store.User(t.Context(), u.ID)
	if err != nil {
		t.Fatalf("read user %d: %v", u.ID, err)
	}
	if got != u {
		t.Fatalf("user %d is %+q <%+q>, want %+q <%+q>", u.ID, got.Name, got.Email, u.Name, u.Email)
	}
}

// wantNoAddress fails unless nobody has the address.
func (t fixture) wantNoAddress(email string) {
	t.Helper()
	if a, err := t.store.AccountByEmail(t.Context(), email); !errors.Is(err, kurs.ErrUserNotFound) {
		t.Fatalf("%s belongs to %+v (error %v), want nobody", email, a.User, err)
	}
}

// wantError fails unless err is want and nothing else came with it.
func (t fixture) wantError(err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

// wantInvalid fails unless err says that field broke rule.
func (t fixture) wantInvalid(err error, field string, rule kurs.Rule) {
	t.Helper()
	e, ok := errors.AsType[*kurs.Error](err)
	if !ok || e.Code != kurs.CodeInvalid || e.Field != field || e.Rule != rule {
		t.Fatalf("error %v, want %s: %s", err, field, rule)
	}
}

// call is a method of the store, for tests of what all of them do alike.
type call struct {
	name string
	do   func(ctx context.Context, s kurs.Store, id int64) error
}

// calls are all methods that ask for a user by its id.
var calls = []call{
	{"User", func(ctx context.Context, s kurs.Store, id int64) error { _, err := s.User(ctx, id); return err }},
	{"Account", func(ctx context.Context, s kurs.Store, id int64) error { _, err := s.Account(ctx, id); return err }},
	{"UpdateUser", func(ctx context.Context, s kurs.Store, id int64) error {
		_, err := s.UpdateUser(ctx, id, "Changed", "changed@example.com", notice)
		return err
	}},
	{"RenameUser", func(ctx context.Context, s kurs.Store, id int64) error {
		_, err := s.RenameUser(ctx, id, "Changed")
		return err
	}},
	{"DeleteUser", func(ctx context.Context, s kurs.Store, id int64) error { return s.DeleteUser(ctx, id) }},
	{"RemoveUser", func(ctx context.Context, s kurs.Store, id int64) error { return s.RemoveUser(ctx, id) }},
	{"SetRole", func(ctx context.Context, s kurs.Store, id int64) error { return s.SetRole(ctx, id, kurs.RoleAdmin) }},
	{"ChangeRole", func(ctx context.Context, s kurs.Store, id int64) error { return s.ChangeRole(ctx, id, kurs.RoleUser) }},
	{"ReplacePasswordHash", func(ctx context.Context, s kurs.Store, id int64) error {
		_, err := s.ReplacePasswordHash(ctx, id, "", "next")
		return err
	}},
	{"ChangePassword", func(ctx context.Context, s kurs.Store, id int64) error {
		_, err := s.ChangePassword(ctx, id, "", "next", greeting)
		return err
	}},
	{"SetPasswordReset", func(ctx context.Context, s kurs.Store, id int64) error {
		return s.SetPasswordReset(ctx, kurs.PasswordReset{UserID: id, ExpiresAt: later}, digest(1))
	}},
	{"SetEmailChange", func(ctx context.Context, s kurs.Store, id int64) error {
		return s.SetEmailChange(ctx, kurs.EmailChange{UserID: id, NewEmail: "changed@example.com", ExpiresAt: later}, digest(1))
	}},
}

// zeroResult fails unless a method that failed returned nothing else.
func zeroResult[V comparable](t fixture, got V, err error) error {
	t.Helper()
	if err != nil && got != *new(V) {
		t.Errorf("returned %v beside the error %v", got, err)
	}
	return err
}

func numbered(n int) string { return fmt.Sprintf("user%d@example.com", n) }
