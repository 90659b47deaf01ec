package kurs_test

import (
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestSearchIsNeverCached(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	maxi := w.add(t, "Max", kurs.RoleUser)
	for range 2 {
		e, err := w.users.Search(t.Context(), "  mAX ", 0, 10)
		if err != nil || e.Source != cache.SourceLoader || e.Reason != cache.ReasonBypass || e.TTL != 0 ||
			len(e.Value.Users) != 1 || string(e.Raw) != `{"users":[{"id":1,"name":"Max","email":"max@example.com"}]}` {
			t.Fatalf("%+v (%s), %v", e, e.Raw, err)
		}
	}
	if keys := w.keysWith(t, "cache:"); len(keys) != 0 {
		t.Errorf("it left %q", keys)
	}
	if _, err := w.users.Update(t.Context(), demoActor, maxi.ID, "Moritz", "moritz@example.com"); err != nil {
		t.Fatal(err)
	}
	if e, err := w.users.Search(t.Context(), "max", 0, 10); err != nil || string(e.Raw) != `{"users":[]}` {
		t.Errorf("%s, %v", e.Raw, err)
	}
}

func TestSearchIsPagedByCursor(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	for _, name := range []string{"Anna", "Berta", "Hanna", "Johanna"} {
		w.add(t, name, kurs.RoleUser)
	}
	var names []string
	for after := int64(0); ; {
		e, err := w.users.Search(t.Context(), "anna", after, 1)
		if err != nil || len(e.Value.Users) != 1 {
			t.Fatalf("%+v, %v", e.Value, err)
		}
		names = append(names, e.Value.Users[0].Name)
		if e.Value.NextCursor == "" {
			break
		}
		after, _ = kurs.ParseCursor(e.Value.NextCursor)
	}
	if got := strings.Join(names, " "); got != "Anna Hanna Johanna" {
		t.Errorf("found %s", got)
	}
}

func TestSearchRefusesWhatNobodyTypes(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	for _, query := range []string{"", "  ", "\x00", "a\nb", "\xff", strings.Repeat("ä", kurs.MaxQueryLength+1)} {
		_, err := w.users.Search(t.Context(), query, 0, 10)
		wantInvalid(t, err, kurs.FieldQuery)
	}
	if _, err := w.users.Search(t.Context(), strings.Repeat("ä", kurs.MaxQueryLength), 0, 10); err != nil {
		t.Error(err)
	}
}
