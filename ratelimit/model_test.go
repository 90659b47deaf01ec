package ratelimit_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// model is what a limiter should do, in memory and one thing at a time.
type model struct {
	counters map[string]*modelCounter // by subject and rule
	windows  int
}

type modelCounter struct {
	count  int64
	window int
}

type modelCharge struct {
	keys    []string
	windows []int
	cost    int64
	spent   bool
}

func modelKey(subject string, r ratelimit.Rule) string { return subject + "|" + r.Name }

func (m *model) take(c ratelimit.Charge, charging bool) (bool, *modelCharge) {
	for _, r := range c.Rules {
		if have := m.counters[modelKey(c.Subject, r)]; have != nil && have.count+c.Cost > r.Limit {
			return false, nil
		}
	}
	if !charging {
		return true, nil
	}
	charge := &modelCharge{cost: c.Cost}
	for _, r := range c.Rules {
		key := modelKey(c.Subject, r)
		if m.counters[key] == nil {
			m.windows++
			m.counters[key] = &modelCounter{window: m.windows}
		}
		m.counters[key].count += c.Cost
		charge.keys = append(charge.keys, key)
		charge.windows = append(charge.windows, m.counters[key].window)
	}
	return true, charge
}

func (m *model) refund(charges ...*modelCharge) {
	for _, c := range charges {
		if c.spent {
			continue
		}
		c.spent = true
		for i, key := range c.keys {
			if have := m.counters[key]; have != nil && have.window == c.windows[i] {
				have.count = max(0, have.count-c.cost)
			}
		}
	}
}

// taken is a result together with the model's view of it.
type taken struct {
	res     ratelimit.Result
	charges []*modelCharge
}

// TestAnySequenceBehavesLikeTheModel runs random sequences on real Redis and in
// memory. Time is an operation too: it ends a window.
func TestAnySequenceBehavesLikeTheModel(t *testing.T) {
	t.Parallel()
	client := redistest.Shared(t).Client(t)
	rules := []ratelimit.Rule{rule("two", 2), rule("three", 3), rule("seven", 7)}
	subjects := []string{"a", "b"}
	ctx := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		prefix := redistest.Prefix(t) + "rate:"
		l := ratelimit.New(client, ratelimit.Options{Prefix: prefix, RedisTimeout: 20 * time.Second, RememberDenials: -1})
		defer l.Close()
		m := &model{counters: map[string]*modelCounter{}}
		var results []taken

		charge := func() ratelimit.Charge {
			picked := rapid.SliceOfNDistinct(rapid.SampledFrom(rules), 1, 3,
				func(r ratelimit.Rule) string { return r.Name }).Draw(rt, "rules")
			return ratelimit.Charge{
				Subject: rapid.SampledFrom(subjects).Draw(rt, "subject"),
				Rules:   picked,
				Cost:    rapid.Int64Range(1, 2).Draw(rt, "cost"),
			}
		}
		check := func(op string, want bool, res ratelimit.Result, err error) {
			if err != nil || res.Degraded || res.Allowed != want {
				rt.Fatalf("%s = %+v, %v; want allowed = %v", op, res, err, want)
			}
			if have := m.counters[res.Subject+"|"+res.Rule]; have != nil && res.Remaining != max(0, res.Limit-have.count) {
				rt.Fatalf("%s: remaining %d of rule %s, the model counted %d", op, res.Remaining, res.Rule, have.count)
			}
			if res.Allowed != (res.RetryAfter == 0) {
				rt.Fatalf("%s: %+v", op, res)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"take": func(*rapid.T) {
				c := charge()
				res, err := l.TakeEach(ctx, c)
				want, mc := m.take(c, true)
				check("take", want, res, err)
				if want {
					results = append(results, taken{res, []*modelCharge{mc}})
				}
			},
			"take each": func(*rapid.T) {
				first, second := charge(), charge()
				res, err := l.TakeEach(ctx, first, second)
				want, a := m.take(first, true)
				var b *modelCharge
				if want {
					if want, b = m.take(second, true); !want {
						m.refund(a)
					}
				}
				if want {
					results = append(results, taken{res, []*modelCharge{a, b}})
				}
				if err != nil || res.Allowed != want {
					rt.Fatalf("take each = %+v, %v; want allowed = %v", res, err, want)
				}
			},
			"peek": func(*rapid.T) {
				c := charge()
				c.Cost = 1
				res, err := l.Peek(ctx, c.Subject, c.Rules...)
				want, _ := m.take(c, false)
				check("peek", want, res, err)
			},
			"refund": func(*rapid.T) {
				if len(results) == 0 {
					rt.Skip("nothing was taken")
				}
				r := rapid.SampledFrom(results).Draw(rt, "result")
				if err := l.Refund(ctx, r.res); err != nil {
					rt.Fatal(err)
				}
				m.refund(r.charges...)
			},
			"reset": func(*rapid.T) {
				c := charge()
				if err := l.Reset(ctx, c.Subject, c.Rules...); err != nil {
					rt.Fatal(err)
				}
				for _, r := range c.Rules {
					delete(m.counters, modelKey(c.Subject, r))
				}
			},
			"time": func(*rapid.T) {
				subject, r := rapid.SampledFrom(subjects).Draw(rt, "subject"), rapid.SampledFrom(rules).Draw(rt, "rule")
				key := fmt.Sprintf("%s%s:{%s}", prefix, r.Name, subject)
				if err := client.Do(ctx, client.B().Pexpireat().Key(key).MillisecondsTimestamp(1).Build()).Error(); err != nil {
					rt.Fatal(err)
				}
				delete(m.counters, modelKey(subject, r))
			},
			"": func(*rapid.T) {
				for _, subject := range subjects {
					for _, r := range rules {
						key := fmt.Sprintf("%s%s:{%s}", prefix, r.Name, subject)
						have, _ := client.Do(ctx, client.B().Hget().Key(key).Field("count").Build()).AsInt64()
						var want int64
						if c := m.counters[modelKey(subject, r)]; c != nil {
							want = c.count
						}
						if have != want {
							rt.Fatalf("%s counts %d, the model %d", key, have, want)
						}
						ttl, err := client.Do(ctx, client.B().Pttl().Key(key).Build()).AsInt64()
						if err != nil || ttl == -1 {
							rt.Fatalf("%s: TTL %d, %v", key, ttl, err)
						}
					}
				}
			},
		})
	})
}
