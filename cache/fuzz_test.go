package cache_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// FuzzMembers compares the scanner with encoding/json.
func FuzzMembers(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":1}`, `{"a":{"b":[1,{"c":2}]},"d":"\"e\":"}`, `{"a":[{"b":1},"c"],"d\"e":null}`, `[{"a":1}]`, `"a"`, `{"":{}}`, ` { "a" : "b,c" , "d" : [ ] } `,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := cache.Members(raw) // must not panic, whatever it is
		var want map[string]json.RawMessage
		if err := json.Unmarshal(raw, &want); err != nil || want == nil {
			return
		}
		names := map[string]json.RawMessage{}
		for _, quoted := range got {
			var name string
			if err := json.Unmarshal([]byte(quoted), &name); err != nil {
				t.Fatalf("%q in %q is no name: %v", quoted, raw, err)
			}
			names[name] = nil
		}
		for name := range want {
			want[name] = nil
		}
		if !reflect.DeepEqual(names, want) {
			t.Fatalf("members of %q: %q, want %q", raw, names, want)
		}
	})
}

// FuzzEntry puts anything into Redis: a read returns what the loader says or what
// can honestly be decoded, and never fails.
func FuzzEntry(f *testing.F) {
	for _, s := range []string{
		"", "null", " null ", "{}", "[]", "0", `"x"`, "\x00", `{"id":7,"name":"Eva","version":3}`, `{"id":7,"name":"Eva"}`,
		`{"id":7,"name":"Eva","version":1e400}`, `{"id":7,"id":"x","name":"Eva","version":3}`, `{"id":null,"name":null,"version":null}`,
	} {
		f.Add([]byte(s))
	}
	client := redistest.Shared(f).Client(f)
	p := prefix(f)
	c := open(f, client, p, newDatabase().load, patient(cache.Options{NegativeTTL: time.Minute}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		cli(t, client, "DEL", c.Key(1), cache.LeaseKey(c.Key(1)))
		cli(t, client, "SET", c.Key(1), string(raw), "EX", "60")
		e, err := c.Lookup(t.Context(), 1)
		if errors.Is(err, cache.ErrNotFound) {
			if strings.TrimSpace(string(raw)) != "null" {
				t.Fatalf("%q means not found", raw)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		switch e.Source {
		case cache.SourceLoader:
			if e.Value != (user{1, "Max", 1}) || e.Reason != cache.ReasonUndecodable {
				t.Fatalf("%q: %+v", raw, e)
			}
		case cache.SourceRedis:
			var want user
			if err := json.Unmarshal(raw, &want); err != nil || e.Value != want || string(e.Raw) != string(raw) {
				t.Fatalf("%q: %+v, %v", raw, e, err)
			}
		default:
			t.Fatalf("%q: %+v", raw, e)
		}
	})
}

// FuzzForeignKeys puts keys of any type, life and content where the package keeps its
// own: the value, its lease, the generations it was loaded under and those of its tag.
// A read returns what the loader says or what can honestly be decoded, never fails,
// never hangs, and leaves keys that live for a bounded time.
func FuzzForeignKeys(f *testing.F) {
	for where := range byte(4) {
		for kind := range byte(6) {
			f.Add(where, kind, uint16(0), []byte("x"))
			f.Add(where, kind, uint16(500), []byte(`{"id":1,"name":"Eva","version":3}`))
		}
	}
	client := redistest.Shared(f).Client(f)
	c := open(f, client, prefix(f), newDatabase().load, patient(cache.Options{
		NegativeTTL: time.Minute, Tags: parity, LeaseTTL: 200 * time.Millisecond, LoadTimeout: 5 * time.Second,
	}))
	key := c.Key(1)
	places := []string{key, cache.LeaseKey(key), "{" + key + "}:tags", "{" + strings.TrimSuffix(key, "1") + "}:tag:odd"}
	f.Fuzz(func(t *testing.T, where, kind byte, life uint16, content []byte) {
		for _, place := range places {
			cli(t, client, "DEL", place)
		}
		if _, err := c.Get(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		place := places[int(where)%len(places)]
		cli(t, client, "DEL", place)
		for _, command := range foreign(place, kind, string(content)) {
			cli(t, client, command...)
		}
		if life > 0 {
			cli(t, client, "PEXPIRE", place, fmt.Sprint(life))
		}
		for range 2 {
			e, err := c.Lookup(t.Context(), 1)
			if errors.Is(err, cache.ErrNotFound) && strings.TrimSpace(string(content)) == "null" {
				continue
			}
			var honest user
			decodable := json.Unmarshal(content, &honest) == nil
			if err != nil || e.Value != (user{1, "Max", 1}) && (!decodable || e.Value != honest) {
				t.Fatalf("%s of kind %d with %q: %+v, %v", place, kind, content, e, err)
			}
		}
	})
}

// foreign returns the commands that make a key of a kind.
func foreign(key string, kind byte, content string) [][]string {
	switch kind % 6 {
	case 0:
		return [][]string{{"SET", key, content}}
	case 1:
		return [][]string{{"RPUSH", key, content}}
	case 2:
		return [][]string{{"HSET", key, "field", content}}
	case 3:
		return [][]string{{"SADD", key, content}}
	case 4:
		return [][]string{{"ZADD", key, "1", content}}
	}
	return [][]string{{"XADD", key, "*", "field", content}}
}

// What was cut off at any byte, or is larger than a reply usually is, is a miss.
func TestTruncatedAndHugeEntries(t *testing.T) {
	t.Parallel()
	c, client := shared(t, newDatabase().load, cache.Options{})
	whole := `{"id":7,"name":"Eva","version":3}`
	for n := range len(whole) {
		cli(t, client, "SET", c.Key(1), whole[:n], "EX", "60")
		if e, err := c.Lookup(t.Context(), 1); version(t, e.Value, err) != 1 || e.Reason != cache.ReasonUndecodable {
			t.Errorf("%q: %+v", whole[:n], e)
		}
	}
	const huge = 16 << 20
	cli(t, client, "SET", c.Key(1), strings.Repeat("[", huge), "EX", "60")
	if e, err := c.Lookup(t.Context(), 1); version(t, e.Value, err) != 1 || e.Reason != cache.ReasonUndecodable {
		t.Errorf("brackets: %+v", e.Reason)
	}
	long := `{"id":7,"name":"` + strings.Repeat("E", huge) + `","version":3}`
	cli(t, client, "SET", c.Key(1), long, "EX", "60")
	if e, err := c.Lookup(t.Context(), 1); version(t, e.Value, err) != 3 || len(e.Raw) != len(long) {
		t.Errorf("a long name: %d bytes, %v", len(e.Raw), e.Source)
	}
}
