package limits

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
	"github.com/ulule/limiter/v3"
	store "github.com/ulule/limiter/v3/drivers/store/redis"
)

func ululeFixed() Contestant {
	return Contestant{ID: "ulule", Name: "ulule/limiter (fixed)", Open: openUlule}
}

type ululeLimiter struct {
	client *redis.Client
	rules  []Rule
	each   []*limiter.Limiter
}

func openUlule(ctx context.Context, addr string, rules ...Rule) (Limiter, error) {
	client, err := openGoRedis(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("limits: %w", err)
	}
	s, err := store.NewStore(client)
	if err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("limits: %w", err)
	}
	l := &ululeLimiter{client: client, rules: rules}
	for _, r := range rules {
		l.each = append(l.each, limiter.New(s, limiter.Rate{Limit: r.Limit, Period: r.Window}))
	}
	return l, nil
}

func (l *ululeLimiter) Take(ctx context.Context, subject string, cost int64) (Decision, error) {
	return oneByOne(len(l.rules), func(i int) (Decision, error) {
		res, err := l.each[i].Increment(ctx, l.rules[i].Name+":"+subject, cost)
		return Decision{!res.Reached && err == nil, res.Remaining}, err
	})
}

func (l *ululeLimiter) Close() { _ = l.client.Close() }
