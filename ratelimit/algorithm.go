package ratelimit

import (
	"fmt"
	"math/bits"
	"time"
)

// Algorithm says what a rule's Limit per Window means.
type Algorithm uint8

const (
	// FixedWindow admits Limit charges per window. A window begins with the first
	// charge, and ends Window later. Within a span as long as a window there may be up
	// to twice the limit, around the end of one window. It is the default, and the
	// cheapest.
	FixedWindow Algorithm = iota
	// SlidingWindow admits Limit charges in any span of Window, wherever it begins. A
	// charge is over Window after it was made. Up to a limit of 64 that is exact; with
	// higher limits charges that were made within a 64th of the window count as made
	// together with the last of them, so that a request may be denied up to Window/64
	// longer than it had to be. A counter takes up to about 2 KB.
	SlidingWindow
	// GCRA admits Burst charges at once, and then Limit per Window evenly: one each
	// Window/Limit. Within any span of length t there are at most
	// Burst + Limit*t/Window charges. It is the generic cell rate algorithm of ITU-T
	// I.371, which is the leaky bucket as a meter.
	GCRA
)

// String returns "fixed", "sliding" or "gcra".
func (a Algorithm) String() string {
	switch a {
	case FixedWindow:
		return "fixed"
	case SlidingWindow:
		return "sliding"
	case GCRA:
		return "gcra"
	}
	return fmt.Sprintf("Algorithm(%d)", uint8(a))
}

// slidingParts is the number of parts of a sliding window that are told apart.
const slidingParts = 64

// span is how long a charge of a sliding window may join the charges before it, in
// microseconds.
func (r Rule) span() int64 {
	if r.Limit <= slidingParts {
		return 0 // each may have an entry of its own
	}
	return r.windowMicros() / slidingParts
}

// most is how much may be charged at once.
func (r Rule) most() int64 {
	if r.Algorithm == GCRA && r.Burst > 0 {
		return r.Burst
	}
	return r.Limit
}

// drain is the time in which n charges leave the bucket of a GCRA, exactly.
func (r Rule) drain(n int64) ticks {
	hi, lo := bits.Mul64(uint64(n), uint64(r.windowMicros())) //nolint:gosec // neither is negative
	us, rest := bits.Div64(hi, lo, uint64(r.Limit))           //nolint:gosec // positive
	return ticks{int64(us), int64(rest)}                      //nolint:gosec // n is at most Limit
}

// fits is how many charges drain within t, which is at most a window: those that a
// bucket admits which has so much room.
func (r Rule) fits(t ticks) int64 {
	if t.us < 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(t.us), uint64(r.Limit)) //nolint:gosec // positive
	lo, carry := bits.Add64(lo, uint64(t.part), 0)      //nolint:gosec // positive
	window := uint64(r.windowMicros())                  //nolint:gosec // positive
	if hi+carry >= window {
		return r.Limit // more than a window
	}
	n, _ := bits.Div64(hi+carry, lo, window)
	return int64(min(n, uint64(r.Limit))) //nolint:gosec // at most Limit
}

// ticks is an exact time: microseconds, and a part of one in units of a microsecond
// divided by the rule's limit, because a charge seldom drains within a whole number.
type ticks struct{ us, part int64 }

func (t ticks) add(other ticks, limit int64) ticks {
	t.us, t.part = t.us+other.us, t.part+other.part
	if t.part >= limit {
		t.us, t.part = t.us+1, t.part-limit
	}
	return t
}

func (t ticks) sub(other ticks, limit int64) ticks {
	t.us, t.part = t.us-other.us, t.part-other.part
	if t.part < 0 {
		t.us, t.part = t.us-1, t.part+limit
	}
	return t
}

func (t ticks) exceeds(other ticks) bool {
	return t.us > other.us || t.us == other.us && t.part > other.part
}

// duration rounds up.
func (t ticks) duration() time.Duration {
	if t.part > 0 {
		t.us++
	}
	return micros(t.us)
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// fixedState describes a window of which count is used, after a charge or instead.
func (r Rule) fixedState(count, cost int64, left time.Duration, window string) state {
	return state{
		count: count, remaining: max(0, r.Limit-count), refused: cost > r.Limit-count,
		left: left, retry: left, window: window,
	}
}

// slidingState is fixedState, with a time of its own until cost is admitted.
func (r Rule) slidingState(count, cost int64, left, retry time.Duration, window string) state {
	s := r.fixedState(count, cost, left, window)
	s.retry = retry
	return s
}

// gcraState describes a bucket that is empty after used.
func (r Rule) gcraState(used ticks, cost int64, window string) state {
	full, after := r.drain(r.most()), used.add(r.drain(cost), r.Limit)
	s := state{remaining: r.fits(full.sub(used, r.Limit)), left: used.duration(), window: window}
	s.count = r.most() - s.remaining
	if after.exceeds(full) {
		s.refused, s.retry = true, after.sub(full, r.Limit).duration()
	}
	return s
}
