package memory

import (
	"errors"
	"testing"

	"github.com/speedlayer/speedlayer/bench/redisserver"
)

// heapGrowth is how much more may live after the last quarter of the keys than after
// the first, when the tier was full already.
const heapGrowth = 4 << 20

// TestBoundHolds lets 200,000 keys pass through a tier that has room for a tenth of
// them at most.
func TestBoundHolds(t *testing.T) {
	t.Parallel()
	redis, err := redisserver.Start(t.Context(), RedisArgs()...)
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Stop()
	const bound = 4 << 20
	stages, err := Run(t.Context(), Config{
		Addr: redis.Addr(), LocalBytes: bound, Stages: []int{50_000, 100_000, 150_000, 200_000}, Progress: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	first, last := stages[0], stages[len(stages)-1]
	if first.Highest < bound*8/10 || last.Evicted < 100_000 {
		t.Errorf("the tier was never full, which shows nothing: %+v", last)
	}
	if last.Highest > bound {
		t.Errorf("%d bytes, bound %d", last.Highest, bound)
	}
	if grown := int64(last.Heap) - int64(first.Heap); grown > heapGrowth {
		t.Errorf("the live heap grew by %d bytes after the tier was full, allowed %d", grown, heapGrowth)
	}
}

// TestRunFailsWhereTheBoundIsPassed shows that the watch can fail.
func TestRunFailsWhereTheBoundIsPassed(t *testing.T) {
	t.Parallel()
	redis, err := redisserver.Start(t.Context(), RedisArgs()...)
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Stop()
	p, err := open(Config{Addr: redis.Addr(), LocalBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	p.bound = 1000 // less than the tier was told
	if _, err := p.run(t.Context(), Config{Stages: []int{10_000}, Progress: t.Logf}); !errors.Is(err, ErrBound) {
		t.Errorf("run = %v, want ErrBound", err)
	}
}

func TestParseResident(t *testing.T) {
	t.Parallel()
	if got := parseResident("VmPeak:\t  999 kB\nVmRSS:\t   12 kB\nThreads: 4\n"); got != 12<<10 {
		t.Errorf("%d bytes", got)
	}
	if got := parseResident("Threads: 4\n"); got != 0 {
		t.Errorf("without the line: %d bytes", got)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	got := Table(32<<20, []Stage{{Keys: 10_000_000, Highest: 32 << 20, Entries: 1234, Heap: 40 << 20, RSS: 0}})
	want := "Bound of the local tier: 32.0 MiB.\n\n" +
		"| distinct keys so far | local tier, at most so far | entries in it | live heap | RSS |\n|--:|--:|--:|--:|--:|\n" +
		"| 10,000,000 | 32.0 MiB | 1,234 | 40.0 MiB | - |\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
