// Command limitreport measures package ratelimit beside its peers and writes its tables
// in docs/benchmarks.md. It is run in the folder bench/.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/speedlayer/speedlayer/bench/report"
	"github.com/speedlayer/speedlayer/bench/web"
)

type settings struct {
	rounds, webRounds int
	long, webTime     time.Duration
	out               string
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 7, "rounds of the benchmarks; 0 prints the table about HTTP alone")
	flag.DurationVar(&s.long, "long", 500*time.Millisecond, "how long each contestant works in each benchmark of a round")
	flag.IntVar(&s.webRounds, "web-rounds", 15, "rounds over HTTP")
	flag.DurationVar(&s.webTime, "web-time", 700*time.Millisecond, "time of each server in each round")
	flag.StringVar(&s.out, "out", "", "Markdown file whose section \"limits\" is replaced; printed if empty")
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
	progress("building the programs")
	programs, err := web.Build(ctx, filepath.Dir(dir), scratch)
	if err != nil {
		return err
	}
	overHTTP := func() (web.Result, error) {
		return web.RunRefusal(ctx, web.Config{
			Programs: programs, Rounds: s.webRounds, For: s.webTime, Connections: 64, Progress: progress,
		})
	}
	if s.rounds == 0 {
		refusal, err := overHTTP()
		if err == nil {
			fmt.Print(report.RefusalTable(refusal))
		}
		return err
	}
	rounds, err := report.MeasureContest(ctx, report.ContestPlan{
		Dir: filepath.Join(dir, "limits"), Scratch: scratch, Rounds: s.rounds, Progress: progress,
		Args: []string{"-long", s.long.String()},
	})
	if err == nil {
		err = report.LimitContest().Check(rounds, s.rounds)
	}
	if err != nil {
		return err
	}
	refusal, err := overHTTP()
	if err != nil {
		return err
	}
	machine, err := report.Look(ctx, rounds.CPU, dir, report.LimitModules()...)
	if err != nil {
		return err
	}
	text := report.LimitMarkdown(machine, rounds, refusal)
	if s.out == "" {
		fmt.Print(text)
		return nil
	}
	return report.ReplaceIn(s.out, "limits", text)
}

var began = time.Now()

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
}
