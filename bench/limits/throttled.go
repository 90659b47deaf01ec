package limits

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/goredisstore.v9"
)

// attempts is how often throttled compares and swaps before it gives up. With its
// default, ten, many goroutines with one key get errors.
const attempts = 1_000_000

func throttledGCRA() Contestant {
	return Contestant{
		ID: "throttled", Name: "throttled (GCRA)", Drains: true,
		Open: func(ctx context.Context, addr string, rules ...Rule) (Limiter, error) {
			return openThrottled(ctx, addr, attempts, rules)
		},
	}
}

type throttledLimiter struct {
	client *redis.Client
	rules  []*throttled.GCRARateLimiterCtx
}

// openThrottled opens a store for each rule, with a prefix of its own.
func openThrottled(ctx context.Context, addr string, attempts int, rules []Rule) (Limiter, error) {
	client, err := openGoRedis(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("limits: %w", err)
	}
	l := &throttledLimiter{client: client}
	for _, r := range rules {
		store, err := goredisstore.NewCtx(client, r.Name+":")
		if err != nil {
			l.Close()
			return nil, fmt.Errorf("limits: %w", err)
		}
		limiter, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{
			MaxRate: throttled.PerDuration(int(r.Limit), r.Window), MaxBurst: int(r.Limit) - 1,
		})
		if err != nil {
			l.Close()
			return nil, fmt.Errorf("limits: %w", err)
		}
		limiter.SetMaxCASAttemptsLimit(attempts)
		l.rules = append(l.rules, limiter)
	}
	return l, nil
}

func (l *throttledLimiter) Take(ctx context.Context, subject string, cost int64) (Decision, error) {
	return oneByOne(len(l.rules), func(i int) (Decision, error) {
		limited, res, err := l.rules[i].RateLimitCtx(ctx, subject, int(cost))
		return Decision{!limited && err == nil, int64(res.Remaining)}, err
	})
}

func (l *throttledLimiter) Close() { _ = l.client.Close() }
