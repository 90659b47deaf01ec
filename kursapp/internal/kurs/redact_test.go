package kurs_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestRedactPayload(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"to":"max@example.com","body":"Hallo"}`:                          `{"to":"max@example.com","body":"Hallo"}`,
		`{"password":"geheim","to":"a"}`:                                   `{"password":"•••","to":"a"}`,
		`{"a":1.50, "Token" :  "geheim" , "b":[1,2]}`:                      `{"a":1.50, "Token" :  "•••" , "b":[1,2]}`,
		`{"code":123456}`:                                                  `{"code":"•••"}`,
		`{"link":null}`:                                                    `{"link":"•••"}`,
		`{"reset_token":["a","]"],"x":{"newPassword":{"a":"}","b":[{}]}}}`: `{"reset_token":"•••","x":{"newPassword":"•••"}}`,
		`{"pass\u0077ord":"geheim"}`:                                       `{"pass\u0077ord":"•••"}`,
		`{"password":"ge\"heim","x":"\\"}`:                                 `{"password":"•••","x":"\\"}`,
		`{"text":"the password: geheim"}`:                                  `{"text":"the password: geheim"}`,
		`["password","token"]`:                                             `["password","token"]`,
		`{"x":"password","y":"z"}`:                                         `{"x":"password","y":"z"}`,
		`"token"`:                                                          `"token"`,
		``:                                                                 ``,
		// Cut off, or no JSON at all.
		`{"to":"a","token":"gehei`:          `{"to":"a","token":"•••"`,
		`{"token":{"a":"gehei`:              `{"token":"•••"`,
		`{"token":`:                         `{"token":`,
		`{"tok`:                             `{"tok`,
		`"token":geheim, "x":1`:             `"token":"•••", "x":1`,
		`GET /?password=x {"password":"y"}`: `GET /?password=x {"password":"•••"}`,
		`{"token"}`:                         `{"token"}`,
		"{\"token\":\"a\xff\"}\xff":         "{\"token\":\"•••\"}\xff",
	} {
		if got := kurs.RedactPayload([]byte(in)); got != want {
			t.Errorf("RedactPayload(%s) = %s, want %s", in, got, want)
		}
	}
}

// redactedValue does to a decoded document what RedactPayload does to its text.
func redactedValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			v[name] = redactedValue(value)
			for _, word := range []string{"password", "passwort", "secret", "token", "code", "link"} {
				if strings.Contains(strings.ToLower(name), word) {
					v[name] = "•••"
				}
			}
		}
	case []any:
		for i := range v {
			v[i] = redactedValue(v[i])
		}
	}
	return v
}

func FuzzRedactPayload(f *testing.F) {
	for _, seed := range []string{
		`{"password":"geheim","a":[{"token":{"x":["}"]}}]}`, `{"code":-1e5,"link":true}`, `{"Token":"\ud800"}`, `{"a":"\\\"","secret":""}`,
		`{"token":"gehei`, `"token":`, `{"token":"a","token":"b"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		got := kurs.RedactPayload([]byte(payload))
		var before, after any
		if json.Unmarshal([]byte(payload), &before) != nil {
			return
		}
		if err := json.Unmarshal([]byte(got), &after); err != nil {
			t.Fatalf("%q became %q: %v", payload, got, err)
		}
		if utf8.ValidString(payload) && !reflect.DeepEqual(after, redactedValue(before)) {
			t.Errorf("%q became %q", payload, got)
		}
	})
}
