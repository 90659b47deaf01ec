package report

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/peer"
	"github.com/speedlayer/speedlayer/bench/web"
	"github.com/speedlayer/speedlayer/bench/work"
)

func TestParseLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line  string
		bench string
		peer  string
		procs int
		ns    float64
	}{
		{"BenchmarkLocalHit/speedlayer-2     	 2635016	        87.55 ns/op	       0 B/op	       0 allocs/op", "BenchmarkLocalHit", "speedlayer", 2, 87.55},
		{"BenchmarkLocalHitParallel/go-redis-cache 	  230305	       936.7 ns/op", "BenchmarkLocalHitParallel", "go-redis-cache", 1, 936.7},
	} {
		s, ok, err := parseLine(c.line)
		if err != nil || !ok || s.Benchmark != c.bench || s.Peer != c.peer || s.Procs != c.procs || s.Metrics["ns/op"] != c.ns {
			t.Errorf("%q is %+v, %v, %v", c.line, s, ok, err)
		}
	}
}

func TestParseLineLeavesOutOtherLines(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", "PASS", "cpu: AMD EPYC", "ok  	github.com/x	5.2s", "--- FAIL: BenchmarkLocalHit/speedlayer",
		"BenchmarkWithoutSub-2 10 5 ns/op", "BenchmarkLocalHit/speedlayer-2 failed at 3 ns/op",
	} {
		if s, ok, err := parseLine(line); ok || err != nil {
			t.Errorf("%q is %+v, %v", line, s, err)
		}
	}
}

func TestParseLineFailsAtANumberThatIsNone(t *testing.T) {
	t.Parallel()
	if _, _, err := parseLine("BenchmarkLocalHit/speedlayer-2 10 many ns/op"); err == nil {
		t.Error("no error")
	}
}

func TestSpreadOf(t *testing.T) {
	t.Parallel()
	if got := spreadOf([]float64{3, 1, 2}); got != (Spread{2, 1, 3}) {
		t.Errorf("odd: %+v", got)
	}
	if got := spreadOf([]float64{4, 1, 2, 3}); got != (Spread{2.5, 1, 4}) {
		t.Errorf("even: %+v", got)
	}
	if got := spreadOf(nil); !math.IsNaN(got.Median) {
		t.Errorf("nothing: %+v", got)
	}
}

// TestRatiosAreTakenWithinRounds: the machine is twice as slow in the second round,
// which the ratio does not show.
func TestRatiosAreTakenWithinRounds(t *testing.T) {
	t.Parallel()
	if got := ratios([]float64{30, 60, 90}, []float64{10, 20, 10}); got != (Spread{3, 3, 9}) {
		t.Errorf("ratios = %+v", got)
	}
}

func TestNumbersAreReadable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{duration(87.55), "87.5 ns"},
		{duration(999.7), "1.00 µs"},
		{duration(12_345), "12.3 µs"},
		{duration(28_400_000), "28.4 ms"},
		{count(29600), "29,600"},
		{count(1_234_567), "1,234,567"},
		{count(999), "999"},
		{times(14.04), "14.0×"},
		{digits(0.904), "0.90"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestGroupsRunEachBenchmarkOnceWithAllItsCores(t *testing.T) {
	t.Parallel()
	gs := groups(work.Rows())
	if len(gs) != 2 || slices.Contains(gs[0].benchmarks, "BenchmarkLocalHitParallel") {
		t.Fatalf("groups %+v", gs)
	}
	if !slices.Equal(gs[1].benchmarks, []string{"BenchmarkLocalHitParallel"}) || !slices.Equal(gs[1].procs, []string{"1", "2"}) {
		t.Errorf("second group %+v", gs[1])
	}
}

// full is results in which each contestant took 100 ns and asked for 4 loads.
func full(rounds int) *Results {
	var r Results
	for range rounds {
		for _, row := range work.Rows() {
			for _, p := range peer.Able(row.Kind) {
				s := Sample{row.Benchmark, p.ID, max(row.Procs, 1), map[string]float64{
					"ns/op": 100, "loads/op": 4, "allocs/op": 0, "stale/op": 0,
				}}
				if row.Procs == 2 {
					s.Metrics["ns/op"] = 50
				}
				r.add(s)
			}
		}
	}
	return &r
}

func TestCheckMissesACell(t *testing.T) {
	t.Parallel()
	r := full(3)
	if err := r.check(3); err != nil {
		t.Fatal(err)
	}
	delete(r.samples, cell{rowMany, "speedlayer"})
	if err := r.check(3); err == nil {
		t.Error("a cell is missing and nobody says so")
	}
}

func TestRowsOfTargetsAreTheRightOnes(t *testing.T) {
	t.Parallel()
	rows := work.Rows()
	for i, want := range map[int]string{
		rowLocal: "BenchmarkLocalHit", rowOneCore: "BenchmarkLocalHitParallel", rowTwoCores: "BenchmarkLocalHitParallel",
		rowRedis: "BenchmarkRedisHit", rowRedis10000: "BenchmarkRedisHit10000", rowMany: "BenchmarkRedisMany100",
		rowReload: "BenchmarkReload", rowStampede: "BenchmarkStampede",
	} {
		if rows[i].Benchmark != want {
			t.Errorf("row %d is %s, want %s", i, rows[i].Benchmark, want)
		}
	}
	if rows[rowOneCore].Procs != 1 || rows[rowTwoCores].Procs != 2 {
		t.Error("the rows of one and two cores are others")
	}
}

func TestMarkdownSaysWhatIsMetMissedAndNotCompared(t *testing.T) {
	t.Parallel()
	text := Markdown(Machine{Date: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), CPU: "C"}, full(3), web.Result{
		NoRedisTier: true,
		Rates:       map[string][]float64{web.NetHTTP: {100, 200}, web.KursappLocal: {95, 190}},
	})
	for _, want := range []string{
		"Measured on 2 January 2026: C",
		"| Local hit | ≤ 150 ns | 100 ns (100 ns – 100 ns) | met |",
		"| Local hit, faster than `DoCache` + `json.Unmarshal` | ≥ 3× | 1.00× (1.00× – 1.00×) | **missed** |",
		"| Local hits of one key with the second core | - | 2.00× (2.00× – 2.00×) |  |",
		"| Loads in a stampede | 1 | 4 (4 – 4) | **missed** |",
		"| HTTP from memory, of bare net/http | ≥ 0.9 | 0.95 (0.95 – 0.95) | met |",
		"| **kursapp**, Redis tier | - | - |",
		"1. `GET` has no local tier.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if strings.Contains(text, "NaN") {
		t.Errorf("a number is missing:\n%s", text)
	}
}

func TestReplaceKeepsTheTextAround(t *testing.T) {
	t.Parallel()
	document := "# Title\n<!-- begin peers -->\nold\n<!-- end peers -->\nbelow\n"
	got, err := Replace(document, "peers", "new\n")
	if err != nil || got != "# Title\n<!-- begin peers -->\n\nnew\n\n<!-- end peers -->\nbelow\n" {
		t.Errorf("%q, %v", got, err)
	}
	again, err := Replace(got, "peers", "new")
	if err != nil || again != got {
		t.Errorf("a second time: %q, %v", again, err)
	}
	if _, err := Replace(document, "memory", "new"); !errors.Is(err, ErrNoSection) {
		t.Errorf("no such section: %v", err)
	}
}
