package ratelimit

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

// call runs one exchange with Redis under the breaker.
//
// Where the caller's own context ends the exchange, its error is returned as it is,
// which is never a reason for a decision without Redis: a client that can choose its
// deadline could choose its limit otherwise. Yet where Redis had a fair share of the
// time and did not answer, the breaker opens, so that later requests are spared.
func (l *Limiter) call(ctx context.Context, exchange func(context.Context) error) error {
	if err := ended(ctx); err != nil {
		return callerError{err}
	}
	if !l.breaker.Allow() {
		return errHeldBack
	}
	bounded, cancel := context.WithTimeout(ctx, l.o.RedisTimeout)
	defer cancel()
	began := time.Now()
	err := exchange(bounded)
	if err == nil || rueidis.IsRedisNil(err) {
		l.breaker.Success()
		return err
	}
	gone := ended(ctx)
	if gone == nil || time.Since(began) >= l.o.RedisTimeout/4 {
		l.breaker.Failure(err)
	}
	if gone != nil && redisx.Unavailable(err) {
		return callerError{gone}
	}
	return err
}

// ended is ctx.Err, and also right in the moment in which the client has noticed
// the deadline and the context's own timer has not.
func ended(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// callerError is an error of the caller's context. It is told apart because a
// deadline alone looks like a frozen Redis.
type callerError struct{ error }

func (e callerError) Unwrap() error { return e.error }

// exchange asks Redis to make charges, in windows that are called id where they begin
// now. Without an id nothing is charged.
func (l *Limiter) exchange(ctx context.Context, id string, charges ...question) (answers []answer, err error) {
	script, keys, args := l.scripts.forCharges(id, charges)
	err = l.call(ctx, func(ctx context.Context) error {
		reply, err := script.Exec(ctx, l.client, keys, args).ToArray()
		if err != nil {
			return err
		}
		answers, err = parseTake(reply, charges)
		return err
	})
	return answers, err
}

// without decides a charge after Redis could not be asked, or passes on what is no
// such error.
func (l *Limiter) without(op string, c Charge, keys []string, cause error, charging bool) (Result, error) {
	if !unavailable(cause) {
		return Result{}, failure(op, cause)
	}
	refused := Result{Subject: c.Subject, Degraded: true, Cause: cause}
	counted := Charge{Subject: c.Subject, Cost: c.Cost}
	var countedKeys []string
	for i, r := range c.Rules {
		switch r.WithoutRedis {
		case FailOpen:
		case FailLocal:
			counted.Rules = append(counted.Rules, r.share(l.presence.seen.Load(), c.Cost))
			countedKeys = append(countedKeys, keys[i])
		default:
			refused.Rule, refused.Limit = r.Name, r.Limit
			return refused, failure(op, fmt.Errorf("rule %q fails closed: %w", r.Name, cause))
		}
	}
	if len(counted.Rules) == 0 {
		r := c.Rules[0]
		return Result{
			Allowed: true, Subject: c.Subject, Rule: r.Name, Limit: r.Limit, Remaining: r.Limit,
			Degraded: true, Cause: cause,
		}, nil
	}
	states, allowed, ok := l.local.take(counted, countedKeys, charging)
	if !ok {
		refused.Rule, refused.Limit = counted.Rules[0].Name, counted.Rules[0].Limit
		return refused, failure(op, fmt.Errorf("all local counters are in use: %w", cause))
	}
	res := decide(counted, states, allowed)
	res.Degraded, res.Cause = true, cause
	if allowed && charging {
		res.charge = &charge{parts: []part{newPart(counted, countedKeys, states, true)}}
	}
	return res, nil
}
