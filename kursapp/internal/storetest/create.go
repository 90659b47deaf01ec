package storetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

var createTests = map[string]func(fixture){
	"CreatedUserIsThere": func(t fixture) {
		u := t.create("max@example.com")
		if u.ID <= 0 || u.Name != "Somebody" || u.Email != "max@example.com" {
			t.Fatalf("created %+v", u)
		}
		t.wantUser(u)
	},

	"TakenAddressIsRefusedWhateverItsCase": func(t fixture) {
		t.create("Max@example.com")
		for _, email := range []string{"Max@example.com", "max@EXAMPLE.com"} {
			called := false
			u, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: "Other", Email: email, Role: kurs.RoleUser},
				func(context.Context, kurs.User) error { called = true; return nil })
			t.wantError(zeroResult(t, u, err), kurs.ErrEmailTaken)
			if called {
				t.Errorf("%s: beforeCommit ran for an address that is taken", email)
			}
		}
	},

	"NothingIsSeenBeforeTheCommit": func(t fixture) {
		other := t.create("other@example.com")
		u, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: "Max", Email: "max@example.com", Role: kurs.RoleUser},
			func(ctx context.Context, u kurs.User) error {
				if u.ID == 0 || u.Name != "Max" || u.Email != "max@example.com" {
					t.Errorf("beforeCommit got %+v", u)
				}
				// Readers go on meanwhile, and see nothing of it.
				if _, err := t.store.User(ctx, u.ID); !errors.Is(err, kurs.ErrUserNotFound) {
					t.Errorf("the user is seen before the commit (error %v)", err)
				}
				t.wantNoAddress("max@example.com")
				t.wantUser(other)
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
		t.wantUser(u)
	},

	"FailedBeforeCommitStoresNothing": func(t fixture) {
		sentinel := errors.New("queue is down")
		var seen kurs.User
		u, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: "Max", Email: "max@example.com", Role: kurs.RoleUser},
			func(_ context.Context, u kurs.User) error { seen = u; return sentinel })
		if zeroResult(t, u, err) != sentinel { //nolint:errorlint // the contract is the very same error, not one that wraps it
			t.Fatalf("error %v, want the one of beforeCommit as it is", err)
		}
		t.wantNoAddress("max@example.com")
		_, err = t.store.User(t.Context(), seen.ID)
		t.wantError(err, kurs.ErrUserNotFound)
		t.create("max@example.com") // the address is free
	},

	"PanicInBeforeCommitStoresNothing": func(t fixture) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_, _ = t.store.CreateUser(t.Context(), kurs.NewAccount{Name: "Max", Email: "max@example.com", Role: kurs.RoleUser},
				func(context.Context, kurs.User) error { panic("bug") })
		}()
		t.wantNoAddress("max@example.com")
		t.create("max@example.com") // nothing is locked any more
	},

	"OneOfManyRegistrationsWins": func(t fixture) {
		var won, called atomic.Int32
		var wg sync.WaitGroup
		for n := range 24 {
			email := []string{"max@example.com", "Max@example.com", "MAX@EXAMPLE.COM"}[n%3]
			wg.Go(func() {
				_, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: "Max", Email: email, Role: kurs.RoleUser},
					func(context.Context, kurs.User) error { called.Add(1); return nil })
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, kurs.ErrEmailTaken):
					t.Errorf("error %v, want %v", err, kurs.ErrEmailTaken)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || called.Load() != 1 {
			t.Errorf("%d registrations of one address succeeded and beforeCommit ran %d times, want 1 and 1", won.Load(), called.Load())
		}
	},

	"IDsAreNeverReused": func(t fixture) {
		last := int64(0)
		for range 5 {
			u := t.create("max@example.com")
			if u.ID <= last {
				t.Fatalf("id %d after id %d was deleted", u.ID, last)
			}
			last = u.ID
			if err := t.store.DeleteUser(t.Context(), u.ID); err != nil { // always the newest
				t.Fatal(err)
			}
		}
	},

	"NamesOfAnyScriptAreStoredExactly": func(t fixture) {
		for n, name := range []string{
			"Łukasz Żółć", "李小龍", "محمد صلاح", "👩‍👩‍👧‍👦 🇩🇪",
			"e\u0301 is not \u00e9", "\u202eright to left", "O'Brien \"; DROP TABLE users; --", " spaces ", "%s $1 ?1 \\",
			strings.Repeat("ß", 200), strings.Repeat("💡", 200),
		} {
			u, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: name, Email: numbered(n), Role: kurs.RoleUser}, nil)
			if err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			if u.Name != name {
				t.Errorf("stored %+q, want %+q", u.Name, name)
			}
			t.wantUser(u)
		}
	},

	"LimitsAndUnstorableTextAreInvalid": func(t fixture) {
		u := t.create("kept@example.com")
		local := strings.Repeat("a", 254-len("@example.com"))
		t.create(local + "@example.com") // 254 characters fit
		for _, c := range []struct {
			name, email, field string
			rule               kurs.Rule
		}{
			{"", "a@example.com", "name", kurs.RuleRequired},
			{strings.Repeat("ß", 201), "a@example.com", "name", kurs.RuleTooLong},
			{"a\x00b", "a@example.com", "name", kurs.RuleControlChar},
			{"a\xffb", "a@example.com", "name", kurs.RuleNotUTF8},
			{"A", "", "email", kurs.RuleRequired},
			{"A", "aa" + local + "@example.com", "email", kurs.RuleTooLong},
			{"A", "a\x00@example.com", "email", kurs.RuleControlChar},
			{"A", "a\xff@example.com", "email", kurs.RuleNotUTF8},
		} {
			_, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: c.name, Email: c.email, Role: kurs.RoleUser}, nil)
			t.wantInvalid(err, c.field, c.rule)
			_, err = t.store.UpdateUser(t.Context(), u.ID, c.name, c.email)
			t.wantInvalid(err, c.field, c.rule)
			if c.field == "name" {
				_, err = t.store.RenameUser(t.Context(), u.ID, c.name)
			} else {
				err = t.store.SetEmailChange(t.Context(), kurs.EmailChange{UserID: u.ID, NewEmail: c.email, ExpiresAt: later}, digest(1))
			}
			t.wantInvalid(err, c.field, c.rule)
		}
		t.wantUser(u)
	},

	"UnknownRoleIsRefused": func(t fixture) {
		if _, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: "A", Email: "a@example.com", Role: "root"}, nil); err == nil {
			t.Error("an account with role root was stored")
		}
		u := t.create("b@example.com")
		if err := t.store.SetRole(t.Context(), u.ID, "root"); err == nil {
			t.Error("an account became root")
		}
	},
}
