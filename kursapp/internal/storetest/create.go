package storetest

import (
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
			u, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: "Other", Email: email, Role: kurs.RoleUser})
			t.wantError(zeroResult(t, u, err), kurs.ErrEmailTaken)
		}
	},

	"OneOfManyRegistrationsWins": func(t fixture) {
		var won atomic.Int32
		var wg sync.WaitGroup
		for n := range 24 {
			email := []string{"max@example.com", "Max@example.com", "MAX@EXAMPLE.COM"}[n%3]
			wg.Go(func() {
				_, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: "Max", Email: email, Role: kurs.RoleUser}, greeting)
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, kurs.ErrEmailTaken):
					t.Errorf("error %v, want %v", err, kurs.ErrEmailTaken)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d registrations of one address succeeded, want 1", won.Load())
		}
		t.wantTasks(1)
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
			u, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: name, Email: numbered(n), Role: kurs.RoleUser})
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
			_, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: c.name, Email: c.email, Role: kurs.RoleUser})
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
		if _, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: "A", Email: "a@example.com", Role: "root"}); err == nil {
			t.Error("an account with role root was stored")
		}
		u := t.create("b@example.com")
		if err := t.store.SetRole(t.Context(), u.ID, "root"); err == nil {
			t.Error("an account became root")
		}
	},
}
