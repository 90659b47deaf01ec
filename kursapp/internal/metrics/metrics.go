// Package metrics shows to Prometheus what kursapp's caches, its sessions, its rate
// limits, its outbox and its queues do, and the caches in one log line. The numbers are
// read when somebody asks for them: a request pays for none of it, except that a load of
// the database notes how long it took.
//
// No label holds a key, an id or anything else that a client chooses.
package metrics

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/speedlayer/speedlayer/cache"
)

// Metrics is what one kursapp shows. Make it with [New].
type Metrics struct {
	registry  *prometheus.Registry
	loads     prometheus.Histogram
	delivered *prometheus.HistogramVec
	taskDone  prometheus.Histogram

	sessionEvents *prometheus.CounterVec
}

// loadBuckets are the bounds of the histogram of loads, in seconds: from a read of
// SQLite to the timeout of a load.
var loadBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}

// New returns the metrics of a process whose caches, by name, counts returns. Several
// may live in one process.
func New(counts func() map[string]cache.Stats) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		loads: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "kursapp_cache_load_duration_seconds",
			Help:    "How long the database took for what the cache did not have.",
			Buckets: loadBuckets,
		}),
		sessionEvents: newSessionEvents(),
	}
	m.registry.MustRegister(
		cacheCollector{counts}, m.loads,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// ObserveLoad notes how long a load took.
func (m *Metrics) ObserveLoad(d time.Duration) { m.loads.Observe(d.Seconds()) }

// Bounds of a scrape: one takes a millisecond.
const (
	maxScrapes    = 4
	scrapeTimeout = 10 * time.Second
)

// Handler serves GET /metrics and nothing else.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		MaxRequestsInFlight: maxScrapes,
		Timeout:             scrapeTimeout,
	}))
	return mux
}
