package metrics

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/speedlayer/speedlayer/ratelimit"
)

// WatchLimits shows what stats returns. The rules are there from the start, with zeros,
// so that no first event is missed. It is called once.
func (m *Metrics) WatchLimits(stats func() ratelimit.Stats, rules []string) {
	m.registry.MustRegister(limitCollector{stats, rules})
}

// limitNumber is one metric that is read from ratelimit.Stats.
type limitNumber struct {
	desc  *prometheus.Desc
	value func(ratelimit.Stats) float64
}

func ofLimits(name, help string, value func(ratelimit.Stats) float64) limitNumber {
	return limitNumber{prometheus.NewDesc("kursapp_ratelimit_"+name, help, nil, nil), value}
}

var limitNumbers = []limitNumber{
	ofLimits("breaker_open", "1 while limits are decided without Redis because it does not answer.",
		func(s ratelimit.Stats) float64 { return flag(s.BreakerOpen) }),
	ofLimits("remembered_denials", "Denials in memory.", func(s ratelimit.Stats) float64 { return float64(s.Remembered) }),
	ofLimits("instances", "Processes that share the limits, as far as this one knows; without Redis each admits its share.",
		func(s ratelimit.Stats) float64 { return float64(s.Instances) }),
}

// ruleDecisions has the rule as a label, whose values are the names in the policy, and
// how and by whom a charge was decided.
var ruleDecisions = prometheus.NewDesc("kursapp_ratelimit_decisions_total",
	"Decisions about charges: admitted or denied, by Redis, from memory, or without Redis as the rule says.",
	[]string{"rule", "decision", "by"}, nil)

// limitCollector reads the counts once for each scrape.
type limitCollector struct {
	stats func() ratelimit.Stats
	rules []string
}

// Describe implements prometheus.Collector.
func (limitCollector) Describe(to chan<- *prometheus.Desc) {
	for _, n := range limitNumbers {
		to <- n.desc
	}
	to <- ruleDecisions
}

// Collect implements prometheus.Collector.
func (c limitCollector) Collect(to chan<- prometheus.Metric) {
	s := c.stats()
	for _, n := range limitNumbers {
		to <- prometheus.MustNewConstMetric(n.desc, prometheus.GaugeValue, n.value(s))
	}
	names := append(slices.Collect(maps.Keys(s.Rules)), c.rules...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		decisions := func(decision, by string, n uint64) {
			to <- prometheus.MustNewConstMetric(ruleDecisions, prometheus.CounterValue, float64(n), name, decision, by)
		}
		r := s.Rules[name]
		decisions("admitted", "redis", r.Admitted)
		decisions("denied", "redis", r.Denied)
		decisions("denied", "memory", r.DeniedFromMemory)
		decisions("admitted", "fallback", r.AdmittedWithoutRedis)
		decisions("denied", "fallback", r.DeniedWithoutRedis)
	}
}
