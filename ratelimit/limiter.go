package ratelimit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

// Options are the options of [New]. The zero value works.
type Options struct {
	// Prefix begins every counter. With a hash tag of its own, as "{app}:rate:", it puts
	// all keys into one Cluster slot. The limiters' own keys begin with it too, but with
	// "ratelimit:" for a "rate:" at its end, or else in front of it. Default: "rate:".
	Prefix string
	// RedisTimeout bounds one exchange with Redis. Default: 1 second.
	RedisTimeout time.Duration
	// ProbeInterval is how often a Redis that is gone is asked whether it is back,
	// while there are requests. Default: 500 ms.
	ProbeInterval time.Duration
	// LocalCounters bounds the counters of FailLocal rules that this process keeps
	// while Redis is gone, about 300 bytes each, with a sliding window up to 4 KB. When all are in use, requests that
	// need another one get ErrUnavailable. Default: 65,536.
	LocalCounters int
	// RememberDenials bounds the denials that are remembered, about 300 bytes each: who
	// was denied is denied from memory until there is room, for a second after Redis
	// said so; then one request asks again. A Refund or Reset of any limiter lifts it
	// at once, and whatever else makes room within that second. Negative: none.
	// Default: 65,536.
	RememberDenials int
	// OnDegraded is told when requests begin to be decided without Redis, with the
	// reason, and when they no longer are, with nil. It must not block and must not
	// call the limiter. Default: nothing.
	OnDegraded func(degraded bool, err error)
}

func (o Options) withDefaults() Options {
	if o.Prefix == "" {
		o.Prefix = "rate:"
	}
	o.Prefix = slotSafe(o.Prefix)
	if o.RedisTimeout <= 0 {
		o.RedisTimeout = time.Second
	}
	if o.LocalCounters <= 0 {
		o.LocalCounters = 1 << 16
	}
	if o.RememberDenials == 0 {
		o.RememberDenials = 1 << 16
	}
	return o
}

// Limiter decides and counts. It is safe for concurrent use, and any number of
// limiters in any number of processes may share one Redis.
type Limiter struct {
	client  rueidis.Client
	o       Options
	breaker *redisx.Breaker
	local   *localStore
	scripts *scripts
	gathers [kinds]gather

	presence presence
	denials  *denials // nil: none are remembered
	counts   counts

	// Windows are told apart by identifiers, not by their ends: two windows may end
	// in the same millisecond when one was reset, and Redis's clock may be set back.
	idPrefix string
	ids      atomic.Uint64
}

// New returns a limiter. The client belongs to the caller, who closes it after
// [Limiter.Close].
func New(client rueidis.Client, o Options) *Limiter {
	o = o.withDefaults()
	l := &Limiter{client: client, o: o, local: newLocalStore(o.LocalCounters), scripts: production, idPrefix: rand.Text()[:13] + "-"}
	l.presence.base = time.Now()
	l.denials = newDenials(client, o.Prefix, o.RememberDenials)
	l.breaker = redisx.NewBreaker(func(ctx context.Context) error {
		return client.Do(ctx, client.B().Ping().Build()).Error()
	}, redisx.BreakerOptions{Interval: o.ProbeInterval, Timeout: o.RedisTimeout, OnChange: o.OnDegraded})
	return l
}

// Close ends the connection by which the limiter hears of resets, and a probe that runs
// while Redis is gone. It waits for both, and for a sign that the limiter is in use,
// RedisTimeout at most. It does not touch the client.
func (l *Limiter) Close() {
	l.breaker.Close()
	l.presence.close()
	l.denials.close()
}

// Take charges subject one under each of the rules, or, where one of them refuses,
// under none. A refusal is no error: see Result.Allowed.
//
// Without Redis the rules' WithoutRedis decides: one FailClosed rule makes the call
// return ErrUnavailable; FailLocal rules are charged in this process, all or none.
//
// Errors: ErrUnavailable, with a Result that is not allowed; ErrInvalid; the
// context's error where the caller's context ends first, whether or not the charge
// was made; any other error reply of Redis.
func (l *Limiter) Take(ctx context.Context, subject string, rules ...Rule) (Result, error) {
	return l.take(ctx, "take", Charge{Subject: subject, Rules: rules})
}

