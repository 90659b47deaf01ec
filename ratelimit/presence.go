package ratelimit

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A limiter that is in use says so each signEvery, and counts as in use for signFor.
const (
	signEvery = 10 * time.Second
	signFor   = 30 * time.Second
)

// presence knows how many limiters share a Redis, so that without it each admits its
// share only.
type presence struct {
	base time.Time
	next atomic.Int64 // no sign before, in nanoseconds since base
	seen atomic.Int64 // limiters in use, this one included; 0: never told

	mu     sync.Mutex
	closed bool
	signs  sync.WaitGroup
}

// inUse is told of each charge that Redis made, and gives a sign when it is time, in
// a goroutine of its own: no charge waits for it, nor fails with it.
func (l *Limiter) inUse() {
	p := &l.presence
	now, next := int64(time.Since(p.base)), p.next.Load()
	if now < next || !p.next.CompareAndSwap(next, now+int64(signEvery)) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.signs.Go(func() { _ = l.sign() }) // the next one may succeed
	}
}

func (l *Limiter) sign() error {
	ctx, cancel := context.WithTimeout(context.Background(), l.o.RedisTimeout)
	defer cancel()
	keys := []string{instancesKey(l.o.Prefix)}
	n, err := l.scripts.instances.Exec(ctx, l.client, keys, []string{l.idPrefix, number(signFor.Milliseconds())}).AsInt64()
	if err == nil {
		l.presence.seen.Store(n)
	}
	return err
}

// close waits for the last sign.
func (p *presence) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.signs.Wait()
}

// share is the rule for one of so many limiters that do not know of each other: never
// less than one, and never so little that a charge of this cost could not be made.
func (r Rule) share(limiters, cost int64) Rule {
	if limiters <= 1 {
		return r
	}
	r.Limit = max(r.Limit/limiters, cost, 1)
	if r.Burst > 0 {
		r.Burst = min(r.Limit, max(r.Burst/limiters, cost, 1))
	}
	return r
}
