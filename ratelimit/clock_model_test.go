package ratelimit

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The models know the time: Redis reads it from a key, in microseconds, and the local
// store from a variable.

// timed are rules with models. All their times are whole microseconds, but those of
// thirds and sevenths.
var timed = []Rule{
	{Name: "s3", Limit: 3, Window: 10 * time.Millisecond, Algorithm: SlidingWindow},
	{Name: "s64", Limit: 64, Window: time.Second, Algorithm: SlidingWindow},
	{Name: "g5", Limit: 5, Window: 10 * time.Millisecond, Algorithm: GCRA},
	{Name: "g10", Limit: 10, Window: time.Second, Algorithm: GCRA, Burst: 3},
	{Name: "thirds", Limit: 3, Window: 10 * time.Millisecond, Algorithm: GCRA},
	{Name: "sevenths", Limit: 7, Window: 10 * time.Millisecond, Algorithm: GCRA, Burst: 4},
}

type modelRun struct {
	place   place
	now     int64
	meters  map[string]modelMeter
	results []timedResult
}

type timedResult struct {
	res     Result
	refunds []func(int64)
}

func (m *modelRun) meter(subject string, r Rule) modelMeter {
	key := subject + r.Name
	if m.meters[key] == nil {
		if r.Algorithm == GCRA {
			m.meters[key] = &bucket{r: r, kept: slidingLog{r: r}}
		} else {
			m.meters[key] = &slidingLog{r: r}
		}
	}
	return m.meters[key]
}

func drawCharge(rt *rapid.T) Charge {
	return Charge{
		Subject: rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "subject"),
		Rules: rapid.SliceOfNDistinct(rapid.SampledFrom(timed), 1, 3,
			func(r Rule) string { return r.Name }).Draw(rt, "rules"),
		Cost: rapid.Int64Range(1, 3).Draw(rt, "cost"),
	}
}

func (m *modelRun) take(rt *rapid.T, c Charge, charging bool) {
	var retry span
	for _, r := range c.Rules {
		one := m.meter(c.Subject, r).retry(c.Cost, m.now)
		retry = span{max(retry.from, one.from), max(retry.to, one.to)}
	}
	res := m.place.take(rt, c, charging)
	if res.Allowed != (res.RetryAfter == 0) || !retry.has(int64(res.RetryAfter/time.Microsecond)) || res.RetryAfter%time.Microsecond != 0 {
		rt.Fatalf("%+v of %+v: the model admits it in %+v microseconds", res, c, retry)
	}
	done := timedResult{res: res}
	for _, r := range c.Rules {
		if res.Allowed && charging {
			done.refunds = append(done.refunds, m.meter(c.Subject, r).charge(c.Cost, m.now))
		}
		if want := m.meter(c.Subject, r).remaining(m.now); r.Name == res.Rule && !want.has(res.Remaining) {
			rt.Fatalf("%+v: the model has %+v remaining", res, want)
		}
	}
	if done.refunds != nil {
		m.results = append(m.results, done)
	}
}

func (m *modelRun) repeat(rt *rapid.T) {
	m.place.setTime(rt, m.now)
	rt.Repeat(map[string]func(*rapid.T){
		"take":       func(*rapid.T) { m.take(rt, drawCharge(rt), true) },
		"take again": func(*rapid.T) { m.take(rt, drawCharge(rt), true) },
		"peek": func(*rapid.T) {
			c := drawCharge(rt)
			c.Cost = 1
			m.take(rt, c, false)
		},
		"refund": func(*rapid.T) {
			if len(m.results) == 0 {
				rt.Skip("nothing was taken")
			}
			i := rapid.IntRange(0, len(m.results)-1).Draw(rt, "result")
			r := m.results[i]
			m.place.refund(rt, r.res)
			for _, refund := range r.refunds {
				refund(m.now)
			}
			m.results[i].refunds = nil // once
		},
		"reset": func(*rapid.T) {
			c := drawCharge(rt)
			m.place.reset(rt, c)
			for _, r := range c.Rules {
				delete(m.meters, c.Subject+r.Name)
			}
		},
		"time": func(*rapid.T) {
			m.now += rapid.OneOf(
				rapid.SampledFrom([]int64{1, 1999, 2000, 3333, 3334, 9999, 10_000, 100_000, 999_999, 1_000_000}),
				rapid.Int64Range(1, 12_000)).Draw(rt, "step")
			m.place.setTime(rt, m.now)
		},
	})
	for _, meter := range m.meters {
		meter.check(rt)
	}
}

func TestTimedAlgorithmsBehaveLikeTheModel(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(rt *rapid.T, p place) {
		m := &modelRun{place: p, now: modelBegin, meters: map[string]modelMeter{}}
		m.repeat(rt)
	})
}
