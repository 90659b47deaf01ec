package web

import (
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/sessions"
)

// TestContests runs the whole comparisons for a moment: all servers start, send the
// same bytes and are counted.
func TestContests(t *testing.T) {
	t.Parallel()
	programs, err := Build(t.Context(), "../..", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Programs: programs, Rounds: 1, For: 50 * time.Millisecond, Connections: 8, Progress: t.Logf}
	t.Run("users", func(t *testing.T) { users(t, c) })
	t.Run("profile", func(t *testing.T) { profile(t, c) })
	t.Run("refusal", func(t *testing.T) { refusal(t, c) })
}

func users(t *testing.T, c Config) {
	t.Helper()
	result, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{KursappLocal, KursappRedis, ByHandLocal, ByHandRedis, NetHTTP} {
		if rates := result.Rates[id]; len(rates) != 1 || rates[0] < 1 {
			if id != KursappRedis || !result.NoRedisTier {
				t.Errorf("%s: rates %v", id, rates)
			}
		}
	}
	if result.Answer.Header.Get("Content-Security-Policy") == "" || result.Answer.Header.Get("Server-Timing") != "" {
		t.Errorf("constant headers: %v", result.Answer.Header)
	}
}

func profile(t *testing.T, c Config) {
	t.Helper()
	result, err := RunProfile(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{Kursapp, NetHTTP}
	for _, s := range sessions.All() {
		ids = append(ids, s.ID)
	}
	for _, id := range ids {
		if rates := result.Rates[id]; len(rates) != 1 || rates[0] < 1 {
			t.Errorf("%s: rates %v", id, rates)
		}
	}
	if want := `{"user_id":"1","name":"Max","email":"max@example.com"}`; result.Answer.Body != want {
		t.Errorf("kursapp answers %q, want %q", result.Answer.Body, want)
	}
}

func refusal(t *testing.T, c Config) {
	t.Helper()
	result, err := RunRefusal(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range append([]string{Kursapp, NetHTTP}, limiters()...) {
		if rates := result.Rates[id]; len(rates) != 1 || rates[0] < 1 {
			t.Errorf("%s: rates %v", id, rates)
		}
	}
	for _, name := range []string{"Retry-After", "Ratelimit", "Ratelimit-Policy", "Content-Security-Policy"} {
		if result.Answer.Header.Get(name) == "" {
			t.Errorf("the bare server sends no %s", name)
		}
	}
	if !strings.Contains(result.Answer.Body, `"violated-policies":["data"]`) {
		t.Errorf("kursapp answers %q", result.Answer.Body)
	}
}
