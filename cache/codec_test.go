package cache_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

func TestUndecodableEntryIsAMiss(t *testing.T) {
	t.Parallel()
	const good = `{"id":1,"name":"Max","version":1}`
	for name, raw := range map[string]string{
		"empty":            "",
		"garbage":          "\x00\xff\xfe",
		"truncated":        good[:len(good)-3],
		"trailing":         good + "}",
		"foreign type":     `["id","name"]`,
		"number":           "42",
		"null":             "null",
		"foreign field":    `{"id":"one","name":"Max","version":1}`,
		"missing member":   `{"id":1,"name":"Max"}`,
		"other case":       `{"ID":1,"Name":"Max","Version":1}`,
		"only inside":      `{"id":1,"name":"Max","more":{"version":1}}`,
		"only as a value":  `{"id":1,"name":"version","other":"version"}`,
		"empty object":     `{}`,
		"msgpack":          "\x83\xa2id\x01",
		"rejected by hook": `{"id":1,"name":"","version":1}`,
		"huge":             `{"id":1,"name":"` + strings.Repeat("x", 2<<20),
		"deep":             strings.Repeat("[", 200_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase()
			c, client := shared(t, db.load, cache.Options{Valid: func(v any) error {
				if v.(user).Name == "" {
					return errors.New("no name")
				}
				return nil
			}})
			cli(t, client, "SET", c.Key(1), raw, "EX", "60")
			e, err := c.Lookup(t.Context(), 1)
			if version(t, e.Value, err) != 1 || e.Source != cache.SourceLoader || e.Reason != cache.ReasonUndecodable {
				t.Errorf("got %+v", e)
			}
			if got := cli(t, client, "GET", c.Key(1)); got != good {
				t.Errorf("not overwritten: %.80q", got)
			}
			if e, err := c.Lookup(t.Context(), 1); version(t, e.Value, err) != 1 || e.Source != cache.SourceRedis {
				t.Errorf("the next read got %+v", e)
			}
			if n := db.loads.Load(); n != 1 {
				t.Errorf("%d loads", n)
			}
		})
	}
}

func TestEntryOfAnotherRedisTypeIsAMiss(t *testing.T) {
	t.Parallel()
	for _, command := range [][]string{{"HSET", "", "id", "1"}, {"LPUSH", "", "1"}, {"SADD", "", "1"}, {"XADD", "", "*", "a", "b"}} {
		t.Run(command[0], func(t *testing.T) {
			t.Parallel()
			c, client := shared(t, newDatabase().load, cache.Options{})
			command = slices.Clone(command)
			command[1] = c.Key(1)
			cli(t, client, command...)
			e, err := c.Lookup(t.Context(), 1)
			if version(t, e.Value, err) != 1 || e.Reason != cache.ReasonUndecodable {
				t.Errorf("got %+v", e)
			}
			many, err := c.GetMany(t.Context(), []int64{1})
			if version(t, many[1], err) != 1 || c.Stats().Hits != 1 {
				t.Errorf("the next read got %+v", many)
			}
			if ms := pttl(t, client, c.Key(1)); ms <= 0 {
				t.Errorf("TTL %d ms", ms)
			}
		})
	}
}

// Two versions of a program side by side, the newer one with one member more.
func TestVersionsOfATypeLiveSideBySide(t *testing.T) {
	t.Parallel()
	type older struct {
		ID int64 `json:"id"`
	}
	type newer struct {
		ID   int64  `json:"id"`
		Role string `json:"role"`
		Note string `json:"note,omitempty"`
	}
	client, p := redistest.Shared(t).Client(t), prefix(t)
	before := cache.New(client, p, func(_ context.Context, id int64) (older, error) { return older{id}, nil }, cache.Options{})
	defer before.Close()
	after := cache.New(client, p, func(_ context.Context, id int64) (*newer, error) { return &newer{id, "admin", ""}, nil }, cache.Options{})
	defer after.Close()

	if v, err := before.Get(t.Context(), 1); err != nil || v.ID != 1 {
		t.Fatalf("%+v, %v", v, err)
	}
	if v, err := after.Get(t.Context(), 1); err != nil || v.Role != "admin" {
		t.Errorf("the newer version took over what the older one wrote: %+v, %v", v, err)
	}
	if v, err := before.Get(t.Context(), 1); err != nil || v.ID != 1 || before.Stats().Hits != 1 {
		t.Errorf("the older version: %+v, %v, %+v", v, err, before.Stats())
	}
}

type embedded struct {
	Street string
	hidden int
}

type pointed struct{ Zip string }

func TestRequiredMembersAreThoseThatAreAlwaysWritten(t *testing.T) {
	t.Parallel()
	type all struct {
		embedded
		*pointed
		Plain   int
		Named   string    `json:"a"`
		Empty   string    `json:",omitempty"`
		Zero    time.Time `json:",omitzero"`
		Skipped string    `json:"-"`
		Inner   struct{ X int }
		hidden  int
	}
	_ = all{hidden: 0, embedded: embedded{hidden: 0}}
	raw, err := json.Marshal(all{})
	if err != nil {
		t.Fatal(err)
	}
	if name, ok := cache.Missing[all](raw); !ok {
		t.Errorf("no member %s in %s", name, raw)
	}
	for _, member := range []string{"Street", "Plain", "Inner"} {
		cut := strings.Replace(string(raw), `"`+member+`"`, `"other"`, 1)
		if name, ok := cache.Missing[all]([]byte(cut)); ok || name != `"`+member+`"` {
			t.Errorf("missing in %s: %s", cut, name)
		}
	}
	for name, ok := range map[string]bool{
		"a type that encodes itself": func() bool { _, ok := cache.Missing[time.Time]([]byte(`{}`)); return ok }(),
		"a map":                      func() bool { _, ok := cache.Missing[map[string]int]([]byte(`{}`)); return ok }(),
		"a slice":                    func() bool { _, ok := cache.Missing[[]user]([]byte(`[]`)); return ok }(),
	} {
		if !ok {
			t.Errorf("%s has required members", name)
		}
	}
}
