package report

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// compile builds the benchmarks of the package in dir.
func compile(ctx context.Context, dir, binary string) error {
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, ".") //nolint:gosec // G204: the caller's own.
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("report: build the benchmarks: %w\n%s", err, out)
	}
	return nil
}

// execute runs compiled benchmarks and hands on what they print: the processor's name,
// and the results with their lines.
func execute(ctx context.Context, dir, binary string, args []string, cpu func(string), add func(Sample, string)) error {
	command := exec.CommandContext(ctx, binary, args...) //nolint:gosec // G204: compile built it.
	command.Dir = dir
	out, err := command.StdoutPipe()
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	var trouble strings.Builder
	command.Stderr = &trouble
	if err := command.Start(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	other, readErr := read(out, cpu, add)
	if err := command.Wait(); err != nil {
		return fmt.Errorf("report: the benchmarks failed: %w\n%s%s", err, other, trouble.String())
	}
	return readErr
}

// read returns the lines that are no results.
func read(out io.Reader, cpu func(string), add func(Sample, string)) (string, error) {
	var other strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := lines.Text()
		if name, ok := strings.CutPrefix(line, "cpu: "); ok {
			cpu(name)
		}
		s, ok, err := parseLine(line)
		if err != nil {
			return "", err
		}
		if !ok {
			other.WriteString(line + "\n")
			continue
		}
		add(s, line)
	}
	return other.String(), lines.Err()
}
