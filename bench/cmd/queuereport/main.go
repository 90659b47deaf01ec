// Command queuereport measures the queue beside its peers, and the outbox beside
// NOTIFY, and writes their tables in docs/benchmarks.md. It is run in the folder
// bench/.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/speedlayer/speedlayer/bench/report"
)

type settings struct {
	rounds, samples int
	long            time.Duration
	out             string
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 5, "rounds of the benchmarks")
	flag.DurationVar(&s.long, "long", time.Second, "about how long each contestant works in each benchmark of a round")
	flag.IntVar(&s.samples, "samples", 500, "how many tasks an idle worker gets in a round")
	flag.StringVar(&s.out, "out", "", "Markdown file whose section \"queue\" is replaced; printed if empty")
	flag.Parse()
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	scratch, err := os.MkdirTemp("", "speedlayer-report")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	plan := report.ContestPlan{
		Scratch: scratch, Rounds: s.rounds, Progress: progress,
		Args: []string{"-long", s.long.String(), "-samples", fmt.Sprint(s.samples)},
	}
	tasks, err := measure(ctx, plan, report.TaskContest(), filepath.Join(dir, "tasks"))
	if err != nil {
		return err
	}
	commits, err := measure(ctx, plan, report.CommitContest(), filepath.Join(dir, "commits"))
	if err != nil {
		return err
	}
	machine, err := report.Look(ctx, tasks.CPU, dir, report.QueueModules()...)
	if err != nil {
		return err
	}
	text := report.QueueMarkdown(machine, tasks, commits)
	if s.out == "" {
		fmt.Print(text)
		return nil
	}
	return report.ReplaceIn(s.out, "queue", text)
}

func measure(ctx context.Context, p report.ContestPlan, c report.Contest, dir string) (*report.Rounds, error) {
	p.Dir = dir
	r, err := report.MeasureContest(ctx, p)
	if err != nil {
		return nil, err
	}
	return r, c.Check(r, p.Rounds)
}

var began = time.Now()

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
}
