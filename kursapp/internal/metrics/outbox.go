package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/speedlayer/speedlayer/outbox"
)

// latencyBuckets are the bounds of the histogram of deliveries, in seconds: from a
// relay that is at work to one that cannot reach Redis.
var latencyBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// labelWhat says what a row asked for: "invalidation" or "task".
const labelWhat = "what"

// WatchOutbox shows what a relay does and what waits for it. It is called once.
func (m *Metrics) WatchOutbox(source outbox.Source, stats func() outbox.Stats) {
	m.delivered = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "kursapp_outbox_latency_seconds",
		Help:    "Time from the writing of a row of the outbox until Redis confirmed it; rows that were repeated are left out.",
		Buckets: latencyBuckets,
	}, []string{labelWhat})
	for _, what := range []string{"invalidation", "task"} {
		m.delivered.WithLabelValues(what) // there from the beginning
	}
	m.taskDone = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "kursapp_outbox_task_done_seconds",
		Help:    "Time from the writing of a task's row of the outbox until a worker of this process carried the task out.",
		Buckets: latencyBuckets,
	})
	m.registry.MustRegister(m.delivered, m.taskDone, outboxCollector{source, stats})
}

// ObserveDelivered notes that a row was delivered, and how long that took; 0 is
// unknown. WatchOutbox comes first.
func (m *Metrics) ObserveDelivered(row outbox.Row, latency time.Duration) {
	if latency == 0 {
		return
	}
	what := "invalidation"
	if row.Kind == outbox.KindTask {
		what = "task"
	}
	m.delivered.WithLabelValues(what).Observe(latency.Seconds())
}

// ObserveTaskDone notes how long a task of the outbox took from the time its row was
// written until it was carried out. The clocks are two: a difference shows.
func (m *Metrics) ObserveTaskDone(latency time.Duration) {
	m.taskDone.Observe(max(0, latency).Seconds())
}

// outboxCollector asks the database when somebody asks for the numbers.
type outboxCollector struct {
	source outbox.Source
	stats  func() outbox.Stats
}

var (
	outboxOldest    = prometheus.NewDesc("kursapp_outbox_oldest_seconds", "Age of the oldest row that waits for Redis; 0: none does.", nil, nil)
	outboxWaiting   = prometheus.NewDesc("kursapp_outbox_waiting_rows", "Rows that wait for Redis, counted up to some thousands.", nil, nil)
	outboxDelivered = prometheus.NewDesc("kursapp_outbox_delivered_rows_total", "Rows that this process delivered.", nil, nil)
	outboxRefused   = prometheus.NewDesc("kursapp_outbox_unconfirmed_rows_total", "Attempts at rows that Redis did not confirm.", nil, nil)
	outboxRepeated  = prometheus.NewDesc("kursapp_outbox_repeated_rows_total", "Rows delivered once more, because Redis may have lost data.", nil, nil)
	outboxFailures  = prometheus.NewDesc("kursapp_outbox_failures_total", "Batches of which nothing was delivered.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c outboxCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{outboxOldest, outboxWaiting, outboxDelivered, outboxRefused, outboxRepeated, outboxFailures} {
		ch <- d
	}
}

// backlogTimeout bounds the question to the database.
const backlogTimeout = time.Second

// Collect implements prometheus.Collector. While the database cannot be asked, what
// waits is not shown.
func (c outboxCollector) Collect(ch chan<- prometheus.Metric) {
	s := c.stats()
	for desc, n := range map[*prometheus.Desc]int64{
		outboxDelivered: s.Delivered, outboxRefused: s.Refused, outboxRepeated: s.Repeated, outboxFailures: s.Failures,
	} {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n))
	}
	ctx, cancel := context.WithTimeout(context.Background(), backlogTimeout)
	defer cancel()
	rows, oldest, err := c.source.Backlog(ctx)
	if err != nil {
		return
	}
	ch <- prometheus.MustNewConstMetric(outboxOldest, prometheus.GaugeValue, oldest.Seconds())
	ch <- prometheus.MustNewConstMetric(outboxWaiting, prometheus.GaugeValue, float64(rows))
}
