package storetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// named stores a user.
func (t fixture) named(name, email string) kurs.User {
	t.Helper()
	u, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: name, Email: email, Role: kurs.RoleUser})
	if err != nil {
		t.Fatalf("create %s: %v", name, err)
	}
	return u
}

// wantFound fails unless query finds just these users.
func (t fixture) wantFound(query string, want ...kurs.User) {
	t.Helper()
	got, err := t.store.SearchUsers(t.Context(), query, 0, 100)
	if err != nil || got == nil || !slices.Equal(got, want) {
		t.Errorf("SearchUsers(%+q) = %+v, %v; want %+v", query, got, err, want)
	}
}

var searchTests = map[string]func(fixture){
	"SearchFindsPartsOfNameAndAddress": func(t fixture) {
		ada := t.named("Ada Lovelace", "countess@example.com")
		maxi := t.named("Max", "max.ada@example.org")
		t.wantFound("ada", ada, maxi)
		t.wantFound("Ada Lovelace", ada)
		t.wantFound("a L", ada)
		t.wantFound("example.org", maxi)
		t.wantFound("ess@", ada)
		t.wantFound("nobody")
		t.wantFound("Lovelacecountess")
	},

	"SearchTakesEachCharacterAsItIs": func(t fixture) {
		// Whatever a language of patterns makes of them.
		const odd = `%_*?.[]^$\(){}|+-'"#:!~/&<>=` + "\U0001f600"
		all := t.named(odd, "odd@example.com")
		t.named("abc", "abc@example.net")
		for _, r := range odd {
			if r == '.' {
				continue // in every address
			}
			t.wantFound(string(r), all)
		}
		t.wantFound(odd, all)
		for _, query := range []string{"a%", "a_c", "a*c", "a?c", "a.c", "[abc]", "^abc", "abc$", "a|b", "(abc)", "ab{1}", `\a`, `\` + "x", "[^x]", "***=", "(?i)ABC", "[[:alpha:]]", "%%", "[a-c]", "[*]"} {
			t.wantFound(query)
		}
	},

	"SearchKnowsTheCasesOfAllLetters": func(t fixture) {
		german := t.named("Jürgen Größe-ÄÖÜ", "j@example.com")
		greek := t.named("Ωμέγα Ж", "o@example.com")
		for _, query := range []string{"jürgen", "JÜRGEN", "größe-äöü", "GRÖẞE", "JÜRGEN GRÖ"} {
			t.wantFound(query, german)
		}
		t.wantFound("ωΜΈΓΑ ж", greek)
		t.wantFound("juergen")
		t.wantFound("jurgen")
		t.wantFound("J@EXAMPLE", german)
	},

	"SearchPagesFollowEachOtherByID": func(t fixture) {
		var want, got []kurs.User
		for n := range 7 {
			t.named("other", fmt.Sprintf("other%d@example.com", n))
			want = append(want, t.named("Found", numbered(n)))
		}
		for after := int64(0); ; {
			page, err := t.store.SearchUsers(t.Context(), "fOUND", after, 3)
			if err != nil || len(page) > 3 {
				t.Fatalf("%d users, %v", len(page), err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = page[len(page)-1].ID
		}
		if !slices.Equal(got, want) {
			t.Errorf("the pages hold %+v, want %+v", got, want)
		}
		for _, limit := range []int{0, -1} {
			if users, err := t.store.SearchUsers(t.Context(), "found", 0, limit); err != nil || users == nil || len(users) != 0 {
				t.Errorf("limit %d: %v, %v", limit, users, err)
			}
		}
	},

	"SearchForWhatNoNameCanHoldFindsNothing": func(t fixture) {
		t.named("Max", "max@example.com")
		for _, query := range []string{"\x00", "ma\x00", "\xff", "", strings.Repeat("ä", 200), strings.Repeat("*", 200), strings.Repeat("(", 200)} {
			t.wantFound(query)
		}
	},
}

var roleTests = map[string]func(fixture){
	"LastAdministratorStays": func(t fixture) {
		a, b, c := t.create("a@example.com"), t.create("b@example.com"), t.create("c@example.com")
		change := func(u kurs.User, role kurs.Role, want error) {
			t.Helper()
			version := t.version(u.ID)
			before, err := t.store.Account(t.Context(), u.ID)
			if err != nil {
				t.Fatal(err)
			}
			err = t.store.ChangeRole(t.Context(), u.ID, role)
			if want != nil {
				t.wantError(err, want)
				role = before.Role
			} else if err != nil {
				t.Fatal(err)
			}
			if after, err := t.store.Account(t.Context(), u.ID); err != nil || after.Role != role {
				t.Fatalf("role %q, %v, want %q", after.Role, err, role)
			}
			if grown := t.version(u.ID) > version; grown != (before.Role != role) {
				t.Errorf("from %s to %s: the version has grown: %v", before.Role, role, grown)
			}
		}
		change(c, kurs.RoleUser, nil) // where there is none at all
		change(a, kurs.RoleAdmin, nil)
		change(a, kurs.RoleAdmin, nil)
		change(a, kurs.RoleUser, kurs.ErrLastAdmin)
		change(b, kurs.RoleUser, nil)
		change(b, kurs.RoleAdmin, nil)
		change(a, kurs.RoleUser, nil)
		change(b, kurs.RoleUser, kurs.ErrLastAdmin)
	},

	"OfManyWhoResignAtOnceOneStays": func(t fixture) {
		const admins, rounds = 6, 5
		users := make([]kurs.User, admins)
		for i := range users {
			users[i] = t.create(numbered(i))
		}
		for range rounds {
			for _, u := range users {
				if err := t.store.ChangeRole(t.Context(), u.ID, kurs.RoleAdmin); err != nil {
					t.Fatal(err)
				}
			}
			errs := make(chan error, admins)
			for _, u := range users {
				go func() { errs <- t.store.ChangeRole(t.Context(), u.ID, kurs.RoleUser) }()
			}
			refused := 0
			for range users {
				if err := <-errs; kurs.CodeOf(err) == kurs.CodeLastAdmin {
					refused++
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if refused != 1 {
				t.Fatalf("%d of %d were refused, want the last one", refused, admins)
			}
		}
	},

	"LastAdministratorIsNotRemoved": func(t fixture) {
		a, b, c := t.create("a@example.com"), t.create("b@example.com"), t.create("c@example.com")
		for _, u := range []kurs.User{a, b} {
			if err := t.store.ChangeRole(t.Context(), u.ID, kurs.RoleAdmin); err != nil {
				t.Fatal(err)
			}
		}
		ctx := kurs.WithOrigin(t.Context(), kurs.Origin{Actor: 77, ClientAddress: "192.0.2.1", UserAgent: "curl/8"})
		since := len(t.audit())
		remove := func(u kurs.User, want error) {
			t.Helper()
			err := t.store.RemoveUser(ctx, u.ID)
			if want != nil {
				t.wantError(err, want)
			} else if err != nil {
				t.Fatal(err)
			}
			_, err = t.store.User(t.Context(), u.ID)
			if gone := kurs.CodeOf(err) == kurs.CodeUserNotFound; gone != (want == nil) {
				t.Errorf("user %d: %v after %v", u.ID, err, want)
			}
		}
		remove(a, nil)
		remove(b, kurs.ErrLastAdmin)
		remove(c, nil)
		remove(b, kurs.ErrLastAdmin)
		t.wantError(t.store.RemoveUser(ctx, c.ID), kurs.ErrUserNotFound)
		const as = " by 77 from 192.0.2.1 with curl/8"
		t.wantAudit("RemoveUser", since, fmt.Sprintf("user_deleted %d"+as, a.ID), fmt.Sprintf("user_deleted %d"+as, c.ID))
	},

	"OfManyWhoLeaveAtOnceOneStays": func(t fixture) {
		const admins, rounds = 6, 5
		for round := range rounds {
			users := make([]kurs.User, admins)
			for i := range users {
				users[i] = t.create(numbered(round*admins + i))
				if err := t.store.ChangeRole(t.Context(), users[i].ID, kurs.RoleAdmin); err != nil {
					t.Fatal(err)
				}
			}
			errs := make(chan error, admins)
			for i, u := range users {
				go func() {
					if i%2 == 0 {
						errs <- t.store.RemoveUser(t.Context(), u.ID)
					} else {
						errs <- t.store.ChangeRole(t.Context(), u.ID, kurs.RoleUser)
					}
				}()
			}
			refused := 0
			for range users {
				if err := <-errs; kurs.CodeOf(err) == kurs.CodeLastAdmin {
					refused++
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if refused != 1 {
				t.Fatalf("%d of %d were refused, want the last one", refused, admins)
			}
			for _, u := range users { // of whom one is an administrator
				if err := t.store.DeleteUser(t.Context(), u.ID); err != nil && kurs.CodeOf(err) != kurs.CodeUserNotFound {
					t.Fatal(err)
				}
			}
		}
	},

	"ChangeOfRoleIsTakenDown": func(t fixture) {
		u := t.create("a@example.com")
		ctx := kurs.WithOrigin(t.Context(), kurs.Origin{Actor: 77, ClientAddress: "192.0.2.1", UserAgent: "curl/8"})
		since := len(t.audit())
		if err := t.store.ChangeRole(ctx, u.ID, kurs.RoleAdmin); err != nil {
			t.Fatal(err)
		}
		t.wantError(t.store.ChangeRole(ctx, u.ID, kurs.RoleUser), kurs.ErrLastAdmin)
		t.wantAudit("ChangeRole", since, fmt.Sprintf("role_changed %d map[from:user to:admin] by 77 from 192.0.2.1 with curl/8", u.ID))
	},
}
