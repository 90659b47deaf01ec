package web

import (
	"testing"
	"time"
)

// TestContest runs the whole comparison for a moment: all servers start, send the
// same bytes and are counted.
func TestContest(t *testing.T) {
	t.Parallel()
	programs, err := Build(t.Context(), "../..", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	result, err := Run(t.Context(), Config{
		Programs: programs, Rounds: 1, For: 50 * time.Millisecond, Connections: 8, Progress: t.Logf,
	})
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
