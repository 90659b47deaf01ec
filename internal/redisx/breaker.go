package redisx

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// BreakerOptions are the options of [NewBreaker].
type BreakerOptions struct {
	// Interval is the time from opening to the first probe, and from one probe's
	// start to the next. Default: 500 ms.
	Interval time.Duration
	// Timeout bounds one probe. Default: 1 s.
	Timeout time.Duration
	// OnChange is told when the breaker opens, with the error that opened it, and
	// when it closes, with nil; never twice in a row the same. It must not block and
	// must not call the breaker. Default: nothing.
	OnChange func(open bool, err error)
}

// Breaker keeps callers from waiting for a Redis that is gone. It opens with the
// first error that says so, because an instance that cannot be reached by one
// command cannot be reached by the next, and closes when a probe or a command
// succeeds. Safe for concurrent use.
type Breaker struct {
	probe func(context.Context) error
	o     BreakerOptions
	open  atomic.Bool

	ctx    context.Context // ends probes at Close
	cancel context.CancelFunc
	probes sync.WaitGroup

	mu      sync.Mutex
	probing bool
	closed  bool
	next    time.Time // no probe before
}

// NewBreaker returns a closed breaker, which lets everything pass. The probe asks
// Redis for a sign of life and must honour its context.
func NewBreaker(probe func(context.Context) error, o BreakerOptions) *Breaker {
	if o.Interval <= 0 {
		o.Interval = 500 * time.Millisecond
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Second
	}
	if o.OnChange == nil {
		o.OnChange = func(bool, error) {}
	}
	b := &Breaker{probe: probe, o: o}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// Allow reports whether a command may be sent. While the breaker is open it
// returns false and sees to it that a probe runs, at most one at a time: without
// traffic there are no probes. It never blocks.
func (b *Breaker) Allow() bool {
	if !b.open.Load() {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open.Load() {
		return true
	}
	if now := time.Now(); !b.probing && !b.closed && !now.Before(b.next) {
		b.probing = true
		b.next = now.Add(b.o.Interval)
		b.probes.Go(b.runProbe)
	}
	return false
}

func (b *Breaker) runProbe() {
	ctx, cancel := context.WithTimeout(b.ctx, b.o.Timeout)
	defer cancel()
	err := b.probe(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	if err == nil {
		b.set(false, nil)
	}
}

// Failure tells the breaker how a command failed. It opens on errors that are
// [Unavailable] and ignores all others, so every error may be passed.
func (b *Breaker) Failure(err error) {
	if !Unavailable(err) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open.Load() {
		b.next = time.Now().Add(b.o.Interval)
		b.set(true, err)
	}
}

// Success tells the breaker that Redis answered. It closes.
func (b *Breaker) Success() {
	if !b.open.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set(false, nil)
}

// Open reports whether commands are held back at the moment, without any effect.
func (b *Breaker) Open() bool { return b.open.Load() }

// Close ends a running probe and waits for it. No probe starts any more: a breaker
// that is open stays so until Success is called.
func (b *Breaker) Close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.cancel()
	b.probes.Wait()
}

// set is called with the lock held.
func (b *Breaker) set(open bool, err error) {
	if b.open.Swap(open) != open {
		b.o.OnChange(open, err)
	}
}
