package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Every duration lies in its bucket, and a bucket is no wider than a 32nd of what is
// in it.
func TestBucketsHoldWhatIsPutIntoThem(t *testing.T) {
	t.Parallel()
	check := func(d time.Duration) {
		t.Helper()
		least, most := bounds(index(d))
		if d < least || d > most || most-least > d/32 {
			t.Fatalf("%d is in the bucket from %d to %d", d, least, most)
		}
	}
	for d := range time.Duration(1 << 14) {
		check(d)
	}
	for shift := 14; shift < 39; shift++ {
		for _, d := range []time.Duration{1<<shift - 1, 1 << shift, 1<<shift + 1, 3 << (shift - 1)} {
			check(d)
		}
	}
	for i := 1; i < buckets; i++ {
		least, _ := bounds(i)
		if _, most := bounds(i - 1); least != most+1 {
			t.Fatalf("bucket %d begins with %d, the one before ends with %d", i, least, most)
		}
	}
	for _, d := range []time.Duration{math.MaxInt64, -1, math.MinInt64} {
		new(histogram).add(d, 1) // must not panic
	}
}

func TestPercentilesAreWithinFivePercent(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 200 {
		samples := make([]time.Duration, 100+random.IntN(2000))
		var h, half histogram
		scale := math.Pow(10, 2+6*random.Float64()) // 100 ns to 100 ms
		for i := range samples {
			samples[i] = time.Duration(scale * math.Exp(random.NormFloat64()))
			if i%2 == 0 {
				h.add(samples[i], 1)
			} else {
				half.add(samples[i], 1)
			}
		}
		h.merge(&half)
		slices.Sort(samples)
		for _, share := range []float64{0.5, 0.9, 0.99} {
			exactly := samples[int(math.Ceil(share*float64(len(samples))))-1]
			if got := h.percentile(share); math.Abs(float64(got-exactly)) > 0.05*float64(exactly) {
				t.Fatalf("round %d: p%v is %v, want %v", round, 100*share, got, exactly)
			}
		}
		if h.min != samples[0] || h.max != samples[len(samples)-1] || h.reads != int64(len(samples)) {
			t.Fatalf("round %d: %v to %v, %d reads", round, h.min, h.max, h.reads)
		}
	}
}

func TestReadsOfASampleCountWithTheirMean(t *testing.T) {
	t.Parallel()
	var h histogram
	h.add(100, 99)
	h.add(10_100, 1)
	if h.mean() != 200 || h.reads != 100 || h.percentile(0.99) > 103 || h.percentile(1) < 9_900 {
		t.Errorf("mean %v, %d reads, p99 %v, p100 %v", h.mean(), h.reads, h.percentile(0.99), h.percentile(1))
	}
}

func TestSamplesAreLongEnoughForTheClock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		read, clock time.Duration
		want        int
	}{
		{100 * time.Microsecond, 40, 1}, // the clock is within it
		{840, 40, 1},
		{839, 40, 2},
		{290, 40, 4},
		{40, 40, 64},  // the clock is all that was seen
		{300, 0, 1},   // a clock that is too coarse to see
		{10, 500, 64}, // a slow one
	} {
		if got := groupOf(tt.read, tt.clock); got != tt.want {
			t.Errorf("reads of %d with a clock of %d: %d, want %d", tt.read, tt.clock, got, tt.want)
		}
	}
}

func TestServerName(t *testing.T) {
	t.Parallel()
	for info, want := range map[string]string{
		"# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n":                     "Redis 7.0.15",
		"# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n": "Valkey 8.0.1",
		"": "",
	} {
		if got := serverName(info); got != want {
			t.Errorf("%q: got %q, want %q", info, got, want)
		}
	}
}
