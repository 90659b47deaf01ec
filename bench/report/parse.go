package report

import (
	"fmt"
	"strconv"
	"strings"
)

// Sample is one line that a benchmark printed.
type Sample struct {
	Benchmark string // as BenchmarkLocalHit
	Peer      string // as speedlayer
	Procs     int    // GOMAXPROCS
	// Metrics has the numbers by their units, as "ns/op".
	Metrics map[string]float64
}

// parseLine reads a line of a benchmark with a sub-benchmark for each contestant:
//
//	BenchmarkLocalHit/speedlayer-2   2635016   87.55 ns/op   0 B/op   0 allocs/op
//
// Other lines are not ok. A line that looks like a result and is none is an error.
func parseLine(line string) (s Sample, ok bool, err error) {
	fields := strings.Fields(line)
	if len(fields) < 4 || !strings.HasPrefix(line, "Benchmark") || !isNumber(fields[1]) {
		return Sample{}, false, nil
	}
	var sub string
	s.Benchmark, sub, ok = strings.Cut(fields[0], "/")
	if !ok {
		return Sample{}, false, nil
	}
	s.Peer, s.Procs = splitProcs(sub)
	s.Metrics = make(map[string]float64)
	for i := 2; i+1 < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return Sample{}, false, fmt.Errorf("report: %q: %w", line, err)
		}
		s.Metrics[fields[i+1]] = value
	}
	return s, true, nil
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// splitProcs takes the -2 off a name. Without one, GOMAXPROCS was 1.
func splitProcs(name string) (string, int) {
	if i := strings.LastIndexByte(name, '-'); i >= 0 {
		if n, err := strconv.Atoi(name[i+1:]); err == nil {
			return name[:i], n
		}
	}
	return name, 1
}
