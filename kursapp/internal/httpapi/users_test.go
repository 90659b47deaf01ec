package httpapi

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// TestPagesCoverEveryUserOnce walks through all pages.
func TestPagesCoverEveryUserOnce(t *testing.T) {
	t.Parallel()
	for _, total := range []int64{0, 1, 2, 3, 6, 7} {
		t.Run(strconv.FormatInt(total, 10)+" users", func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Demo)
			s.users.list = func(_ context.Context, after int64, limit int) ([]kurs.User, error) {
				var page []kurs.User
				for id := after + 1; id <= total && len(page) < limit; id++ {
					page = append(page, kurs.User{ID: id})
				}
				return page, nil
			}
			var seen int64
			target := "/users?limit=3"
			for {
				w := s.do(t, "GET", target, "")
				var page userPage
				if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != 200 {
					t.Fatalf("status %d, %s", w.Code, w.Body)
				}
				if page.Users == nil {
					t.Fatal("users is null")
				}
				for _, u := range page.Users {
					seen++
					if u.ID != seen {
						t.Fatalf("user %d where %d was expected", u.ID, seen)
					}
				}
				if page.NextCursor == "" {
					break
				}
				if len(page.Users) != 3 {
					t.Fatalf("a page of %d with another one behind it", len(page.Users))
				}
				target = "/users?limit=3&cursor=" + page.NextCursor
			}
			if seen != total {
				t.Errorf("%d of %d users", seen, total)
			}
		})
	}
}

func TestPageIsTwentyByDefault(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	var asked int
	s.users.list = func(_ context.Context, _ int64, limit int) ([]kurs.User, error) {
		asked = limit
		return nil, nil
	}
	if w := s.do(t, "GET", "/users", ""); body(w) != `{"users":[]}` {
		t.Errorf("body %s", w.Body)
	}
	if asked != 21 { // one more tells whether there is a next page
		t.Errorf("asked for %d users", asked)
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
		if after, ok := decodeCursor(tt.cursor); ok != tt.ok || ok && after != tt.after {
			t.Errorf("decodeCursor(%q) = %d, %v, want %d, %v", tt.cursor, after, ok, tt.after, tt.ok)
		}
	}
}

func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "MQ", "MjA", "MQ==", "LTE", "OTIyMzM3MjAzNjg1NDc3NTgwNw", "\x00", "MQ\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		after, ok := decodeCursor(cursor)
		if !ok || cursor == "" {
			return
		}
		if after <= 0 || encodeCursor(after) != cursor {
			t.Errorf("decodeCursor(%q) = %d, whose cursor is %q", cursor, after, encodeCursor(after))
		}
	})
}
