package outbox

import "time"

// pace decides how long a relay waits between two looks.
//
// After work it pauses shortly and ever longer. Only then it goes to sleep, which
// makes writers send a NOTIFY each: a busy relay must not ask for that. A writer
// may have looked whether somebody sleeps just before the relay fell asleep, and
// commit just after; so the first sleep is as short as the longest pause.
//
// While rows keep coming the pauses grow a little too: a look costs about the same
// for one row as for twenty.
type pace struct {
	o       Options
	load    time.Duration // the pause while rows keep coming
	pause   time.Duration // the last pause
	backoff time.Duration // the next one after a failure
	deep    bool          // the next sleep may be long
}

func (p *pace) after(taken, delivered int) (d time.Duration, asleep bool) {
	if delivered > 0 {
		p.backoff = p.o.MinPause
	}
	if taken == 0 {
		p.load = 0
	}
	switch {
	case taken >= p.o.BatchSize:
		p.pause, p.deep = 0, false
		return 0, false
	case taken > 0:
		p.woken()
		p.load = min(max(2*p.load, p.o.MinPause), 4*p.o.MinPause, p.o.MaxPause)
		return p.load, false
	case p.pause < p.o.MaxPause:
		p.pause = min(max(2*p.pause, p.o.MinPause), p.o.MaxPause)
		return p.pause, false
	case !p.deep:
		p.deep = true
		return min(p.o.MaxPause, p.o.PollInterval), true
	default:
		return p.o.PollInterval, true
	}
}

// woken says that rows are to be expected, or that what woke the relay may wake it
// again and again.
func (p *pace) woken() { p.pause, p.deep = 0, false }

// afterFailure leaves the pauses after work as they are: rows that were refused
// come back by the source's own clock.
func (p *pace) afterFailure() time.Duration {
	d := p.backoff
	p.backoff = min(2*p.backoff, p.o.MaxBackoff)
	return d
}
