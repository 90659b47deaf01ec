package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/speedlayer/speedlayer/session"
)

// WatchSessions shows what stats returns. It is called once.
func (m *Metrics) WatchSessions(stats func() session.Stats) {
	m.registry.MustRegister(sessionCollector{stats}, m.sessionEvents)
}

// SessionEvent counts what happens to sessions through this process.
func (m *Metrics) SessionEvent(e session.Event) {
	m.sessionEvents.WithLabelValues(string(e.Kind), string(e.Reason)).Inc()
}

func newSessionEvents() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "kursapp_session_events_total",
		Help: "What happened to sessions: created, touched, rotated, or revoked and why. One event may end all sessions of a user.",
	}, []string{"event", "reason"})
}

// sessionNumber is one metric that is read from session.Stats.
type sessionNumber struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(session.Stats) float64
}

func ofSessions(name, help string, kind prometheus.ValueType, value func(session.Stats) float64, labels ...prometheus.Labels) sessionNumber {
	var fixed prometheus.Labels
	for _, l := range labels {
		fixed = l
	}
	return sessionNumber{prometheus.NewDesc("kursapp_session_"+name, help, nil, fixed), kind, value}
}

// lookups has the tier as a label: a look-up is one, wherever the answer came from.
func lookups(tier string, value func(session.Stats) uint64) sessionNumber {
	return ofSessions("lookups_total", "Look-ups of sessions, those that found none too, by who answered.", prometheus.CounterValue,
		func(s session.Stats) float64 { return float64(value(s)) }, prometheus.Labels{"tier": tier})
}

var sessionNumbers = []sessionNumber{
	lookups("local", func(s session.Stats) uint64 { return s.LocalHits }),
	lookups("redis", func(s session.Stats) uint64 { return s.RedisLookups }),
	ofSessions("local_entries", "Sessions and epochs in memory.", prometheus.GaugeValue, func(s session.Stats) float64 { return float64(s.LocalEntries) }),
	ofSessions("local_bytes", "Bytes that the sessions in memory account for.", prometheus.GaugeValue, func(s session.Stats) float64 { return float64(s.LocalBytes) }),
	ofSessions("local_evictions_total", "Sessions and epochs in memory that made room for others.", prometheus.CounterValue, func(s session.Stats) float64 { return float64(s.LocalEvictions) }),
	ofSessions("local_ready", "1 while sessions may be found in memory.", prometheus.GaugeValue, func(s session.Stats) float64 { return flag(s.LocalReady) }),
}

// sessionCollector reads the counts once for each scrape.
type sessionCollector struct{ stats func() session.Stats }

// Describe implements prometheus.Collector.
func (sessionCollector) Describe(to chan<- *prometheus.Desc) {
	for _, n := range sessionNumbers {
		to <- n.desc
	}
}

// Collect implements prometheus.Collector.
func (c sessionCollector) Collect(to chan<- prometheus.Metric) {
	s := c.stats()
	for _, n := range sessionNumbers {
		to <- prometheus.MustNewConstMetric(n.desc, n.kind, n.value(s))
	}
}
