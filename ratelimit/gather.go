package ratelimit

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// batchCharges bounds how many charges one script makes.
const batchCharges = 128

// question is a charge on its way to Redis, answer what Redis said.
type question struct {
	Charge
	keys []string
}

type answer struct {
	states  []state
	allowed bool
}

// gather joins charges that come at the same time into one script, which makes one
// after the other as if each had come alone. To set up a script costs Redis more than
// to make a charge, and an exchange costs a timer and a system call.
//
// Nobody waits for company: the first caller of a batch lets the goroutines run that
// are ready to run, once, and sends what has come together. The busier the process,
// the larger its batches.
type gather struct {
	mu   sync.Mutex
	open *batch // takes callers; nil: the next one opens another
	last int    // how many the batch before had
}

// batch is one exchange.
type batch struct {
	asked   []question
	answers []answer
	err     error
	done    chan struct{} // closed when all is answered; made by the second caller
}

// join puts a charge into the open batch.
func (g *gather) join(q question) (b *batch, at int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b = g.open
	if b == nil {
		b = &batch{asked: make([]question, 0, max(g.last, 1))}
		g.open = b
	}
	b.asked = append(b.asked, q)
	switch len(b.asked) {
	case 2:
		b.done = make(chan struct{})
	case batchCharges:
		g.open = nil
	}
	return b, len(b.asked) - 1
}

// seal ends the batch's time to take callers and reports whether there is but one.
func (g *gather) seal(b *batch) (alone bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open == b {
		g.open = nil
	}
	g.last = len(b.asked)
	return len(b.asked) == 1
}

// charge asks Redis to make a charge, with others that come at the same time.
func (l *Limiter) charge(ctx context.Context, q question) (answer, error) {
	if l.client.Mode() == rueidis.ClientModeCluster {
		return l.chargeAlone(ctx, q) // subjects lie in different slots
	}
	if err := ended(ctx); err != nil {
		return answer{}, callerError{err}
	}
	if !l.breaker.Allow() {
		return answer{}, errHeldBack
	}
	g := &l.gathers[q.kind()]
	b, at := g.join(q)
	if at == 0 {
		runtime.Gosched()
		if g.seal(b) {
			return l.chargeAlone(ctx, q)
		}
		// Not in this goroutine: its caller may leave, and takes nobody with it.
		go l.send(context.WithoutCancel(ctx), b)
	}
	a, err := l.await(ctx, b, at)
	if refusedAsABatch(err) {
		return l.chargeAlone(ctx, q)
	}
	return a, err
}

// refusedAsABatch reports whether Redis answered a batch with an error that may be the
// fault of one charge, or of their company: a key that an ACL keeps from this client, or
// a proxy in front of a cluster that wants all keys of a script in one slot. Alone,
// nobody pays for others. What the batch has charged already counts twice then, which
// denies too early and never admits too much.
func refusedAsABatch(err error) bool {
	_, replied := errors.AsType[*rueidis.RedisError](err)
	return replied && !unavailable(err)
}

// await waits for a batch's answer. Redis had its share of time where it did not
// answer within a quarter of its timeout: see call.
func (l *Limiter) await(ctx context.Context, b *batch, at int) (answer, error) {
	select {
	case <-b.done: // the usual case needs no clock
		return b.answer(at)
	default:
	}
	began := time.Now()
	select {
	case <-b.done:
		return b.answer(at)
	case <-ctx.Done():
		if time.Since(began) >= l.o.RedisTimeout/4 {
			l.breaker.Failure(ctx.Err())
		}
		return answer{}, callerError{ctx.Err()}
	}
}

func (b *batch) answer(at int) (answer, error) {
	if b.err != nil {
		return answer{}, b.err
	}
	return b.answers[at], nil
}

func (l *Limiter) chargeAlone(ctx context.Context, q question) (answer, error) {
	answers, err := l.exchange(ctx, l.newID(), q)
	if err != nil {
		return answer{}, err
	}
	return answers[0], nil
}

// send carries a sealed batch out.
func (l *Limiter) send(ctx context.Context, b *batch) {
	defer close(b.done)
	b.answers, b.err = l.exchange(ctx, l.newID(), b.asked...)
}