// Peek reports what Take would decide, and charges nothing. Remaining is what is left
// without that request.
//
// Errors: as Take.
func (l *Limiter) Peek(ctx context.Context, subject string, rules ...Rule) (Result, error) {
	c := Charge{Subject: subject, Rules: rules, Cost: 1}
	if err := c.validate(); err != nil {
		return Result{}, fmt.Errorf("ratelimit: peek: %w", err)
	}
	keys := c.keys(l.o.Prefix)
	answers, err := l.exchange(ctx, "", question{c, keys})
	if err != nil {
		return l.without("peek", c, keys, err, false)
	}
	return decide(c, answers[0].states, answers[0].allowed), nil
}

// Reset forgets what subject was charged under the rules, in Redis and in this
// process. Refunds of earlier charges then give nothing back.
//
// Errors: ErrUnavailable: the charges in Redis may or may not be forgotten;
// ErrInvalid; any other error reply of Redis.
func (l *Limiter) Reset(ctx context.Context, subject string, rules ...Rule) error {
	c := Charge{Subject: subject, Rules: rules, Cost: 1}
	if err := c.validate(); err != nil {
		return fmt.Errorf("ratelimit: reset: %w", err)
	}
	keys := c.keys(l.o.Prefix)
	l.local.reset(keys)
	subject = redisx.Escape(c.Subject)
	defer l.denials.lift(subject)
	keys = append(keys, liftKey(l.o.Prefix, subject))
	err := l.call(ctx, func(ctx context.Context) error {
		return l.scripts.reset.Exec(ctx, l.client, keys, []string{number(liftFor.Milliseconds())}).Error()
	})
	if err != nil {
		return failure("reset", err)
	}
	return nil
}

func (l *Limiter) take(ctx context.Context, op string, c Charge) (Result, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return Result{}, fmt.Errorf("ratelimit: %s: %w", op, err)
	}
	if res, ok := l.denials.find(c); ok && ctx.Err() == nil {
		l.counts.add(res.Rule, deniedFromMemory)
		return res, nil
	}
	keys := c.keys(l.o.Prefix)
	asked := l.denials.asking()
	a, err := l.charge(ctx, question{c, keys})
	if err != nil {
		res, err := l.without(op, c, keys, err, true)
		if res.Degraded {
			l.counts.decided(c, res, admittedWithoutRedis, deniedWithoutRedis)
		}
		return res, err
	}
	l.inUse()
	res := decide(c, a.states, a.allowed)
	l.counts.decided(c, res, admitted, denied)
	if a.allowed {
		res.charge = &charge{parts: []part{newPart(c, keys, a.states, false)}}
		l.denials.admitted(asked, c)
	} else {
		l.denials.remember(asked, c, res)
	}
	return res, nil
}

func newPart(c Charge, keys []string, states []state, local bool) part {
	p := part{local: local, subject: redisx.Escape(c.Subject), keys: keys, windows: make([]string, len(states)), cost: c.Cost}
	for i, s := range states {
		p.windows[i] = s.window
		if r := c.Rules[i]; r.Algorithm == GCRA {
			p.windows[i] = refundToken(s.window, r.drain(c.Cost), r.Limit)
		}
	}
	return p
}

func (l *Limiter) newID() string {
	return l.idPrefix + strconv.FormatUint(l.ids.Add(1), 36)
}

// errHeldBack is the reason for a decision without Redis while the breaker is open.
var errHeldBack = errors.New("redis did not answer lately")

// failure wraps an error of an exchange.
func failure(op string, err error) error {
	if unavailable(err) {
		return fmt.Errorf("ratelimit: %s: %w: %w", op, ErrUnavailable, err)
	}
	return fmt.Errorf("ratelimit: %s: %w", op, err)
}

func unavailable(err error) bool {
	if _, ok := errors.AsType[callerError](err); ok {
		return false
	}
	return errors.Is(err, errHeldBack) || redisx.Unavailable(err) || redisx.Refused(err)
}
