package ratelimit_test

import (
	"context"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

func TestMain(m *testing.M) {
	if addr := os.Getenv(hammerEnv); addr != "" {
		hammer(addr)
		return
	}
	if target := os.Getenv(attackEnv); target != "" {
		attack(target)
		return
	}
	goleak.VerifyTestMain(m, redistest.IgnoreLeaks()...)
}

// bed is a limiter on a real Redis under a prefix of its own.
type bed struct {
	*ratelimit.Limiter
	client rueidis.Client
	prefix string
}

func newBed(tb testing.TB) *bed {
	tb.Helper()
	return newBedOn(tb, redistest.Shared(tb).Client(tb), ratelimit.Options{})
}

func newBedOn(tb testing.TB, client rueidis.Client, o ratelimit.Options) *bed {
	tb.Helper()
	if o.Prefix == "" {
		o.Prefix = redistest.Prefix(tb) + "rate:"
	}
	if o.RedisTimeout == 0 {
		o.RedisTimeout = 20 * time.Second // the machine that runs the tests may be busy
	}
	if o.RememberDenials == 0 {
		o.RememberDenials = -1 // most tests want to know what Redis says
	}
	l := ratelimit.New(client, o)
	tb.Cleanup(l.Close)
	return &bed{Limiter: l, client: client, prefix: o.Prefix}
}

func (b *bed) take(tb testing.TB, subject string, rules ...ratelimit.Rule) ratelimit.Result {
	tb.Helper()
	res, err := b.Take(tb.Context(), subject, rules...)
	if err != nil {
		tb.Fatalf("take: %v", err)
	}
	return res
}

func (b *bed) peek(tb testing.TB, subject string, rules ...ratelimit.Rule) ratelimit.Result {
	tb.Helper()
	res, err := b.Peek(tb.Context(), subject, rules...)
	if err != nil {
		tb.Fatalf("peek: %v", err)
	}
	return res
}

func (b *bed) refund(tb testing.TB, r ratelimit.Result) {
	tb.Helper()
	if err := b.Refund(tb.Context(), r); err != nil {
		tb.Fatalf("refund: %v", err)
	}
}

func (b *bed) key(subject string, r ratelimit.Rule) string {
	return b.prefix + r.Name + ":{" + subject + "}"
}

func (b *bed) do(tb testing.TB, args ...string) rueidis.RedisResult {
	tb.Helper()
	r := b.client.Do(tb.Context(), b.client.B().Arbitrary(args[0]).Args(args[1:]...).Build())
	if err := r.Error(); err != nil && !rueidis.IsRedisNil(err) {
		tb.Fatalf("%v: %v", args, err)
	}
	return r
}

func (b *bed) integer(tb testing.TB, args ...string) int64 {
	tb.Helper()
	n, err := b.do(tb, args...).AsInt64()
	if err != nil && !rueidis.IsRedisNil(err) {
		tb.Fatalf("%v: %v", args, err)
	}
	return n
}

// count is what a rule has counted, as Redis holds it.
func (b *bed) count(tb testing.TB, subject string, r ratelimit.Rule) int64 {
	tb.Helper()
	return b.integer(tb, "HGET", b.key(subject, r), "count")
}

// endWindow does what the time does: it ends the window.
func (b *bed) endWindow(tb testing.TB, subject string, r ratelimit.Rule) {
	tb.Helper()
	b.do(tb, "PEXPIREAT", b.key(subject, r), "1")
}

// withoutTTL returns the keys that would stay for ever, and how many keys there are.
func withoutTTL(tb testing.TB, c rueidis.Client, prefix string) (immortal []string, total int) {
	tb.Helper()
	ctx := context.Background()
	for cursor := uint64(0); ; {
		e, err := c.Do(ctx, c.B().Scan().Cursor(cursor).Match(prefix+"*").Count(1000).Build()).AsScanEntry()
		if err != nil {
			tb.Fatal(err)
		}
		for _, key := range e.Elements {
			ttl, err := c.Do(ctx, c.B().Pttl().Key(key).Build()).AsInt64()
			if err != nil {
				tb.Fatal(err)
			}
			if ttl == -1 {
				immortal = append(immortal, key)
			}
		}
		total += len(e.Elements)
		if cursor = e.Cursor; cursor == 0 {
			return immortal, total
		}
	}
}

func (b *bed) checkTTLs(tb testing.TB) {
	tb.Helper()
	for _, prefix := range []string{b.prefix, ratelimit.OwnPrefix(b.prefix)} {
		if immortal, _ := withoutTTL(tb, b.client, prefix); len(immortal) != 0 {
			tb.Errorf("keys without TTL: %v", immortal)
		}
	}
}

func redisNow(tb testing.TB, c rueidis.Client) time.Time {
	tb.Helper()
	parts, err := c.Do(context.Background(), c.B().Time().Build()).AsStrSlice()
	if err != nil {
		tb.Fatal(err)
	}
	seconds, _ := strconv.ParseInt(parts[0], 10, 64)
	micros, _ := strconv.ParseInt(parts[1], 10, 64)
	return time.Unix(seconds, micros*1000)
}

func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

// patience is how long a test waits for what must happen.
const patience = time.Minute

func eventually(tb testing.TB, ok func() bool) {
	tb.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			tb.Fatalf("it did not happen within %v", patience)
		}
	}
}

func rule(name string, limit int64) ratelimit.Rule {
	return ratelimit.Rule{Name: name, Limit: limit, Window: time.Hour}
}

// with returns the rule with another algorithm, and its name.
func with(r ratelimit.Rule, a ratelimit.Algorithm) ratelimit.Rule {
	r.Name, r.Algorithm = r.Name+"-"+a.String(), a
	return r
}

// algorithms are all there are.
var algorithms = []ratelimit.Algorithm{ratelimit.FixedWindow, ratelimit.SlidingWindow, ratelimit.GCRA}

// tally counts by name, concurrently.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *tally) names() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.counts)
}

func (c *tally) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[name]++
}
