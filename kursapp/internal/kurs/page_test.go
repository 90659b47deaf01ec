package kurs_test

import (
	"testing"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// page returns a page and where it came from.
func (w *world) page(t *testing.T, after int64, limit int) (kurs.UserPage, cache.Source) {
	t.Helper()
	e, err := w.users.Page(t.Context(), after, limit)
	if err != nil {
		t.Fatal(err)
	}
	return e.Value, e.Source
}

func TestPagesCoverEveryUserOnce(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	for total := range int64(8) {
		if total > 0 {
			w.register(t, "User"+string(rune('a'+total)))
		}
		var seen, after int64
		for {
			page, _ := w.page(t, after, 3)
			if page.Users == nil {
				t.Fatal("users is null")
			}
			for _, u := range page.Users {
				if seen++; u.ID != seen {
					t.Fatalf("user %d where %d was expected", u.ID, seen)
				}
			}
			if page.NextCursor == "" {
				break
			}
			if len(page.Users) != 3 {
				t.Fatalf("a page of %d with another one behind it", len(page.Users))
			}
			var ok bool
			if after, ok = kurs.ParseCursor(page.NextCursor); !ok {
				t.Fatalf("cursor %q", page.NextCursor)
			}
		}
		if seen != total {
			t.Errorf("%d of %d users", seen, total)
		}
	}
}

func TestPageLimits(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	for i := range 205 {
		w.addWithHash(t, "User"+string(rune('a'+i/26))+string(rune('a'+i%26)), kurs.RoleUser, "") // nobody logs in here
	}
	for name, c := range map[string]struct {
		after       int64
		limit       int
		first, last int64
	}{
		"first page":       {0, 10, 1, 10},
		"next page":        {10, 10, 11, 20},
		"last page":        {200, 10, 201, 205},
		"default limit":    {0, 0, 1, 50},
		"negative limit":   {0, -1, 1, 50},
		"limit is bounded": {0, 1_000_000, 1, 200},
	} {
		page, _ := w.page(t, c.after, c.limit)
		got := page.Users
		if len(got) == 0 || got[0].ID != c.first || got[len(got)-1].ID != c.last || len(got) != int(c.last-c.first+1) {
			t.Errorf("%s: %d users; want %d to %d", name, len(got), c.first, c.last)
		}
	}
	if page, _ := w.page(t, 205, 10); len(page.Users) != 0 || page.NextCursor != "" {
		t.Errorf("behind the last: %+v", page)
	}
}

// The first page comes from the cache until any user changes, and then shows it at
// once, whoever of the instances is asked.
func TestFirstPageFollowsEveryChange(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	other := w.newUsers(t)
	admin := kurs.Actor{Demo: true}
	max1 := w.register(t, "Max")
	show := func(when, want string) {
		t.Helper()
		for i, users := range []*kurs.Users{w.users, other, w.users} {
			e, err := users.Page(t.Context(), 0, 2)
			if err != nil || string(e.Raw) != want {
				t.Errorf("%s: %s, %v; want %s", when, e.Raw, err, want)
			}
			if hit := e.Source != cache.SourceLoader; hit != (i > 0) {
				t.Errorf("%s: read %d came from %v", when, i, e.Source)
			}
		}
		if got := w.redisGet(t, "cache:users:2"); got != want {
			t.Errorf("%s: Redis has %s", when, got)
		}
	}
	show("registered", `{"users":[{"id":1,"name":"Max","email":"max@example.com"}]}`)
	eva := w.register(t, "Eva")
	show("another one registered", `{"users":[{"id":1,"name":"Max","email":"max@example.com"},{"id":2,"name":"Eva","email":"eva@example.com"}]}`)
	w.register(t, "Tom")
	show("a third one registered", `{"users":[{"id":1,"name":"Max","email":"max@example.com"},{"id":2,"name":"Eva","email":"eva@example.com"}],"next_cursor":"Mg"}`)
	if _, err := w.users.Update(t.Context(), admin, eva.ID, "Eva Maria", eva.Email); err != nil {
		t.Fatal(err)
	}
	show("changed", `{"users":[{"id":1,"name":"Max","email":"max@example.com"},{"id":2,"name":"Eva Maria","email":"eva@example.com"}],"next_cursor":"Mg"}`)
	if err := w.users.Delete(t.Context(), admin, max1.ID); err != nil {
		t.Fatal(err)
	}
	show("deleted", `{"users":[{"id":2,"name":"Eva Maria","email":"eva@example.com"},{"id":3,"name":"Tom","email":"tom@example.com"}]}`)
}

func TestPageFreshAsksTheDatabase(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.register(t, "Max")
	w.page(t, 0, 2)
	if _, err := w.store.RenameUser(t.Context(), user.ID, "Moritz"); err != nil { // past the service
		t.Fatal(err)
	}
	e, err := w.users.PageFresh(t.Context(), 0, 2)
	if err != nil || e.Value.Users[0].Name != "Moritz" || e.Reason != cache.ReasonBypass {
		t.Errorf("got %+v, %v", e, err)
	}
	if page, source := w.page(t, 0, 2); page.Users[0].Name != "Moritz" || source == cache.SourceLoader {
		t.Errorf("then %+v from %v", page, source)
	}
	if e, err := w.users.PageFresh(t.Context(), 1, 2); err != nil || len(e.Value.Users) != 0 || e.Reason != cache.ReasonBypass {
		t.Errorf("a later page: %+v, %v", e, err)
	}
}

func TestCursor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cursor string
		after  int64
		ok     bool
	}{
		{"", 0, true},
		{"MQ", 1, true},
		{"MjA", 20, true},
		{"OTIyMzM3MjAzNjg1NDc3NTgwNw", 9223372036854775807, true},
		{"OTIyMzM3MjAzNjg1NDc3NTgwOA", 0, false}, // one more than that
		{"MQ==", 0, false},
		{"MA", 0, false},   // 0
		{"LTE", 0, false},  // -1
		{"MDE", 0, false},  // 01
		{"KzE", 0, false},  // +1
		{"MR", 0, false},   // 1 with other spare bits
		{"MQ\n", 0, false}, // base64 would skip the line break
		{"1", 0, false},
		{"%", 0, false},
	} {
		if after, ok := kurs.ParseCursor(tt.cursor); ok != tt.ok || ok && after != tt.after {
			t.Errorf("ParseCursor(%q) = %d, %v, want %d, %v", tt.cursor, after, ok, tt.after, tt.ok)
		}
	}
}

func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "MQ", "MjA", "MQ==", "LTE", "OTIyMzM3MjAzNjg1NDc3NTgwNw", "\x00", "MQ\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		after, ok := kurs.ParseCursor(cursor)
		if !ok || cursor == "" {
			return
		}
		if after <= 0 || kurs.EncodeCursor(after) != cursor {
			t.Errorf("ParseCursor(%q) = %d, whose cursor is %q", cursor, after, kurs.EncodeCursor(after))
		}
	})
}
