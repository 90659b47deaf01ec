package storetest

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

var changeTests = map[string]func(fixture){
	"UpdateSetsNameAndAddress": func(t fixture) {
		other := t.create("other@example.com")
		u := t.create("max@example.com")
		got, err := t.store.UpdateUser(t.Context(), u.ID, "Moritz", "moritz@example.com")
		want := kurs.User{ID: u.ID, Name: "Moritz", Email: "moritz@example.com"}
		if err != nil || got != want {
			t.Fatalf("UpdateUser = %+v, %v; want %+v", got, err, want)
		}
		t.wantUser(want)
		t.wantUser(other)
		t.wantNoAddress("max@example.com")
	},

	"OwnAddressMayChangeItsCase": func(t fixture) {
		u := t.create("max@example.com")
		for _, email := range []string{"Max@Example.com", "Max@Example.com"} {
			got, err := t.store.UpdateUser(t.Context(), u.ID, u.Name, email)
			if err != nil || got.Email != "Max@Example.com" {
				t.Fatalf("UpdateUser = %+v, %v", got, err)
			}
		}
	},

	"UpdateToATakenAddressChangesNothing": func(t fixture) {
		t.create("taken@example.com")
		u := t.create("max@example.com")
		for _, email := range []string{"taken@example.com", "TAKEN@example.com"} {
			got, err := t.store.UpdateUser(t.Context(), u.ID, "Changed", email)
			t.wantError(zeroResult(t, got, err), kurs.ErrEmailTaken)
		}
		t.wantUser(u)
	},

	"OneOfTwoUsersGetsAnAddress": func(t fixture) {
		var users []kurs.User
		for n := range 8 {
			users = append(users, t.create(numbered(n)))
		}
		var won atomic.Int32
		var wg sync.WaitGroup
		for _, u := range users {
			wg.Go(func() {
				switch _, err := t.store.UpdateUser(t.Context(), u.ID, u.Name, "wanted@example.com"); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, kurs.ErrEmailTaken):
					t.Errorf("error %v, want %v", err, kurs.ErrEmailTaken)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d users got one address", won.Load())
		}
	},

	"RenameKeepsTheAddress": func(t fixture) {
		u := t.create("max@example.com")
		got, err := t.store.RenameUser(t.Context(), u.ID, "Moritz")
		want := kurs.User{ID: u.ID, Name: "Moritz", Email: "max@example.com"}
		if err != nil || got != want {
			t.Fatalf("RenameUser = %+v, %v; want %+v", got, err, want)
		}
		t.wantUser(want)
	},

	"DeletedUserIsGone": func(t fixture) {
		other := t.create("other@example.com")
		u := t.create("max@example.com")
		if err := t.store.DeleteUser(t.Context(), u.ID); err != nil {
			t.Fatal(err)
		}
		for _, c := range calls {
			if err := c.do(t.Context(), t.store, u.ID); !errors.Is(err, kurs.ErrUserNotFound) {
				t.Errorf("%s: error %v, want %v", c.name, err, kurs.ErrUserNotFound)
			}
		}
		t.wantNoAddress("max@example.com")
		t.wantUser(other)
		t.create("max@example.com") // the address is free
	},

	"RoleChangesAlone": func(t fixture) {
		u, err := t.store.CreateUser(t.Context(), kurs.NewAccount{
			Name: "Ada", Email: "ada@example.com", PasswordHash: "hash", Role: kurs.RoleUser,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, role := range []kurs.Role{kurs.RoleAdmin, kurs.RoleAdmin, kurs.RoleUser} {
			if err := t.store.SetRole(t.Context(), u.ID, role); err != nil {
				t.Fatal(err)
			}
			a, err := t.store.Account(t.Context(), u.ID)
			if err != nil || a.Role != role || a.PasswordHash != "hash" || a.User != u {
				t.Fatalf("after SetRole(%s): %+v, %v", role, a, err)
			}
		}
	},

	"PasswordHashIsReplacedOnlyWhereItIsTheOldOne": func(t fixture) {
		u := t.create("max@example.com")
		for _, step := range []struct {
			old, next string
			replaced  bool
			hash      string
		}{
			{"", "one", true, "one"},
			{"one", "two", true, "two"},
			{"one", "three", false, "two"},
			{"TWO", "three", false, "two"},
			{"two", "two", true, "two"},
			{"two", "", true, ""},
		} {
			replaced, err := t.store.ReplacePasswordHash(t.Context(), u.ID, step.old, step.next)
			if err != nil || replaced != step.replaced {
				t.Fatalf("ReplacePasswordHash(%q, %q) = %v, %v; want %v", step.old, step.next, replaced, err, step.replaced)
			}
			if a, err := t.store.Account(t.Context(), u.ID); err != nil || a.PasswordHash != step.hash {
				t.Fatalf("the hash is %q (%v), want %q", a.PasswordHash, err, step.hash)
			}
		}
	},

	"OneOfManyRehashesWins": func(t fixture) {
		u := t.create("max@example.com")
		var won atomic.Int32
		var wg sync.WaitGroup
		for n := range 12 {
			wg.Go(func() {
				replaced, err := t.store.ReplacePasswordHash(t.Context(), u.ID, "", numbered(n))
				if err != nil {
					t.Error(err)
				}
				if replaced {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of the rehashes of one hash say that they replaced it, want 1", won.Load())
		}
	},
}
