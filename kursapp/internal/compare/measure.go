package compare

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// flushEvery is how often a worker shows what it has done so far.
	flushEvery = 50 * time.Millisecond
	// clockShare is how many times longer than an empty sample a sample must be.
	clockShare = 20
	maxGroup   = 64
)

// outcome is what became of one read.
type outcome uint8

const (
	good outcome = iota
	wrong
	elsewhere
)

// reading is one read. An error ends the comparison.
type reading func(ctx context.Context) (outcome, error)

// tally is what the workers of a way have done. They keep what is new to themselves
// and add it now and then.
type tally struct {
	way   Way
	group int // reads in a sample

	mu               sync.Mutex
	h                histogram
	wrong, elsewhere int64
	began            time.Time
	took             time.Duration // 0 while it runs
}

func (t *tally) flush(h *histogram, wrong, elsewhere *int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.h.merge(h)
	t.wrong += *wrong
	t.elsewhere += *elsewhere
	*h, *wrong, *elsewhere = histogram{}, 0, 0
}

func (t *tally) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began = time.Now()
}

func (t *tally) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.took = time.Since(t.began)
}

func (t *tally) result() Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := Result{
		Way: t.way, Done: t.h.reads, Errors: t.wrong, Elsewhere: t.elsewhere, Duration: t.took,
		Min: t.h.min, Max: t.h.max, Mean: t.h.mean(), Histogram: t.h.list(), ReadsPerSample: t.group,
	}
	if r.Duration == 0 && !t.began.IsZero() {
		r.Duration = time.Since(t.began)
	}
	if r.Done > 0 {
		r.P50, r.P90, r.P99 = t.h.percentile(0.5), t.h.percentile(0.9), t.h.percentile(0.99)
	}
	return r
}

// measure lets workers make the reads of a request into a tally. It returns the first
// error that ended it, or why ctx did.
func measure(ctx context.Context, t *tally, read reading, r Request) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	goOn := make(chan struct{})
	var ready, done sync.WaitGroup
	ready.Add(r.Concurrency)
	for i := range r.Concurrency {
		share := r.Requests / r.Concurrency
		if i < r.Requests%r.Concurrency {
			share++
		}
		done.Go(func() {
			ready.Done()
			<-goOn
			if err := t.work(ctx, read, share); err != nil {
				cancel(err)
			}
		})
	}
	ready.Wait()
	t.begin()
	close(goOn)
	done.Wait()
	t.end()
	return context.Cause(ctx)
}

// work makes a worker's share of the reads. What is answered elsewhere is made up for
// by another read, once.
func (t *tally) work(ctx context.Context, read reading, share int) error {
	var h histogram
	var bad, away int64
	defer t.flush(&h, &bad, &away)
	base := time.Now()
	flushed := time.Duration(0)
	for left, more := share, share; left > 0 && more > 0; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		group := min(t.group, left)
		reads, failed := 0, false
		from := time.Since(base)
		for reads < group && !failed {
			o, err := read(ctx)
			if err != nil {
				return err
			}
			switch o {
			case wrong:
				bad, left, failed = bad+1, left-1, true
			case elsewhere:
				away, more, failed = away+1, more-1, true
			case good:
				reads++
			}
		}
		to := time.Since(base)
		if !failed { // else the good ones before are read again: their share of the time is not known
			h.add((to-from)/time.Duration(reads), int64(reads))
			left -= reads
		}
		if to-flushed > flushEvery {
			t.flush(&h, &bad, &away)
			flushed = to
		}
	}
	return nil
}

// clockCost is what an empty sample takes, as a median.
func clockCost() time.Duration {
	base := time.Now()
	samples := make([]time.Duration, 1001)
	for i := range samples {
		from := time.Since(base)
		samples[i] = time.Since(base) - from
	}
	slices.Sort(samples)
	return samples[len(samples)/2]
}

// groupOf returns how many reads that take so long make a sample that the clock does
// not matter for.
func groupOf(read, clock time.Duration) int {
	group := 1
	for group < maxGroup && max(read-clock, 1)*time.Duration(group) < clockShare*clock {
		group *= 2
	}
	return group
}

// errNothingGood is the error of settle.
var errNothingGood = errors.New("no answer comes from there")

// settle reads until a read is good, ever more seldom.
func settle(ctx context.Context, read reading, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for pause := time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		o, err := read(ctx)
		if err != nil || o == good {
			return err
		}
		if time.Now().After(deadline) {
			return errNothingGood
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
