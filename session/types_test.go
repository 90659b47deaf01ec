package session_test

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

type name string

// roundTrip creates a session, and returns what Lookup and List find, and the fields
// in Redis.
func roundTrip[U, D any](t *testing.T, user U, data D) (*session.Session[U, D], map[string]string) {
	t.Helper()
	client, prefix := redistest.Shared(t).Client(t), redistest.Prefix(t)
	m := session.New[U, D](client, session.Options{Prefix: prefix, LocalBytes: -1, RedisTimeout: 20 * time.Second})
	e, err := m.Epoch(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	token, created, err := m.Create(t.Context(), user, e, data)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Lookup(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	list, err := m.List(t.Context(), user)
	if err != nil || len(list) != 1 {
		t.Fatalf("list = %v, %v", list, err)
	}
	for _, got := range []*session.Session[U, D]{created, s, list[0]} {
		if !reflect.DeepEqual(got.UserID, user) || !reflect.DeepEqual(got.Data, data) {
			t.Errorf("%v with %+v became %v with %+v", user, data, got.UserID, got.Data)
		}
	}
	if err := m.RevokeAll(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Lookup(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("lookup after revoke all: %v", err)
	}
	return s, fieldsOf(t, client, prefix+s.ID)
}

func fieldsOf(t *testing.T, client rueidis.Client, key string) map[string]string {
	t.Helper()
	fields, err := client.Do(t.Context(), client.B().Hgetall().Key(key).Build()).AsStrMap()
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

func TestUserIDsOfManyTypes(t *testing.T) {
	t.Parallel()
	check := func(fields map[string]string, want string) {
		t.Helper()
		if fields["user_id"] != want {
			t.Errorf("user_id = %q, want %q", fields["user_id"], want)
		}
	}
	_, f := roundTrip(t, int64(math.MinInt64), struct{}{})
	check(f, "-9223372036854775808")
	_, f = roundTrip(t, uint64(math.MaxUint64), struct{}{})
	check(f, "18446744073709551615")
	_, f = roundTrip(t, int8(0), struct{}{})
	check(f, "0")
	_, f = roundTrip(t, name("ä \xff{1}"), struct{}{})
	check(f, "ä \xff{1}")
	_, f = roundTrip(t, netip.MustParseAddr("2001:db8::1"), struct{}{})
	check(f, "2001:db8::1")
}

func TestOtherTypesOfUserIDsPanic(t *testing.T) {
	t.Parallel()
	client := redistest.Shared(t).Client(t)
	for what, make := range map[string]func(){
		"float":  func() { session.New[float64, struct{}](client, session.Options{}) },
		"struct": func() { session.New[struct{ A int }, struct{}](client, session.Options{}) },
		"reserved name": func() {
			session.New[int, struct {
				A int `json:"_a"`
			}](client, session.Options{})
		},
		"user_id": func() {
			session.New[int, struct {
				A int `json:"user_id"`
			}](client, session.Options{})
		},
		"name that is long": func() {
			session.New[int, struct {
				A int `json:"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"`
			}](client, session.Options{})
		},
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.HasPrefix(text, "session.New: ") {
					t.Errorf("%s: panic %q", what, text)
				}
			}()
			make()
		}()
	}
}

// Two texts of one id must not be two users to RevokeAll.
func TestForeignSpellingOfAUserIDIsNoSession(t *testing.T) {
	t.Parallel()
	client, prefix := redistest.Shared(t).Client(t), redistest.Prefix(t)
	m := session.New[int, struct{}](client, session.Options{Prefix: prefix, LocalBytes: -1})
	for _, text := range []string{"007", "+7", "7 ", "seven", "99999999999999999999"} {
		e, err := m.Epoch(t.Context(), 7)
		if err != nil {
			t.Fatal(err)
		}
		token, s, err := m.Create(t.Context(), 7, e, struct{}{})
		if err != nil {
			t.Fatal(err)
		}
		for _, cmd := range [][]string{
			{"HSET", prefix + s.ID, "user_id", text}, {"SET", prefix + "epoch:" + text, string(e)},
		} {
			if err := client.Do(t.Context(), client.B().Arbitrary(cmd...).Build()).Error(); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := m.Lookup(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%q: %+v, %v; want ErrNotFound", text, got, err)
		}
	}
}

type device struct {
	Kind string `json:"kind"`
	Size int    `json:"size,omitempty"`
}

// Embedded has members that are promoted.
type Embedded struct {
	Language name
	Shadowed int
}

type everything struct {
	*Embedded
	Name     string            `json:"name"`
	Nickname string            `json:"nickname,omitempty"`
	Role     name              `json:"role"`
	Admin    bool              `json:"admin"`
	Logins   int64             `json:"logins,string"`
	Device   device            `json:"device"`
	Tags     []string          `json:"tags,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
	Since    time.Time         `json:"since"`
	Parent   *string           `json:"parent"`
	Quoted   string            `json:"quoted,string"`
	Shadowed string
	Secret   string `json:"-"`
}

func TestMembersOfAStructAreFields(t *testing.T) {
	t.Parallel()
	parent := `"x"`
	d := everything{
		Embedded: &Embedded{Language: "de"},
		Name:     "Max \xff \"<&>", Role: "admin", Admin: true, Logins: math.MaxInt64, Device: device{Kind: "phone"},
		Since: time.Date(2026, 5, 1, 12, 0, 0, 7, time.UTC), Parent: &parent, Quoted: "1", Shadowed: "outer",
	}
	_, fields := roundTrip(t, 1, d)
	want := map[string]string{
		"user_id": "1", "Language": "de", "name": "Max \xff \"<&>", "role": "admin", "admin": "true",
		"logins": `"9223372036854775807"`, "device": `{"kind":"phone"}`, "since": `"2026-05-01T12:00:00.000000007Z"`,
		"parent": `"\"x\""`, "quoted": `"\"1\""`, "Shadowed": "outer",
	}
	for field, value := range fields {
		if !strings.HasPrefix(field, "_") && want[field] != value {
			t.Errorf("%s = %q, want %q", field, value, want[field])
		}
		delete(want, field)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

func TestOtherTypesOfData(t *testing.T) {
	t.Parallel()
	if _, f := roundTrip(t, 1, struct{}{}); len(f) != 6 {
		t.Errorf("fields without data: %v", f)
	}
	if _, f := roundTrip(t, 1, map[string]string{"a": "\xff"}); f["a"] != "\xff" {
		t.Errorf("fields of a map: %v", f)
	}
	if _, f := roundTrip(t, 1, []int{1, 2}); f["data"] != "[1,2]" {
		t.Errorf("fields of a slice: %v", f)
	}
	if _, f := roundTrip(t, 1, "text"); f["data"] != `"text"` {
		t.Errorf("fields of a string: %v", f)
	}
	if _, f := roundTrip(t, 1, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)); f["data"] != `"2026-01-02T03:04:05Z"` {
		t.Errorf("fields of what has JSON of its own: %v", f)
	}
	if _, f := roundTrip(t, 1, &device{Kind: "x"}); f["data"] != `{"kind":"x"}` {
		t.Errorf("fields of a pointer: %v", f)
	}
}

// Versions of a program run side by side.
func TestFieldsThatAreUnknownOrMissing(t *testing.T) {
	t.Parallel()
	type before struct {
		Name string `json:"name"`
		Old  int    `json:"old"`
	}
	type after struct {
		Name string `json:"name"`
		New  []int  `json:"new"`
		NAME string `json:"NAME"` // another field, however similar
	}
	client, o := redistest.Shared(t).Client(t), session.Options{Prefix: redistest.Prefix(t), LocalBytes: -1}
	old, young := session.New[int, before](client, o), session.New[int, after](client, o)
	e, err := old.Epoch(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	token, s, err := old.Create(t.Context(), 1, e, before{"Max", 3})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := young.Lookup(t.Context(), token); err != nil || !reflect.DeepEqual(got.Data, after{Name: "Max"}) {
		t.Errorf("a version that knows more: %+v, %v", got, err)
	}
	if err := young.Update(t.Context(), s.ID, after{Name: "Moritz", New: []int{1}, NAME: "M"}); err != nil {
		t.Fatal(err)
	}
	if got, err := old.Lookup(t.Context(), token); err != nil || got.Data != (before{Name: "Moritz"}) {
		t.Errorf("a version that knows less: %+v, %v", got, err)
	}
}

// A field that cannot be decoded must neither let somebody in with other data nor
// change its neighbours.
func TestDamagedDataIsNoSession(t *testing.T) {
	t.Parallel()
	client, prefix := redistest.Shared(t).Client(t), redistest.Prefix(t)
	m := session.New[int, everything](client, session.Options{Prefix: prefix, LocalBytes: -1})
	for field, value := range map[string]string{
		"admin": "yes", "device": `{"kind":`, "logins": "1", "tags": `[], "admin": true`, "since": `"today"`, "labels": "",
	} {
		e, err := m.Epoch(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		token, s, err := m.Create(t.Context(), 1, e, everything{})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Do(t.Context(), client.B().Hset().Key(prefix+s.ID).FieldValue().FieldValue(field, value).Build()).Error(); err != nil {
			t.Fatal(err)
		}
		if got, err := m.Lookup(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s = %q: %+v, %v; want ErrNotFound", field, value, got, err)
		}
	}
	if list, err := m.List(t.Context(), 1); err != nil || len(list) != 0 {
		t.Errorf("list = %v, %v", list, err)
	}
}

func TestDataThatCannotBeEncodedIsInvalid(t *testing.T) {
	t.Parallel()
	client := redistest.Shared(t).Client(t)
	m := session.New[int, struct{ F any }](client, session.Options{Prefix: redistest.Prefix(t), LocalBytes: -1})
	e, err := m.Epoch(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []any{func() {}, math.NaN(), strings.Repeat("x", 20_000)} {
		if _, _, err := m.Create(t.Context(), 1, e, struct{ F any }{bad}); !errors.Is(err, session.ErrInvalid) {
			t.Errorf("create: %v, want ErrInvalid", err)
		}
	}
}
