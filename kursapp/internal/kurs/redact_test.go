package kurs_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"
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
		`{"api_key":"k","API-Key":"k","reset_url":"u","Kennwort":"k","access-tok\u00adenX":"t"}`: `{"api_key":"•••","API-Key":"•••","reset_url":"•••","Kennwort":"•••","access-tok\u00adenX":"•••"}`,
		// JSON in strings of JSON.
		`{"args":"{\"token\": \"geheim\",\"n\":1}","b":"a\nb"}`: `{"args":"{\"token\": \"•••\",\"n\":1}","b":"a\nb"}`,
		`["{\"a\":\"{\\\"token\\\":\\\"geheim\\\"}\"}"]`:        `["{\"a\":\"{\\\"token\\\":\\\"•••\\\"}\"}"]`,
		`["{\"\u00e4\":1}","say \"{hi}\""]`:                     `["{\"\u00e4\":1}","say \"{hi}\""]`,
		`{"args":"{\"token\":\"geheim`:                          `{"args":"{\"token\":\"•••\""`,
		`{"args":"{\"token\":\"gehei\u00`:                       `{"args":"{\"token\":\"•••\""`,
		`{"args":"{\"token\":\"gehei\qm\"}"}`:                   `{"args":"•••"}`,
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

func TestRedactedJSONIsNestedOnlySoFar(t *testing.T) {
	t.Parallel()
	payload := `{"token":"geheim"}`
	for depth := range 8 {
		if got := kurs.RedactPayload([]byte(payload)); strings.Contains(got, "geheim") || !json.Valid([]byte(got)) {
			t.Errorf("%d deep: %s", depth, got)
		}
		b, err := json.Marshal(map[string]string{"a": payload})
		if err != nil {
			t.Fatal(err)
		}
		payload = string(b)
	}
}

// opened has the JSON in strings in their places, and nothing of strings that only look
// like it.
func opened(v any, depth int) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			v[name] = opened(v[name], depth)
		}
	case []any:
		for i := range v {
			v[i] = opened(v[i], depth)
		}
	case string:
		if !strings.Contains(v, `"`) || !strings.ContainsAny(v, "{[") {
			return v
		}
		var inner any
		switch {
		case depth == 4:
			return "•••"
		case json.Unmarshal([]byte(v), &inner) != nil:
			return nil
		}
		return opened(inner, depth+1)
	}
	return v
}

// redactedValue does to a decoded document what RedactPayload does to its text.
func redactedValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			v[name] = redactedValue(value)
			bare := strings.Map(func(r rune) rune {
				if unicode.IsLetter(r) || unicode.IsDigit(r) {
					return unicode.ToLower(r)
				}
				return -1
			}, name)
			for _, word := range []string{
				"password", "passwort", "passwd", "passphrase", "pwd", "kennwort", "secret", "geheim", "token", "code", "link", "url",
				"apikey", "privatekey", "authorization", "credential", "cookie",
			} {
				if strings.Contains(bare, word) {
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
		`{"a":"{\"token\":\"x\"}","b":"say \"{hi}\""}`, `["[\"{\\\"code\\\":1}\"]"]`,
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
		if utf8.ValidString(payload) && !reflect.DeepEqual(opened(after, 0), redactedValue(opened(before, 0))) {
			t.Errorf("%q became %q", payload, got)
		}
	})
}
