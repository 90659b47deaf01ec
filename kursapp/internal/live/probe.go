package live

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// How often database, Redis and queues are asked, and how long they have to answer.
const (
	healthInterval = time.Second
	countInterval  = 2 * time.Second
	probeTimeout   = time.Second
)

// errNoAnswer says that a question is still open long after it should not be.
var errNoAnswer = errors.New("no answer")

// probe asks something again and again, in a goroutine of its own.
type probe[T any] struct {
	ask   func(context.Context) (T, error)
	every time.Duration
	last  atomic.Pointer[finding[T]]
}

// finding is what a question found.
type finding[T any] struct {
	value T
	err   error
	at    time.Time
	took  time.Duration
}

func (p *probe[T]) run(ctx context.Context) {
	if p.ask == nil {
		return
	}
	tick := time.NewTicker(p.every)
	defer tick.Stop()
	for {
		began := time.Now()
		asking, cancel := context.WithTimeout(ctx, probeTimeout)
		value, err := p.ask(asking)
		cancel()
		if ctx.Err() != nil {
			return
		}
		at := time.Now()
		p.last.Store(&finding[T]{value: value, err: err, at: at, took: at.Sub(began)})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// found returns the last finding; known is false where nothing was asked yet. One that
// is older than it could be counts as none: who does not answer in time has failed.
func (p *probe[T]) found(now time.Time) (f finding[T], known bool) {
	last := p.last.Load()
	if last == nil {
		return f, false
	}
	f = *last
	if now.Sub(f.at) > 2*p.every+2*probeTimeout {
		f.err = errNoAnswer
	}
	return f, true
}
