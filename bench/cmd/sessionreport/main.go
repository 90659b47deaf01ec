// Command sessionreport measures package session beside its peers and writes its tables
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
	rounds, sessions, webRounds int
	long, minute, webTime       time.Duration
	out                         string
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 7, "rounds of the benchmarks; 0 prints the table about HTTP alone")
	flag.DurationVar(&s.long, "long", 500*time.Millisecond, "how long each contestant works in each benchmark of a round")
	flag.DurationVar(&s.minute, "minute", time.Second, "how long the minute of steady use is")
	flag.IntVar(&s.sessions, "sessions", 10_000, "how many sessions the memory of Redis is measured with")
	flag.IntVar(&s.webRounds, "web-rounds", 15, "rounds over HTTP")
	flag.DurationVar(&s.webTime, "web-time", 700*time.Millisecond, "time of each server in each round")
	flag.StringVar(&s.out, "out", "", "Markdown file whose section \"sessions\" is replaced; printed if empty")
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
		return web.RunProfile(ctx, web.Config{
			Programs: programs, Rounds: s.webRounds, For: s.webTime, Connections: 64, Progress: progress,
		})
	}
	if s.rounds == 0 {
		profile, err := overHTTP()
		if err == nil {
			fmt.Print(report.ProfileTable(profile))
		}
		return err
	}
	rounds, err := report.MeasureContest(ctx, report.ContestPlan{
		Dir: filepath.Join(dir, "sessions"), Scratch: scratch, Rounds: s.rounds, Progress: progress,
		Args: []string{"-long", s.long.String(), "-minute", s.minute.String(), "-sessions", fmt.Sprint(s.sessions)},
	})
	if err == nil {
		err = report.SessionContest().Check(rounds, s.rounds)
	}
	if err != nil {
		return err
	}
	profile, err := overHTTP()
	if err != nil {
		return err
	}
	machine, err := report.Look(ctx, rounds.CPU, dir, report.SessionModules()...)
	if err != nil {
		return err
	}
	text := report.SessionMarkdown(machine, rounds, profile)
	if s.out == "" {
		fmt.Print(text)
		return nil
	}
	return report.ReplaceIn(s.out, "sessions", text)
}

var began = time.Now()

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
}
