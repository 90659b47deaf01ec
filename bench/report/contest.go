package report

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Column is a contestant of a [Contest].
type Column struct{ ID, Name string }

// Line is one number of all contestants.
type Line struct {
	Title     string
	Benchmark string
	Metric    string
	// Missing has the reasons of those who do not take part.
	Missing map[string]string
	// Format writes the number. Default: it is nanoseconds.
	Format func(float64) string
	// Alone says that it is not compared with that of Us.
	Alone bool
}

func (l Line) format(v float64) string {
	if l.Format == nil {
		return duration(v)
	}
	return l.Format(v)
}

// Contest is a table of lines and columns. The others are compared with Us.
type Contest struct {
	Us      string
	Columns []Column
	Lines   []Line
}

// Rounds has what benchmarks printed, round by round.
type Rounds struct {
	CPU     string
	samples map[[2]string][]map[string]float64 // by benchmark and contestant
}

func (r *Rounds) add(s Sample) {
	if r.samples == nil {
		r.samples = make(map[[2]string][]map[string]float64)
	}
	k := [2]string{s.Benchmark, s.Peer}
	r.samples[k] = append(r.samples[k], s.Metrics)
}

// values returns one number of each round.
func (r *Rounds) values(benchmark, id, metric string) []float64 {
	var values []float64
	for _, m := range r.samples[[2]string{benchmark, id}] {
		if v, ok := m[metric]; ok {
			values = append(values, v)
		}
	}
	return values
}

// ContestPlan says how benchmarks are run whose work does not depend on b.N.
type ContestPlan struct {
	Dir, Scratch string // folder of the package; an empty one
	Rounds       int
	Args         []string // flags of the benchmarks
	Progress     func(format string, args ...any)
}

// MeasureContest builds the benchmarks of a package and runs each once a round. In
// each round another contestant begins.
func MeasureContest(ctx context.Context, p ContestPlan) (*Rounds, error) {
	binary := filepath.Join(p.Scratch, filepath.Base(p.Dir)+".test")
	if err := compile(ctx, p.Dir, binary); err != nil {
		return nil, err
	}
	var r Rounds
	for round := range p.Rounds {
		args := append([]string{
			"-test.run", "^$", "-test.bench", ".", "-test.benchtime", "1x", "-rotate", strconv.Itoa(round),
		}, p.Args...)
		began := time.Now()
		err := execute(ctx, p.Dir, binary, args, func(cpu string) { r.CPU = cpu }, func(s Sample, line string) {
			r.add(s)
			p.Progress("round %d/%d: %s", round+1, p.Rounds, line)
		})
		if err != nil {
			return nil, err
		}
		p.Progress("round %d/%d took %v", round+1, p.Rounds, time.Since(began).Round(time.Second))
	}
	return &r, nil
}

// Check makes sure that no cell is empty without a reason, and that each was measured
// in each round.
func (c Contest) Check(r *Rounds, rounds int) error {
	for _, l := range c.Lines {
		for _, column := range c.Columns {
			if l.Missing[column.ID] != "" {
				continue
			}
			if n := len(r.values(l.Benchmark, column.ID, l.Metric)); n != rounds {
				return fmt.Errorf("report: %s of %s was measured %d times, want %d", l.Benchmark, column.ID, n, rounds)
			}
		}
	}
	return nil
}

// overview has the medians.
func (c Contest) overview(r *Rounds) string {
	var b strings.Builder
	var notes footnotes
	b.WriteString("| |")
	for _, column := range c.Columns {
		fmt.Fprintf(&b, " %s |", column.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(c.Columns)) + "\n")
	for _, l := range c.Lines {
		fmt.Fprintf(&b, "| %s |", l.Title)
		for _, column := range c.Columns {
			if reason := l.Missing[column.ID]; reason != "" {
				fmt.Fprintf(&b, " - %s |", notes.mark(reason))
				continue
			}
			values := r.values(l.Benchmark, column.ID, l.Metric)
			text := l.format(spreadOf(values).Median)
			if c.compares(l, column.ID) {
				text += " (" + times(c.compared(r, l, column.ID).Median) + ")"
			}
			fmt.Fprintf(&b, " %s |", text)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "\n%s", notes.String())
	return b.String()
}

// constant tells a line of plain numbers that were the same in each round: the overview
// has said it all.
func (c Contest) constant(r *Rounds, l Line) bool {
	for _, column := range c.Columns {
		if s := spreadOf(r.values(l.Benchmark, column.ID, l.Metric)); l.format(s.Min) != l.format(s.Max) {
			return false
		}
	}
	return l.Alone
}

func (c Contest) compares(l Line, id string) bool {
	return id != c.Us && !l.Alone && l.Missing[c.Us] == ""
}

// compared is how many times that of Us a number is.
func (c Contest) compared(r *Rounds, l Line, id string) Spread {
	return ratios(r.values(l.Benchmark, id, l.Metric), r.values(l.Benchmark, c.Us, l.Metric))
}

// details shows how far the rounds lie apart.
func (c Contest) details(r *Rounds) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| work | contestant | median (min – max) | times %s (min – max) |\n|---|---|--:|--:|\n", c.Us)
	for _, l := range c.Lines {
		if c.constant(r, l) {
			continue
		}
		for _, column := range c.Columns {
			if l.Missing[column.ID] != "" {
				continue
			}
			ratio := ""
			if c.compares(l, column.ID) {
				ratio = c.compared(r, l, column.ID).in(times)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", l.Title, column.Name,
				spreadOf(r.values(l.Benchmark, column.ID, l.Metric)).in(l.format), ratio)
		}
	}
	return b.String()
}
