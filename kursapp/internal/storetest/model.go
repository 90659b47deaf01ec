package storetest

import (
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

var modelTests = map[string]func(fixture){
	"AnySequenceOfChangesAgreesWithTheModel": func(t fixture) {
		highest := int64(0)
		rapid.Check(t, func(r *rapid.T) {
			m := &model{fixture: t, accounts: map[int64]kurs.Account{}, highest: &highest}
			m.clear(r)
			r.Repeat(map[string]func(*rapid.T){
				"create":  m.create,
				"update":  m.update,
				"rename":  m.rename,
				"delete":  m.delete,
				"role":    m.setRole,
				"rehash":  m.rehash,
				"":        m.compare,
				"byEmail": m.byEmail,
			})
		})
	},
}

// model is what a store should hold, in a map.
type model struct {
	fixture

	accounts map[int64]kurs.Account
	highest  *int64 // id ever seen, over all runs on this store
}

// clear empties the store, which the runs of one test share.
func (m *model) clear(r *rapid.T) {
	users, err := m.store.Users(m.Context(), 0, 1000)
	if err != nil {
		r.Fatal(err)
	}
	for _, u := range users {
		if err := m.store.DeleteUser(m.Context(), u.ID); err != nil {
			r.Fatal(err)
		}
	}
}

// anyID draws an id that exists more often than not.
func (m *model) anyID(r *rapid.T) int64 {
	ids := append(slices.Sorted(maps.Keys(m.accounts)), missing)
	return rapid.SampledFrom(ids).Draw(r, "id")
}

func anyEmail(r *rapid.T) string {
	return rapid.SampledFrom([]string{"a@x.de", "A@x.de", "b@x.de", "B@X.DE", "c@x.de"}).Draw(r, "email")
}

func anyName(r *rapid.T) string {
	return rapid.StringMatching(`[a-zA-Zäßł漢👍 ]{1,20}`).Draw(r, "name")
}

func anyHash(r *rapid.T) string {
	return rapid.SampledFrom([]string{"", "h1", "h2"}).Draw(r, "hash")
}

// owner returns who has the address, or 0.
func (m *model) owner(email string) int64 {
	for id, a := range m.accounts {
		if strings.EqualFold(a.Email, email) {
			return id
		}
	}
	return 0
}

// expect fails unless err has the code that the model expects ("" for none),
// and reports whether the change took place.
func expect(r *rapid.T, err error, want kurs.Code) bool {
	if (err == nil) != (want == "") || kurs.CodeOf(err) != want {
		r.Fatalf("error %v, want code %q", err, want)
	}
	return want == ""
}

func (m *model) create(r *rapid.T) {
	n := kurs.NewAccount{
		Name: anyName(r), Email: anyEmail(r), PasswordHash: anyHash(r),
		Role: rapid.SampledFrom([]kurs.Role{kurs.RoleUser, kurs.RoleAdmin}).Draw(r, "role"),
	}
	want := kurs.Code("")
	if m.owner(n.Email) != 0 {
		want = kurs.CodeEmailTaken
	}
	u, err := m.store.CreateUser(m.Context(), n)
	if !expect(r, err, want) {
		return
	}
	if u.ID <= *m.highest {
		r.Fatalf("id %d was used before", u.ID)
	}
	*m.highest = u.ID
	m.accounts[u.ID] = kurs.Account{User: kurs.User{ID: u.ID, Name: n.Name, Email: n.Email}, Role: n.Role, PasswordHash: n.PasswordHash}
}

// lookup returns the account and the code that a change of it should end with.
func (m *model) lookup(id int64) (kurs.Account, kurs.Code) {
	a, ok := m.accounts[id]
	if !ok {
		return a, kurs.CodeUserNotFound
	}
	return a, ""
}

func (m *model) update(r *rapid.T) {
	id, name, email := m.anyID(r), anyName(r), anyEmail(r)
	a, want := m.lookup(id)
	if owner := m.owner(email); want == "" && owner != 0 && owner != id {
		want = kurs.CodeEmailTaken
	}
	_, err := m.store.UpdateUser(m.Context(), id, name, email)
	if expect(r, err, want) {
		a.Name, a.Email = name, email
		m.accounts[id] = a
	}
}

func (m *model) rename(r *rapid.T) {
	id, name := m.anyID(r), anyName(r)
	a, want := m.lookup(id)
	_, err := m.store.RenameUser(m.Context(), id, name)
	if expect(r, err, want) {
		a.Name = name
		m.accounts[id] = a
	}
}

func (m *model) delete(r *rapid.T) {
	id := m.anyID(r)
	_, want := m.lookup(id)
	if expect(r, m.store.DeleteUser(m.Context(), id), want) {
		delete(m.accounts, id)
	}
}

func (m *model) setRole(r *rapid.T) {
	id, role := m.anyID(r), rapid.SampledFrom([]kurs.Role{kurs.RoleUser, kurs.RoleAdmin}).Draw(r, "role")
	a, want := m.lookup(id)
	if expect(r, m.store.SetRole(m.Context(), id, role), want) {
		a.Role = role
		m.accounts[id] = a
	}
}

func (m *model) rehash(r *rapid.T) {
	id, old, next := m.anyID(r), anyHash(r), anyHash(r)
	a, want := m.lookup(id)
	replaced, err := m.store.ReplacePasswordHash(m.Context(), id, old, next)
	if !expect(r, err, want) {
		return
	}
	if replaced != (a.PasswordHash == old) {
		r.Fatalf("ReplacePasswordHash(%q) = %v where the hash is %q", old, replaced, a.PasswordHash)
	}
	if replaced {
		a.PasswordHash = next
		m.accounts[id] = a
	}
}

func (m *model) byEmail(r *rapid.T) {
	email := anyEmail(r)
	want := kurs.Code("")
	owner := m.owner(email)
	if owner == 0 {
		want = kurs.CodeUserNotFound
	}
	a, err := m.store.AccountByEmail(m.Context(), email)
	if expect(r, err, want) && a.ID != owner {
		r.Fatalf("%s belongs to %d, want %d", email, a.ID, owner)
	}
}

// compare looks at everything the store holds.
func (m *model) compare(r *rapid.T) {
	users, err := m.store.Users(m.Context(), 0, 1000)
	if err != nil {
		r.Fatal(err)
	}
	if len(users) != len(m.accounts) {
		r.Fatalf("%d users, want %d", len(users), len(m.accounts))
	}
	for _, u := range users {
		a, err := m.store.Account(m.Context(), u.ID)
		if err != nil {
			r.Fatal(err)
		}
		a.CreatedAt, a.CredentialsVersion = m.accounts[u.ID].CreatedAt, 0
		if a.User != u || a != m.accounts[u.ID] {
			r.Fatalf("account %+v, want %+v", a, m.accounts[u.ID])
		}
	}
}
