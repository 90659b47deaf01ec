package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Refund gives back what a Take or TakeEach of this limiter charged: a login that
// succeeds, say, or work that was not done after all. It gives back into the very
// windows that were charged and never into later ones; where they have ended, there
// is nothing to give back. Of a GCRA charge it gives back what has not drained yet.
// It never makes a counter negative and never creates a key.
//
// It works once per result, copies included: a second call does nothing, also after
// an error, because it may have been the answer alone that was lost. A result that
// was denied or decided by FailOpen holds no charge. Refund finishes, RedisTimeout at
// most per subject, also where ctx is cancelled.
//
// Errors: ErrUnavailable: the charge may stay until its window ends; any other error
// reply of Redis.
func (l *Limiter) Refund(ctx context.Context, r Result) error {
	if r.charge == nil || !r.charge.spent.CompareAndSwap(false, true) {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	var errs []error
	for _, p := range r.charge.parts {
		if p.local {
			l.local.refund(p)
			continue
		}
		args := append([]string{number(p.cost)}, p.windows...)
		keys := append(slices.Clone(p.keys), liftKey(l.o.Prefix, p.subject))
		err := l.call(ctx, func(ctx context.Context) error {
			return l.scripts.refund.Exec(ctx, l.client, keys, args).Error()
		})
		l.denials.lift(p.subject)
		if err != nil {
			errs = append(errs, failure("refund", err))
		}
	}
	return errors.Join(errs...)
}

// bucketToken is what was charged to a GCRA: "<end>:<id>", the end of the charge as if
// nothing had been given back, and the time since the bucket was last empty.
func bucketToken(end int64, id string) string { return number(end) + ":" + id }

// refundToken is what refund.lua needs of a GCRA charge, which drains within t:
// "g:<time>:<part>:<limit>:<end>:<id>".
func refundToken(bucket string, t ticks, limit int64) string {
	return "g:" + number(t.us) + ":" + number(t.part) + ":" + number(limit) + ":" + bucket
}

// TakeEach charges several subjects in turn, an address and an account, say. They may
// lie in different Cluster slots, so no script can charge them together: where one
// refuses, those before it are refunded. Another request may meet such a passing
// charge and be denied; none is ever admitted too many.
//
// The result describes the charge that refused, or of all rules the one with the
// least remaining. Refund gives all charges back.
//
// Errors: as Take; nothing is charged then, unless the refund failed too.
func (l *Limiter) TakeEach(ctx context.Context, charges ...Charge) (Result, error) {
	if len(charges) == 0 {
		return Result{}, fmt.Errorf("ratelimit: take each: %w: no charge", ErrInvalid)
	}
	for _, c := range charges {
		if err := c.withDefaults().validate(); err != nil {
			return Result{}, failure("take each", err)
		}
	}
	var all Result
	for i, c := range charges {
		res, err := l.take(ctx, "take each", c)
		if err != nil || !res.Allowed {
			// A refund that fails over-denies until the window ends, and that is
			// all: the decision stands.
			_ = l.Refund(ctx, all)
			res.Degraded = res.Degraded || all.Degraded
			if res.Cause == nil {
				res.Cause = all.Cause
			}
			return res, err
		}
		if i == 0 {
			all = res
		} else {
			all = all.tighter(res)
		}
	}
	return all, nil
}
