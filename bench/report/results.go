package report

import (
	"fmt"

	"github.com/speedlayer/speedlayer/bench/peer"
	"github.com/speedlayer/speedlayer/bench/work"
)

// Results has what was measured, round by round.
type Results struct {
	CPU     string // as the benchmarks call it
	samples map[cell][]map[string]float64
}

// cell is a place in the table.
type cell struct {
	row  int // of work.Rows
	peer string
}

// add stores a sample with the rows that it belongs to.
func (r *Results) add(s Sample) {
	if r.samples == nil {
		r.samples = make(map[cell][]map[string]float64)
	}
	for i, row := range work.Rows() {
		if row.Benchmark == s.Benchmark && (row.Procs == 0 || row.Procs == s.Procs) {
			c := cell{i, s.Peer}
			r.samples[c] = append(r.samples[c], s.Metrics)
		}
	}
}

// metric returns one number of each round.
func (r *Results) metric(row int, id, unit string) []float64 {
	var values []float64
	for _, m := range r.samples[cell{row, id}] {
		if v, ok := m[unit]; ok {
			values = append(values, v)
		}
	}
	return values
}

// check makes sure that no cell is empty without a reason, and that each was measured
// in each round.
func (r *Results) check(rounds int) error {
	for i, row := range work.Rows() {
		for _, p := range peer.Able(row.Kind) {
			if n := len(r.metric(i, p.ID, row.Metric)); n != rounds {
				return fmt.Errorf("report: %s of %s was measured %d times, want %d", row.Benchmark, p.ID, n, rounds)
			}
		}
	}
	return nil
}
