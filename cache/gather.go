package cache

import (
	"context"
	"runtime"
	"sync"

	"github.com/redis/rueidis"
)

// batchKeys bounds how many keys one exchange asks for.
const batchKeys = 128

// gather joins the questions of reads that come at the same time into one exchange
// with Redis, each key once. What a lone read costs the kernel, Redis and this
// process is hardly less than what a batch costs.
//
// A read may use the answer to a question that was sent after it began. So callers
// join a batch only until it is sent, and who comes later has the next one. Nobody
// waits for company: the first caller of a batch lets the goroutines run that are
// ready to run, once, and sends what has come together. The busier the process, the
// larger its batches.
type gather[V any] struct {
	mu   sync.Mutex
	open *batch[V] // takes callers; nil: the next one opens another
	last int       // how many keys the batch before had
}

// batch is one exchange.
type batch[V any] struct {
	asked   []asked[V]
	callers int
	done    chan struct{} // closed when all is answered; made by the second caller
}

// asked is the question for one key and its answer.
type asked[V any] struct {
	question
	answer stored
	once   sync.Once // whoever comes first decodes it, for all
	value  V
	reason Reason
	err    error
}

// join puts a question into the open batch. first says that the caller must see to
// it that it is sent.
func (g *gather[V]) join(q question) (b *batch[V], at int, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b = g.open
	if b == nil {
		b = &batch[V]{asked: make([]asked[V], 0, max(g.last, 1))}
		g.open = b
	}
	b.callers++
	if b.callers == 2 {
		b.done = make(chan struct{})
	}
	for i := range b.asked {
		if b.asked[i].name == q.name {
			b.asked[i].ttl = b.asked[i].ttl || q.ttl
			return b, i, false
		}
	}
	b.asked = append(b.asked, asked[V]{question: q})
	if len(b.asked) == batchKeys {
		g.open = nil
	}
	return b, len(b.asked) - 1, b.callers == 1
}

// seal ends the batch's time to take callers and reports whether there is but one.
func (g *gather[V]) seal(b *batch[V]) (alone bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open == b {
		g.open = nil
	}
	g.last = len(b.asked)
	return b.callers == 1
}

// ask asks Redis for one key. Where ctx ends first, the reason is
// ReasonUnavailable and the error that of ctx.
func (c *Cache[K, V]) ask(ctx context.Context, q question) (Entry[V], Reason, error) {
	if c.client.Mode() == rueidis.ClientModeCluster {
		// A node that hangs must not hold up the keys of others.
		return c.askAlone(ctx, q)
	}
	b, at, first := c.gather.join(q)
	if first {
		runtime.Gosched()
		if c.gather.seal(b) {
			return c.askAlone(ctx, q)
		}
		// Not in this goroutine: its caller may leave, and takes nobody with it.
		go c.send(context.WithoutCancel(ctx), b)
	}
	select {
	case <-b.done:
	case <-ctx.Done():
		return Entry[V]{}, ReasonUnavailable, ctx.Err()
	}
	a := &b.asked[at]
	a.once.Do(func() {
		a.reason = ReasonUndecodable // for the others, if the decoder panics
		a.value, a.reason, a.err = c.judge(a.name, a.answer)
	})
	return c.redisEntry(a.value, a.answer, a.err), a.reason, a.err
}

func (c *Cache[K, V]) askAlone(ctx context.Context, q question) (Entry[V], Reason, error) {
	answer := c.read(ctx, q)[0]
	v, reason, err := c.judge(q.name, answer)
	return c.redisEntry(v, answer, err), reason, err
}

// send carries a sealed batch out.
func (c *Cache[K, V]) send(ctx context.Context, b *batch[V]) {
	defer close(b.done)
	questions := make([]question, len(b.asked))
	for i := range b.asked {
		questions[i] = b.asked[i].question
	}
	for i, answer := range c.read(ctx, questions...) {
		b.asked[i].answer = answer
	}
}
