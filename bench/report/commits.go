package report

import "github.com/speedlayer/speedlayer/bench/commits"

// CommitContest is the table about transactions and who is told of them.
func CommitContest() Contest {
	c := Contest{Us: "outbox"}
	for _, w := range commits.Ways() {
		c.Columns = append(c.Columns, Column{w.ID, w.Name})
	}
	for _, row := range commits.Rows() {
		l := Line{Title: row.Title, Benchmark: row.Benchmark, Metric: row.Metric, Missing: make(map[string]string)}
		for _, w := range commits.Ways() {
			if row.Delivered && w.ID == "plain" {
				l.Missing[w.ID] = "There is nobody to hear of it."
			}
		}
		c.Lines = append(c.Lines, l)
	}
	return c
}

// commitTargets are those of the outbox. Commits a second are to each other as the
// times of one are, the other way round.
func commitTargets(r *Rounds) []target {
	of := func(benchmark, over, under string) Spread {
		return ratios(r.values(benchmark, over, commits.PerCommit), r.values(benchmark, under, commits.PerCommit))
	}
	var ts []target
	for _, row := range commits.Rows() {
		if row.Metric == commits.PerCommit {
			ts = append(
				ts,
				target{row.Title + ": a second, of those without outbox", "≥ 0.65", of(row.Benchmark, "plain", "outbox"), digits, atLeast(0.65)},
				target{row.Title + ": a second, of those with `NOTIFY`", "≥ 5×", of(row.Benchmark, "notify", "outbox"), times, atLeast(5)},
			)
		}
	}
	for _, row := range commits.Rows() {
		switch row.Metric {
		case commits.Median:
			ts = append(ts, target{row.Title, "≤ 10 ms", spreadOf(r.values(row.Benchmark, "outbox", row.Metric)), duration, atMost(10e6)})
		case commits.Late:
			ts = append(ts, target{row.Title, "≤ 60 ms", spreadOf(r.values(row.Benchmark, "outbox", row.Metric)), duration, atMost(60e6)})
		}
	}
	return ts
}
