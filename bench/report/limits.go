package report

import (
	"strings"

	"github.com/speedlayer/speedlayer/bench/limits"
	"github.com/speedlayer/speedlayer/bench/web"
)

// LimitContest is the table about rate limits.
func LimitContest() Contest {
	c := Contest{Us: us}
	for _, l := range limits.All() {
		c.Columns = append(c.Columns, Column{l.ID, l.Name})
	}
	for _, row := range limits.Rows() {
		l := Line{Title: row.Title, Benchmark: row.Benchmark, Metric: row.Metric, Missing: make(map[string]string)}
		if row.Unit == limits.Counts {
			l.Format, l.Alone = amount, true
		}
		for _, contestant := range limits.All() {
			if reason := contestant.Cannot(row.Kind); reason != "" {
				l.Missing[contestant.ID] = reason
			}
		}
		c.Lines = append(c.Lines, l)
	}
	return c
}

// limitTargets are those of the rate limits. Requests a second are to each other as the
// times of one are, the other way round.
func limitTargets(r *Rounds, w web.Result) []target {
	const many, one, sliding, gcra = "BenchmarkAdmitMany64", "BenchmarkAdmitOne64", "speedlayer-sliding", "speedlayer-gcra"
	values := func(benchmark, id string) []float64 { return r.values(benchmark, id, limits.PerRequest) }
	over := func(benchmark, slower, faster string) Spread {
		return ratios(values(benchmark, slower), values(benchmark, faster))
	}
	three := func(id string) Spread { return ratios(values("BenchmarkThreeRules64", id), values(many, id)) }
	denied := func(metric string) Spread { return spreadOf(r.values("BenchmarkDenied1", us, metric)) }
	ts := []target{
		{"Fixed windows, 10,000 subjects, faster than redis_rate", "≥ 2×", over(many, "redis_rate", us), times, atLeast(2)},
		{"Fixed windows, one subject, faster than redis_rate", "≥ 2×", over(one, "redis_rate", us), times, atLeast(2)},
		{"GCRA, 10,000 subjects, faster than redis_rate", "≥ 2×", over(many, "redis_rate", gcra), times, atLeast(2)},
		{"GCRA, one subject, faster than redis_rate", "≥ 2×", over(one, "redis_rate", gcra), times, atLeast(2)},
		{"Sliding windows, 10,000 subjects, faster than redis_rate", "-", over(many, "redis_rate", sliding), times, nil},
		{"Fixed windows, 10,000 subjects, of bare `INCR`", "≥ 0.65", over(many, "incr", us), digits, atLeast(0.65)},
		{"Fixed windows, one subject, of bare `INCR`", "≥ 0.65", over(one, "incr", us), digits, atLeast(0.65)},
		{"GCRA, 10,000 subjects, of bare `INCR`", "≥ 0.5", over(many, "incr", gcra), digits, atLeast(0.5)},
		{"GCRA, one subject, of bare `INCR`", "≥ 0.5", over(one, "incr", gcra), digits, atLeast(0.5)},
		{"Three fixed windows, times one", "≤ 1.6×", three(us), times, atMost(1.6)},
		{"Three sliding windows, times one", "-", three(sliding), times, nil},
		{"Three GCRA rules, times one", "-", three(gcra), times, nil},
	}
	if remembersDenials() {
		ts = append(ts,
			target{"Denied, remembered", "≤ 200 ns", denied(limits.PerRequest), duration, atMost(200)},
			target{"Denied, remembered: allocations", "0", denied(limits.AllocsPerRequest), amount, atMost(0.005)})
	}
	return append(ts, target{
		"HTTP, `GET /api/data` of kursapp refused, of bare net/http", "≥ 0.85",
		ratios(w.Rates[web.Kursapp], w.Rates[web.NetHTTP]), digits, atLeast(0.85),
	})
}

func remembersDenials() bool {
	for _, l := range limits.All() {
		if l.ID == us {
			return l.Remembers
		}
	}
	return false
}

// RefusalTable has the requests per second of each server that refuses.
func RefusalTable(w web.Result) string {
	servers := []Column{
		{web.NetHTTP, "bare net/http: the same status, bytes and headers, nothing counted"},
		{web.Kursapp, "**kursapp**"},
	}
	for _, l := range limits.Able(limits.Deny) {
		servers = append(servers, Column{l.ID, "net/http with " + l.Name})
	}
	return serverTable(w, servers)
}

// LimitMarkdown is the generated part about rate limits.
func LimitMarkdown(m Machine, r *Rounds, w web.Result) string {
	c := LimitContest()
	return strings.Join([]string{
		m.String(),
		"#### Targets of the rate limits\n\n" + targetTable(limitTargets(r, w)),
		"#### The same requests\n\n" + c.overview(r),
		"#### A refused `GET /api/data` over HTTP\n\n" + RefusalTable(w),
		"#### How far the rounds of the rate limits lie apart\n\n" + c.details(r),
	}, "\n")
}
