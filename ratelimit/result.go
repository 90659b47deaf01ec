package ratelimit

import (
	"sync/atomic"
	"time"
)

// Result is a decision.
type Result struct {
	// Allowed is whether the request may go on.
	Allowed bool
	// Subject and Rule name what the following fields are about: the rule that
	// refused for the longest time, or of an admitted request the one with the
	// least remaining.
	Subject string
	Rule    string
	// Limit is that rule's limit.
	Limit int64
	// Remaining is how much it would still admit now, at least 0.
	Remaining int64
	// ResetAfter is the time until none of the charges counts any more: until the
	// fixed window ends, one window after the last charge of a sliding one, until the
	// bucket of a GCRA is empty. 0 where there are none.
	ResetAfter time.Duration
	// RetryAfter is 0 for an admitted request. A request that comes so much later is
	// admitted, if nobody else was charged in between. It is less than a millisecond
	// more than it must be. Round up to whole seconds for a Retry-After header:
	// [Result.RetrySeconds].
	RetryAfter time.Duration
	// Remembered is true where a denial was remembered and Redis not asked. Remaining
	// is what it was then, and RetryAfter and ResetAfter may be longer than they must
	// be by the time that Redis took to answer.
	Remembered bool
	// Degraded is true where the decision, or part of it, was made without Redis,
	// and Cause then says why.
	Degraded bool
	Cause    error

	charge *charge // nil where there is nothing to refund
}

// RetrySeconds is RetryAfter in whole seconds, rounded up.
func (r Result) RetrySeconds() int64 {
	return int64((r.RetryAfter + time.Second - 1) / time.Second)
}

// charge is what was taken, to be given back once. Copies of a Result share it.
type charge struct {
	parts []part
	spent atomic.Bool
}

// part is what was taken from one subject, in one place.
type part struct {
	local   bool   // counted in this process
	subject string // escaped
	keys    []string
	windows []string // identifiers, one per key
	cost    int64
}

// state is a rule's counter as Redis or the local store reports it.
type state struct {
	count     int64
	remaining int64
	refused   bool          // this rule refused the charge
	left      time.Duration // until nothing is counted any more; 0: nothing is
	retry     time.Duration // if refused, until the charge would be admitted
	window    string        // what was charged, for a refund
}

// decide describes a decision about c. allowed says whether it was charged, or, if
// there was no charge, whether it would be.
func decide(c Charge, states []state, allowed bool) Result {
	best := -1
	for i, s := range states {
		var better bool
		switch {
		case !allowed && !s.refused:
			continue
		case best < 0:
			better = true
		case !allowed:
			better = s.retry > states[best].retry
		default:
			b := states[best]
			better = s.remaining < b.remaining || s.remaining == b.remaining && s.left > b.left
		}
		if better {
			best = i
		}
	}
	res := Result{Allowed: allowed, Subject: c.Subject}
	if best < 0 {
		return res
	}
	s := states[best]
	res.Rule, res.Limit, res.Remaining = c.Rules[best].Name, c.Rules[best].Limit, s.remaining
	res.ResetAfter = s.left
	if !allowed {
		res.RetryAfter = s.retry
	}
	return res
}

// tighter returns the result that describes two admitted charges best, with both
// charges.
func (r Result) tighter(other Result) Result {
	best := r
	if other.Rule != "" && (r.Rule == "" || other.Remaining < r.Remaining) {
		best = other
	}
	best.Degraded = r.Degraded || other.Degraded
	best.Cause = r.Cause
	if best.Cause == nil {
		best.Cause = other.Cause
	}
	best.charge = join(r.charge, other.charge)
	return best
}

func join(charges ...*charge) *charge {
	var all charge
	for _, c := range charges {
		if c != nil {
			all.parts = append(all.parts, c.parts...)
		}
	}
	if len(all.parts) == 0 {
		return nil
	}
	return &all
}
