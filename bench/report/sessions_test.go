package report

import (
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/sessions"
	"github.com/speedlayer/speedlayer/bench/web"
)

// profileRates has a rate of each server: 10,000 of the bare one, 8,000 of the others.
func profileRates() web.Result {
	w := web.Result{Rates: map[string][]float64{web.NetHTTP: {10_000, 10_000}, web.Kursapp: {8_000, 8_000}}}
	for _, s := range sessions.All() {
		w.Rates[s.ID] = []float64{8_000, 8_000}
	}
	return w
}

func TestEachTargetOfTheSessionsHasANumber(t *testing.T) {
	t.Parallel()
	c := SessionContest()
	r := fullRounds(c, 2)
	for _, sample := range r.samples[[2]string{"BenchmarkVisit1", us}] {
		sample[sessions.PerRequest] = 350
		sample[sessions.CommandsPerRequest] = 0
	}
	for _, sample := range r.samples[[2]string{"BenchmarkMinute", us}] {
		sample[sessions.WritesPerMinute] = 1
		sample[sessions.Heartbeats] = 4
	}
	if err := c.Check(r, 2); err != nil {
		t.Fatal(err)
	}
	text := SessionMarkdown(Machine{Date: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}, r, profileRates())
	for _, want := range []string{
		"| Hot lookup, one goroutine | ≤ 1 µs | 350 ns (350 ns – 350 ns) | met |",
		"| Hot lookup, 64 goroutines, 1,000 sessions | ≤ 1 µs | 100 µs (100 µs – 100 µs) | **missed** |",
		"| Commands executed for a hot lookup, one goroutine | 0 | 0 (0 – 0) | met |",
		"| Writes for a session's minute, 600 requests | ≤ 1 | 1.00 (1.00 – 1.00) | met |",
		"| HTTP, `GET /profile` of kursapp, of bare net/http | ≥ 0.85 | 0.80 (0.80 – 0.80) | **missed** |",
		"| Memory of Redis for a session, one a user | 100,000 B | - <sup>1</sup> | 1,000,000 B (10.0×) |",
		"sends 4.00 `PING` a second",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if strings.Contains(text, "| Keys for a session, one a user | scs,") {
		t.Error("numbers that never change are among those of the rounds")
	}
	if strings.Contains(text, "NaN") {
		t.Errorf("a number is missing:\n%s", text)
	}
}

func TestSessionContestMissesACell(t *testing.T) {
	t.Parallel()
	c := SessionContest()
	r := fullRounds(c, 2)
	delete(r.samples, [2]string{"BenchmarkLogin64", "scs"})
	if err := c.Check(r, 2); err == nil {
		t.Error("a cell of scs is missing and nobody says so")
	}
}
