package report

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/speedlayer/speedlayer/bench/work"
)

// Plan says how long the benchmarks run.
type Plan struct {
	// Dir is the folder of this module.
	Dir string
	// Scratch is an empty folder.
	Scratch string
	Rounds  int
	// BenchTime is the time of each benchmark in each round.
	BenchTime time.Duration
	// Progress is told each result.
	Progress func(format string, args ...any)
}

// Measure builds the benchmarks and runs them round by round. In a round the
// contestants of a row follow each other at once; each round another one begins.
func Measure(ctx context.Context, p Plan) (*Results, error) {
	binary := filepath.Join(p.Scratch, "bench.test")
	if err := compile(ctx, p.Dir, binary); err != nil {
		return nil, err
	}
	var r Results
	for round := range p.Rounds {
		for _, g := range groups(work.Rows()) {
			label := fmt.Sprintf("round %d/%d", round+1, p.Rounds)
			if err := p.run(ctx, &r, binary, g, round, label); err != nil {
				return nil, err
			}
		}
	}
	return &r, r.check(p.Rounds)
}

// group is benchmarks that run with the same numbers of cores.
type group struct {
	benchmarks []string
	procs      []string
}

// groups puts rows without a wish into one group, and each benchmark with wishes into
// one of its own.
func groups(rows []work.Row) []group {
	gs := []group{{}}
	for _, row := range rows {
		if row.Procs == 0 {
			gs[0].benchmarks = append(gs[0].benchmarks, row.Benchmark)
			continue
		}
		procs := strconv.Itoa(row.Procs)
		i := slices.IndexFunc(gs[1:], func(g group) bool { return g.benchmarks[0] == row.Benchmark }) + 1
		if i == 0 {
			gs = append(gs, group{benchmarks: []string{row.Benchmark}, procs: []string{procs}})
		} else {
			gs[i].procs = append(gs[i].procs, procs)
		}
	}
	return gs
}

func (p Plan) run(ctx context.Context, r *Results, binary string, g group, round int, label string) error {
	args := []string{
		"-test.run", "^$", "-test.bench", "^(" + strings.Join(g.benchmarks, "|") + ")$",
		"-test.benchtime", p.BenchTime.String(), "-test.benchmem", "-rotate", strconv.Itoa(round),
	}
	if len(g.procs) > 0 {
		args = append(args, "-test.cpu", strings.Join(g.procs, ","))
	}
	return execute(ctx, p.Dir, binary, args, func(cpu string) { r.CPU = cpu }, func(s Sample, line string) {
		r.add(s)
		p.Progress("%s: %s", label, line)
	})
}
