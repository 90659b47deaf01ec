// Command report measures speedlayer beside its peers and writes the table of
// docs/benchmarks.md. It is run in the folder bench/.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/speedlayer/speedlayer/bench/report"
	"github.com/speedlayer/speedlayer/bench/web"
)

type settings struct {
	rounds, webRounds  int
	benchTime, webTime time.Duration
	out                string
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 11, "rounds of the benchmarks")
	flag.DurationVar(&s.benchTime, "benchtime", 200*time.Millisecond, "time of each benchmark in each round")
	flag.IntVar(&s.webRounds, "web-rounds", 15, "rounds over HTTP")
	flag.DurationVar(&s.webTime, "web-time", 700*time.Millisecond, "time of each server in each round")
	flag.StringVar(&s.out, "out", "", "Markdown file whose section \"peers\" is replaced; printed if empty")
	flag.Parse()
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	dir, err := moduleDir(ctx)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "speedlayer-report")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	progress("building the programs")
	programs, err := web.Build(ctx, filepath.Dir(dir), scratch)
	if err != nil {
		return err
	}
	results, err := report.Measure(ctx, report.Plan{
		Dir: dir, Scratch: scratch, Rounds: s.rounds, BenchTime: s.benchTime, Progress: progress,
	})
	if err != nil {
		return err
	}
	overHTTP, err := web.Run(ctx, web.Config{
		Programs: programs, Rounds: s.webRounds, For: s.webTime, Connections: 64, Progress: progress,
	})
	if err != nil {
		return err
	}
	machine, err := report.Look(ctx, results.CPU, dir, report.CacheModules()...)
	if err != nil {
		return err
	}
	return write(s.out, report.Markdown(machine, results, overHTTP))
}

var began = time.Now()

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
}

func write(out, text string) error {
	if out == "" {
		fmt.Print(text)
		return nil
	}
	return report.ReplaceIn(out, "peers", text)
}

// moduleDir is the folder of the module that the command runs in.
func moduleDir(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}}\n{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	path, dir, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if !strings.HasSuffix(path, "/bench") {
		return "", errors.New("run this command in the folder bench/")
	}
	return dir, nil
}
