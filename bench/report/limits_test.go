package report

import (
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/limits"
	"github.com/speedlayer/speedlayer/bench/web"
)

// refusalRates has a rate of each server: 10,000 of the bare one, 8,000 of the others.
func refusalRates() web.Result {
	w := web.Result{Rates: map[string][]float64{web.NetHTTP: {10_000, 10_000}, web.Kursapp: {8_000, 8_000}}}
	for _, l := range limits.Able(limits.Deny) {
		w.Rates[l.ID] = []float64{8_000, 8_000}
	}
	return w
}

func TestEachTargetOfTheLimitsHasANumber(t *testing.T) {
	t.Parallel()
	c := LimitContest()
	r := fullRounds(c, 2)
	for _, sample := range r.samples[[2]string{"BenchmarkThreeRules64", us}] {
		sample[limits.PerRequest] = 150e3
	}
	for _, sample := range r.samples[[2]string{"BenchmarkAdmitOne64", "incr"}] {
		sample[limits.PerRequest] = 60e3
	}
	if err := c.Check(r, 2); err != nil {
		t.Fatal(err)
	}
	text := LimitMarkdown(Machine{Date: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}, r, refusalRates())
	for _, want := range []string{
		"| Fixed windows, 10,000 subjects, faster than redis_rate | ≥ 2× | 10.0× (10.0× – 10.0×) | met |",
		"| GCRA, one subject, faster than redis_rate | ≥ 2× | 1.00× (1.00× – 1.00×) | **missed** |",
		"| Fixed windows, one subject, of bare `INCR` | ≥ 0.65 | 0.60 (0.60 – 0.60) | **missed** |",
		"| Three fixed windows, times one | ≤ 1.6× | 1.50× (1.50× – 1.50×) | met |",
		"| HTTP, `GET /api/data` of kursapp refused, of bare net/http | ≥ 0.85 | 0.80 (0.80 – 0.80) | **missed** |",
		"| net/http with redis_rate (GCRA) | 8,000 (8,000 – 8,000) | 0.80 (0.80 – 0.80) |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if strings.Contains(text, "NaN") {
		t.Errorf("a number is missing:\n%s", text)
	}
}

func TestLimitContestMissesACell(t *testing.T) {
	t.Parallel()
	c := LimitContest()
	r := fullRounds(c, 2)
	delete(r.samples, [2]string{"BenchmarkDenied1", "ulule"})
	if err := c.Check(r, 2); err == nil {
		t.Error("a cell of ulule is missing and nobody says so")
	}
}
