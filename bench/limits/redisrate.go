package limits

import (
	"context"
	"fmt"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

func redisRate() Contestant {
	return Contestant{ID: "redis_rate", Name: "redis_rate (GCRA)", Open: openRedisRate, Drains: true}
}

type redisRateLimiter struct {
	*redis_rate.Limiter
	client *redis.Client
	rules  []Rule
	limits []redis_rate.Limit
}

func openRedisRate(ctx context.Context, addr string, rules ...Rule) (Limiter, error) {
	client, err := openGoRedis(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("limits: %w", err)
	}
	l := &redisRateLimiter{Limiter: redis_rate.NewLimiter(client), client: client, rules: rules}
	for _, r := range rules {
		l.limits = append(l.limits, redis_rate.Limit{Rate: int(r.Limit), Burst: int(r.Limit), Period: r.Window})
	}
	return l, nil
}

func (l *redisRateLimiter) Take(ctx context.Context, subject string, cost int64) (Decision, error) {
	return oneByOne(len(l.rules), func(i int) (Decision, error) {
		res, err := l.AllowN(ctx, l.rules[i].Name+":"+subject, l.limits[i], int(cost))
		if err != nil {
			return Decision{}, err
		}
		return Decision{res.Allowed > 0, int64(res.Remaining)}, nil
	})
}

func (l *redisRateLimiter) Close() { _ = l.client.Close() }
