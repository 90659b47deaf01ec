package storetest

import (
	"slices"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

var readTests = map[string]func(fixture){
	"UnknownIDIsNotFoundEverywhere": func(t fixture) {
		for _, c := range calls {
			for _, id := range []int64{missing, 0, -1, 1<<63 - 1, -1 << 63} {
				if err := c.do(t.Context(), t.store, id); kurs.CodeOf(err) != kurs.CodeUserNotFound {
					t.Errorf("%s(%d): error %v, want %v", c.name, id, err, kurs.ErrUserNotFound)
				}
			}
		}
	},

	"UnknownAddressIsNotFound": func(t fixture) {
		t.create("max@example.com")
		for _, email := range []string{"", "max@example.co", "max@example.com ", "%", "max_example.com", "max@example.com\x00", "\xff"} {
			a, err := t.store.AccountByEmail(t.Context(), email)
			t.wantError(zeroResult(t, a, err), kurs.ErrUserNotFound)
		}
	},

	"AddressIsFoundWhateverItsCase": func(t fixture) {
		u := t.create("Max.Mustermann@Example.COM")
		if u.Email != "Max.Mustermann@Example.COM" {
			t.Errorf("the address became %q: its case is lost", u.Email)
		}
		for _, email := range []string{"Max.Mustermann@Example.COM", "max.mustermann@example.com", "MAX.MUSTERMANN@EXAMPLE.COM"} {
			a, err := t.store.AccountByEmail(t.Context(), email)
			if err != nil || a.User != u {
				t.Errorf("AccountByEmail(%q) = %+v, %v; want %+v", email, a.User, err, u)
			}
		}
	},

	"OnlyASCIILettersHaveCase": func(t fixture) {
		// Whatever the locale of the database: in Turkish, i is not the small I.
		t.create("ÄIK@example.com")
		if _, err := t.store.AccountByEmail(t.Context(), "Äik@example.com"); err != nil {
			t.Errorf("ASCII letters count as different: %v", err)
		}
		t.wantNoAddress("äik@example.com")
		t.wantNoAddress("Äi\u212a@example.com") // KELVIN SIGN, whose small letter is k
	},

	"AccountCarriesWhatTheLoginNeeds": func(t fixture) {
		before := time.Now().Add(-time.Minute)
		u, err := t.store.CreateUser(t.Context(), kurs.NewAccount{
			Name: "Ada", Email: "ada@example.com", PasswordHash: "hash of it", Role: kurs.RoleAdmin,
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, read := range map[string]func() (kurs.Account, error){
			"Account":        func() (kurs.Account, error) { return t.store.Account(t.Context(), u.ID) },
			"AccountByEmail": func() (kurs.Account, error) { return t.store.AccountByEmail(t.Context(), "ADA@example.com") },
		} {
			a, err := read()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if a.User != u || a.Role != "admin" || a.PasswordHash != "hash of it" {
				t.Errorf("%s = %+v", name, a)
			}
			if a.CreatedAt.Before(before) || a.CreatedAt.After(time.Now().Add(time.Minute)) || a.CreatedAt.Location() != time.UTC {
				t.Errorf("%s: created at %v, want now in UTC", name, a.CreatedAt)
			}
		}
	},

	"PagesFollowEachOtherByID": func(t fixture) {
		var all []kurs.User
		for n := range 7 {
			all = append(all, t.create(numbered(n)))
		}
		var got []kurs.User
		for after := int64(0); ; {
			page, err := t.store.Users(t.Context(), after, 3)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) > 3 {
				t.Fatalf("a page of %d users, want at most 3", len(page))
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = page[len(page)-1].ID
		}
		if !slices.Equal(got, all) {
			t.Errorf("the pages hold %+v, want %+v", got, all)
		}
	},

	"PageBeyondTheEndIsEmptyAndNotNil": func(t fixture) {
		u := t.create("a@example.com")
		for _, page := range []struct {
			after int64
			limit int
		}{{u.ID, 10}, {missing, 10}, {0, 0}, {0, -1}} {
			users, err := t.store.Users(t.Context(), page.after, page.limit)
			if err != nil || users == nil || len(users) != 0 {
				t.Errorf("Users(%d, %d) = %v, %v; want an empty page", page.after, page.limit, users, err)
			}
		}
		users, err := t.store.Users(t.Context(), -1<<63, 1<<62)
		if err != nil || len(users) != 1 {
			t.Errorf("a page without bounds = %v, %v; want one user", users, err)
		}
	},

	"MigratedStoreAnswersPing": func(t fixture) {
		if err := t.store.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	},
}
