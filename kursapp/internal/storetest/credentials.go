package storetest

import (
	"maps"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// version returns the version of a user's credentials, which both ways of asking agree
// on.
func (t fixture) version(id int64) int64 {
	t.Helper()
	a, err := t.store.Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	versions, err := t.store.CredentialsVersions(t.Context(), []int64{id})
	if err != nil || versions[id] != a.CredentialsVersion {
		t.Fatalf("CredentialsVersions = %v, %v; want %d", versions, err, a.CredentialsVersion)
	}
	return a.CredentialsVersion
}

var credentialsTests = map[string]func(fixture){
	"NewUserHasTheTimeAsVersion": func(t fixture) {
		before := time.Now().Add(-time.Minute).UnixMicro()
		u := t.create("max@example.com")
		if v := t.version(u.ID); v < before || v > time.Now().Add(time.Minute).UnixMicro() {
			t.Errorf("version %d, want the microseconds since 1970", v)
		}
	},

	"VersionGrowsWithTheRoleOnly": func(t fixture) {
		u := t.create("max@example.com")
		last := t.version(u.ID)
		// Many times, so that the clock's resolution shows.
		for n := range 20 {
			role := []kurs.Role{kurs.RoleAdmin, kurs.RoleUser}[n%2]
			if err := t.store.SetRole(t.Context(), u.ID, role); err != nil {
				t.Fatal(err)
			}
			if v := t.version(u.ID); v <= last {
				t.Fatalf("version %d after %d", v, last)
			} else {
				last = v
			}
		}
		if err := t.store.SetRole(t.Context(), u.ID, kurs.RoleUser); err != nil { // as it is
			t.Fatal(err)
		}
		if _, err := t.store.UpdateUser(t.Context(), u.ID, "Moritz", "moritz@example.com"); err != nil {
			t.Fatal(err)
		}
		if _, err := t.store.RenameUser(t.Context(), u.ID, "Max"); err != nil {
			t.Fatal(err)
		}
		if v := t.version(u.ID); v != last {
			t.Errorf("version %d after changes of name and address, want %d", v, last)
		}
	},

	"BetterHashIsNoNewVersion": func(t fixture) {
		u := t.create("max@example.com")
		want := t.version(u.ID)
		for _, step := range [][2]string{{"", "one"}, {"one", "two"}, {"none", "three"}} {
			if _, err := t.store.ReplacePasswordHash(t.Context(), u.ID, step[0], step[1]); err != nil {
				t.Fatal(err)
			}
			if v := t.version(u.ID); v != want {
				t.Fatalf("version %d, want %d", v, want)
			}
		}
		if a, err := t.store.Account(t.Context(), u.ID); err != nil || a.PasswordHash != "two" {
			t.Errorf("the hash is %q (%v), want two", a.PasswordHash, err)
		}
		// And the next change is one.
		if err := t.store.SetRole(t.Context(), u.ID, kurs.RoleAdmin); err != nil {
			t.Fatal(err)
		}
		if v := t.version(u.ID); v <= want {
			t.Errorf("version %d after %d", v, want)
		}
	},

	"VersionsOfManyAtOnce": func(t fixture) {
		want, ids := map[int64]int64{}, []int64{missing}
		for n := range 5 {
			u := t.create(numbered(n))
			ids, want[u.ID] = append(ids, u.ID, u.ID), t.version(u.ID)
		}
		for n := range int64(3000) { // more than a statement may have parameters
			ids = append(ids, missing+1+n)
		}
		got, err := t.store.CredentialsVersions(t.Context(), ids)
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("CredentialsVersions = %v, %v; want %v", got, err, want)
		}
		if got, err := t.store.CredentialsVersions(t.Context(), nil); err != nil || len(got) != 0 {
			t.Errorf("of nobody: %v, %v", got, err)
		}
	},
}
