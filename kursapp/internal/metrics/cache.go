package metrics

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/speedlayer/speedlayer/cache"
)

// CacheCounts is what a cache counted.
type CacheCounts cache.Stats

// LogValue implements slog.LogValuer: one group, with the names that the metrics
// have too.
func (c CacheCounts) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Uint64("hits_local", c.LocalHits),
		slog.Uint64("hits_redis", c.Hits),
		slog.Uint64("misses", c.Misses),
		slog.Uint64("collapsed", c.Collapsed),
		slog.Uint64("stale", c.Stale),
		slog.Uint64("loads", c.Loads),
		slog.Uint64("load_errors", c.LoadErrors),
		slog.Uint64("loads_ahead", c.Ahead),
		slog.Uint64("loads_overloaded", c.Overloaded),
		slog.Uint64("fills", c.Fills),
		slog.Uint64("fills_refused", c.FillsRefused),
		slog.Uint64("undecodable", c.Undecodable),
		slog.Uint64("invalidations", c.Invalidated),
		slog.Uint64("invalidations_unconfirmed", c.Unconfirmed),
		slog.Int("invalidations_pending", c.Pending),
		slog.Bool("breaker_open", c.BreakerOpen),
		slog.Bool("local_ready", c.LocalReady),
		slog.Int("local_entries", c.LocalEntries),
		slog.Int64("local_bytes", c.LocalBytes),
		slog.Uint64("local_evictions", c.LocalEvictions),
		slog.Uint64("local_lost", c.LocalLosses),
	)
}

// labelCache says which cache: "users" or "pages".
const labelCache = "cache"

// number is one metric that is read from CacheCounts.
type number struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(CacheCounts) float64
}

func counter(name, help string, value func(CacheCounts) uint64) number {
	return number{
		prometheus.NewDesc("kursapp_cache_"+name+"_total", help, []string{labelCache}, nil), prometheus.CounterValue,
		func(c CacheCounts) float64 { return float64(value(c)) },
	}
}

// hits has the tier as a second label: a hit is a hit, whatever tier it was in.
func hits(tier cache.Source, value func(CacheCounts) uint64) number {
	n := counter("hits", "", value)
	n.desc = prometheus.NewDesc("kursapp_cache_hits_total",
		"Reads that were answered without a load.", []string{labelCache}, prometheus.Labels{"tier": tier.String()})
	return n
}

func gauge(name, help string, value func(CacheCounts) float64) number {
	return number{prometheus.NewDesc("kursapp_cache_"+name, help, []string{labelCache}, nil), prometheus.GaugeValue, value}
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

var numbers = []number{
	hits(cache.SourceLocal, func(c CacheCounts) uint64 { return c.LocalHits }),
	hits(cache.SourceRedis, func(c CacheCounts) uint64 { return c.Hits }),
	counter("misses", "All other reads.", func(c CacheCounts) uint64 { return c.Misses }),
	counter("collapsed", "Misses that were answered by a load which somebody else had asked for.", func(c CacheCounts) uint64 { return c.Collapsed }),
	counter("stale", "Misses that were answered with an entry beyond its time, because the database failed.", func(c CacheCounts) uint64 { return c.Stale }),

	counter("loads", "Questions to the database.", func(c CacheCounts) uint64 { return c.Loads }),
	counter("load_errors", "Questions to the database that failed.", func(c CacheCounts) uint64 { return c.LoadErrors }),
	counter("loads_ahead", "Questions to the database ahead of an entry's end.", func(c CacheCounts) uint64 { return c.Ahead }),
	counter("loads_overloaded", "Loads that were given up because too many were running.", func(c CacheCounts) uint64 { return c.Overloaded }),
	gauge("loads_running", "Loads that run now.", func(c CacheCounts) float64 { return float64(c.Loading) }),

	counter("fills", "Values stored in Redis.", func(c CacheCounts) uint64 { return c.Fills }),
	counter("fills_refused", "Values not stored because they were no longer certain to be current.", func(c CacheCounts) uint64 { return c.FillsRefused }),
	counter("undecodable", "Entries found in Redis that are no valid values.", func(c CacheCounts) uint64 { return c.Undecodable }),

	counter("invalidations", "Keys and tags whose invalidation Redis confirmed.", func(c CacheCounts) uint64 { return c.Invalidated }),
	counter("invalidations_unconfirmed", "Keys and tags whose invalidation Redis did not confirm at first.", func(c CacheCounts) uint64 { return c.Unconfirmed }),
	gauge("invalidations_pending", "Keys and tags whose invalidation is being repeated.", func(c CacheCounts) float64 { return float64(c.Pending) }),
	gauge("breaker_open", "1 while Redis is not asked because it does not answer.", func(c CacheCounts) float64 { return flag(c.BreakerOpen) }),

	gauge("local_ready", "1 while entries may be served from memory.", func(c CacheCounts) float64 { return flag(c.LocalReady) }),
	gauge("local_entries", "Entries in memory.", func(c CacheCounts) float64 { return float64(c.LocalEntries) }),
	gauge("local_bytes", "Bytes that the entries in memory account for.", func(c CacheCounts) float64 { return float64(c.LocalBytes) }),
	counter("local_evictions", "Entries in memory that made room for others.", func(c CacheCounts) uint64 { return c.LocalEvictions }),
	counter("local_lost", "Times that serving from memory had to stop: connection lost, or staleness bound reached.", func(c CacheCounts) uint64 { return c.LocalLosses }),
}

// cacheCollector reads the counts once for each scrape.
type cacheCollector struct{ counts func() map[string]cache.Stats }

// Describe implements prometheus.Collector.
func (cacheCollector) Describe(to chan<- *prometheus.Desc) {
	for _, n := range numbers {
		to <- n.desc
	}
}

// Collect implements prometheus.Collector.
func (c cacheCollector) Collect(to chan<- prometheus.Metric) {
	for name, counts := range c.counts() {
		for _, n := range numbers {
			to <- prometheus.MustNewConstMetric(n.desc, n.kind, n.value(CacheCounts(counts)), name)
		}
	}
}
