package metrics_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/metrics"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// Each count has another number, and what is shown of them is all there is.
func TestAllCountsOfLimitsAreShown(t *testing.T) {
	t.Parallel()
	m := metrics.New(users(&cache.Stats{}))
	stats := ratelimit.Stats{BreakerOpen: true, Remembered: 21, Instances: 3, Rules: map[string]ratelimit.RuleStats{
		"data": {Admitted: 11, Denied: 12, DeniedFromMemory: 13, AdmittedWithoutRedis: 14, DeniedWithoutRedis: 15},
	}}
	m.WatchLimits(func() ratelimit.Stats { return stats }, []string{"data", "register"})
	body := scrape(t, m)
	var got []string
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "kursapp_ratelimit") {
			got = append(got, line)
		}
	}
	want := `kursapp_ratelimit_breaker_open 1
kursapp_ratelimit_decisions_total{by="fallback",decision="admitted",rule="data"} 14
kursapp_ratelimit_decisions_total{by="fallback",decision="admitted",rule="register"} 0
kursapp_ratelimit_decisions_total{by="fallback",decision="denied",rule="data"} 15
kursapp_ratelimit_decisions_total{by="fallback",decision="denied",rule="register"} 0
kursapp_ratelimit_decisions_total{by="memory",decision="denied",rule="data"} 13
kursapp_ratelimit_decisions_total{by="memory",decision="denied",rule="register"} 0
kursapp_ratelimit_decisions_total{by="redis",decision="admitted",rule="data"} 11
kursapp_ratelimit_decisions_total{by="redis",decision="admitted",rule="register"} 0
kursapp_ratelimit_decisions_total{by="redis",decision="denied",rule="data"} 12
kursapp_ratelimit_decisions_total{by="redis",decision="denied",rule="register"} 0
kursapp_ratelimit_instances 3
kursapp_ratelimit_remembered_denials 21
`
	if strings.Join(got, "") != want {
		t.Errorf("shown:\n%s\nwant:\n%s", strings.Join(got, ""), want)
	}
	if a, b := reflect.TypeFor[ratelimit.Stats]().NumField(), reflect.TypeFor[ratelimit.RuleStats]().NumField(); a != 4 || b != 5 {
		t.Errorf("ratelimit.Stats has %d fields and RuleStats %d; are the new ones shown?", a, b)
	}
	stats.BreakerOpen = false
	if !strings.Contains(scrape(t, m), "kursapp_ratelimit_breaker_open 0\n") {
		t.Error("the breaker stays open")
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "kursapp_ratelimit") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}
