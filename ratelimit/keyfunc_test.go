package ratelimit_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/speedlayer/speedlayer/ratelimit"
)

func constant(s string) ratelimit.KeyFunc {
	return func(*http.Request) (string, bool) { return s, true }
}

func nobody(*http.Request) (string, bool) { return "", false }

func TestByHeaderTakesOneValue(t *testing.T) {
	t.Parallel()
	key := ratelimit.ByHeader("x-API-key")
	// printf %s sesame | sha256sum | cut -c-32
	const want = "d0c04f4b1951e4aeaaec8223ed2039e5"
	if got, ok := key(from(proxy, "X-Api-Key: sesame")); got != want || !ok {
		t.Errorf("%q, %v, want %q", got, ok, want)
	}
	if got, _ := key(from(proxy, "X-Api-Key: Sesame")); got == want {
		t.Error("two keys share a subject")
	}
	for _, lines := range [][]string{nil, {"X-Api-Key:"}, {"X-Api-Key: sesame", "X-Api-Key: sesame"}, {"Other: sesame"}} {
		if got, ok := key(from(proxy, lines...)); got != "" || ok {
			t.Errorf("%q: %q, %v", lines, got, ok)
		}
	}
}

func TestByRouteIsThePattern(t *testing.T) {
	t.Parallel()
	var got string
	var ok bool
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(_ http.ResponseWriter, r *http.Request) { got, ok = ratelimit.ByRoute()(r) })
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/users/1", nil)
	if subject, known := ratelimit.ByRoute()(r); subject != "" || known {
		t.Errorf("before the mux: %q, %v", subject, known)
	}
	mux.ServeHTTP(httptest.NewRecorder(), r)
	if got != "GET /users/{id}" || !ok {
		t.Errorf("%q, %v", got, ok)
	}
}

func TestCombinedKeysAreKeptApart(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, parts := range [][]string{
		{"a", "b"}, {"a|b"}, {"a", "b", "c"}, {"a|b", "c"}, {"a", "b|c"}, {"a%7Cb", "c"}, {"a%7Cb"}, {"b", "a"}, {"a%", "7Cb"}, {"a"},
	} {
		var keys []ratelimit.KeyFunc
		for _, p := range parts {
			keys = append(keys, constant(p))
		}
		subject, ok := ratelimit.Combine(keys...)(from(proxy))
		if other, twice := seen[subject]; !ok || twice {
			t.Errorf("%q is %q, %v, as %q is", parts, subject, ok, other)
		}
		seen[subject] = parts
	}
	for name, key := range map[string]ratelimit.KeyFunc{
		"nothing":         ratelimit.Combine(),
		"one unknown":     ratelimit.Combine(constant("a"), nobody),
		"first unknown":   ratelimit.Combine(nobody, constant("a")),
		"an empty answer": ratelimit.Combine(constant("a"), constant("")),
	} {
		if subject, ok := key(from(proxy)); subject != "" || ok {
			t.Errorf("%s: %q, %v", name, subject, ok)
		}
	}
}
