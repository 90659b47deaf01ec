package ratelimit

import (
	"context"
	"fmt"
	"time"
)

// Degraded reports whether requests are decided without Redis at the moment. It is
// told by requests: while there are none, nobody notices that Redis is gone. To ask has
// Redis probed where it was.
func (l *Limiter) Degraded() bool { return !l.breaker.Allow() }

// CounterKey is where Redis counts a subject's charges under a rule.
type CounterKey struct {
	Name string
	// TTL is how long it will be there; 0 where it is not, and negative for one that
	// somebody else left without an end, which the next charge mends.
	TTL time.Duration
}

// CounterKey looks at the key of a subject under a rule, as a person would with PTTL.
//
// Errors: as Take, but that ErrUnavailable is returned whatever the rule does without
// Redis.
func (l *Limiter) CounterKey(ctx context.Context, subject string, rule Rule) (CounterKey, error) {
	c := Charge{Subject: subject, Rules: []Rule{rule}, Cost: 1}
	if err := c.validate(); err != nil {
		return CounterKey{}, fmt.Errorf("ratelimit: counter key: %w", err)
	}
	key := CounterKey{Name: c.keys(l.o.Prefix)[0]}
	err := l.call(ctx, func(ctx context.Context) error {
		ms, err := l.client.Do(ctx, l.client.B().Pttl().Key(key.Name).Build()).AsInt64()
		switch {
		case ms == -1:
			key.TTL = -1
		case ms > 0:
			key.TTL = time.Duration(ms) * time.Millisecond
		}
		return err
	})
	if err != nil {
		return CounterKey{}, failure("counter key", err)
	}
	return key, nil
}
