package report

import (
	"fmt"
	"strings"

	"github.com/speedlayer/speedlayer/bench/sessions"
	"github.com/speedlayer/speedlayer/bench/web"
)

// SessionContest is the table about sessions.
func SessionContest() Contest {
	c := Contest{Us: us}
	for _, s := range sessions.All() {
		c.Columns = append(c.Columns, Column{s.ID, s.Name})
	}
	for _, row := range sessions.Rows() {
		l := Line{Title: row.Title, Benchmark: row.Benchmark, Metric: row.Metric, Missing: make(map[string]string)}
		switch row.Unit {
		case sessions.Bytes:
			l.Format = byteCount
		case sessions.Counts:
			l.Format, l.Alone = amount, true
		case sessions.Nanoseconds:
		}
		for _, s := range sessions.All() {
			if reason := s.Cannot[row.Kind]; reason != "" {
				l.Missing[s.ID] = reason
			}
		}
		c.Lines = append(c.Lines, l)
	}
	return c
}

func byteCount(v float64) string { return count(v) + " B" }

// amount formats numbers of things, which medians and quotients make fractions of.
func amount(v float64) string {
	if v >= 99.95 {
		return count(v)
	}
	return digits(v)
}

func sessionTargets(r *Rounds, w web.Result) []target {
	values := func(benchmark, metric string) Spread { return spreadOf(r.values(benchmark, us, metric)) }
	ofBare := func(id string) Spread { return ratios(w.Rates[id], w.Rates[web.NetHTTP]) }
	return []target{
		{"Hot lookup, one goroutine", "≤ 1 µs", values("BenchmarkVisit1", sessions.PerRequest), duration, atMost(1e3)},
		{"Hot lookup, 64 goroutines, 1,000 sessions", "≤ 1 µs", values("BenchmarkVisit64", sessions.PerRequest), duration, atMost(1e3)},
		{"Commands executed for a hot lookup, one goroutine", "0", values("BenchmarkVisit1", sessions.CommandsPerRequest), amount, atMost(0)},
		{"Commands executed for a hot lookup, 64 goroutines", "0", values("BenchmarkVisit64", sessions.CommandsPerRequest), amount, atMost(0)},
		{"Writes for a session's minute, 600 requests", "≤ 1", values("BenchmarkMinute", sessions.WritesPerMinute), amount, atMost(1)},
		{"HTTP, `GET /profile` of kursapp, of bare net/http", "≥ 0.85", ofBare(web.Kursapp), digits, atLeast(0.85)},
		{"HTTP, a minimal handler behind `Middleware`, of bare net/http", "-", ofBare(us), digits, nil},
	}
}

// ProfileTable has the requests per second of each server with sessions.
func ProfileTable(w web.Result) string {
	servers := []Column{
		{web.NetHTTP, "bare net/http: the same bytes and constant headers, no session"},
		{web.Kursapp, "**kursapp**"},
	}
	for _, s := range sessions.All() {
		servers = append(servers, Column{s.ID, "net/http with " + s.Name})
	}
	return serverTable(w, servers)
}

// SessionMarkdown is the generated part about sessions.
func SessionMarkdown(m Machine, r *Rounds, w web.Result) string {
	c := SessionContest()
	heartbeats := spreadOf(r.values("BenchmarkMinute", us, sessions.Heartbeats))
	return strings.Join([]string{
		m.String(),
		"#### Targets of the sessions\n\n" + targetTable(sessionTargets(r, w)),
		"#### The same sessions\n\n" + c.overview(r),
		fmt.Sprintf("Not counted: speedlayer's process sends %s `PING` a second, however many sessions there are.\n", digits(heartbeats.Median)),
		"#### `GET /profile` over HTTP\n\n" + ProfileTable(w),
		"#### How far the rounds of the sessions lie apart\n\n" + c.details(r),
	}, "\n")
}
