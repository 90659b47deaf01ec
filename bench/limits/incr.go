package limits

import (
	"context"
	"fmt"

	"github.com/redis/rueidis"
)

// bareINCR is a bound: it counts, without window, TTL and limit.
func bareINCR() Contestant {
	return Contestant{ID: "incr", Name: "bare `INCR`", Open: openINCR, Bare: true}
}

type incr struct {
	client rueidis.Client
	rule   Rule
}

func openINCR(_ context.Context, addr string, rules ...Rule) (Limiter, error) {
	if len(rules) != 1 {
		return nil, fmt.Errorf("limits: a bare INCR has one rule, not %d", len(rules))
	}
	client, err := openRueidis(addr)
	if err != nil {
		return nil, fmt.Errorf("limits: %w", err)
	}
	return &incr{client, rules[0]}, nil
}

func (l *incr) Take(ctx context.Context, subject string, _ int64) (Decision, error) {
	n, err := l.client.Do(ctx, l.client.B().Incr().Key(l.rule.Name+":"+subject).Build()).AsInt64()
	return Decision{err == nil, l.rule.Limit - n}, err
}

func (l *incr) Close() { l.client.Close() }
