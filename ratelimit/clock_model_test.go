package ratelimit

import (
	"context"
	"math/big"
	"strconv"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"pgregory.net/rapid"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// The models of this file know the time: Redis reads it from a key, in microseconds,
// and the local store from a variable.

// counter is a rule's model for one subject.
type modelMeter interface {
	// retry is the time until cost is admitted; 0: now.
	retry(cost, now int64) int64
	remaining(now int64) int64
	charge(cost, now int64) (refund func(now int64))
	// check objects to charges that are kept beyond the rule.
	check(t *rapid.T)
}

// slidingLog keeps each charge.
type slidingLog struct {
	r       Rule
	charges []*loggedCharge
}

type loggedCharge struct{ at, n int64 }

func (m *slidingLog) used(now int64) (n int64) {
	for _, c := range m.charges {
		if c.at+m.r.Window.Microseconds() > now {
			n += c.n
		}
	}
	return n
}

func (m *slidingLog) retry(cost, now int64) int64 {
	if m.used(now)+cost <= m.r.Limit {
		return 0
	}
	for _, c := range m.charges { // in the order of time
		if at := c.at + m.r.Window.Microseconds(); at > now && m.used(at)+cost <= m.r.Limit {
			return at - now
		}
	}
	return -1
}

func (m *slidingLog) remaining(now int64) int64 { return m.r.Limit - m.used(now) }

func (m *slidingLog) charge(cost, now int64) func(int64) {
	c := &loggedCharge{now, cost}
	m.charges = append(m.charges, c)
	return func(int64) { c.n = 0 }
}

func (m *slidingLog) check(t *rapid.T) {
	for _, c := range m.charges {
		if n := m.used(c.at) - m.used(c.at+m.r.Window.Microseconds()); n > m.r.Limit && c.n > 0 {
			t.Fatalf("%d charges within a window", n)
		}
	}
}

// bucket is GCRA in rational numbers.
type bucket struct {
	r      Rule
	tat    *big.Rat
	given  *big.Rat
	period int
	kept   slidingLog // for check alone
}

func rat(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

func (m *bucket) drain(n int64) *big.Rat {
	return new(big.Rat).Quo(rat(n*m.r.Window.Microseconds()), rat(m.r.Limit))
}

func (m *bucket) used(now int64) *big.Rat {
	if m.tat == nil || m.tat.Cmp(rat(now)) <= 0 {
		return new(big.Rat)
	}
	return new(big.Rat).Sub(m.tat, rat(now))
}

func ceil(r *big.Rat) int64 {
	n := new(big.Int).Add(r.Num(), new(big.Int).Sub(r.Denom(), big.NewInt(1)))
	return n.Div(n, r.Denom()).Int64()
}

func (m *bucket) burst() int64 {
	if m.r.Burst > 0 {
		return m.r.Burst
	}
	return m.r.Limit
}

func (m *bucket) retry(cost, now int64) int64 {
	excess := new(big.Rat).Add(m.used(now), m.drain(cost))
	excess.Sub(excess, m.drain(m.burst()))
	return max(0, ceil(excess))
}

func (m *bucket) remaining(now int64) int64 {
	n := int64(0)
	for n < m.burst() && m.retry(n+1, now) == 0 {
		n++
	}
	return n
}

func (m *bucket) charge(cost, now int64) func(int64) {
	if m.used(now).Sign() == 0 {
		m.tat, m.given = rat(now), new(big.Rat)
		m.period++
	}
	m.tat = new(big.Rat).Add(m.tat, m.drain(cost))
	ends, period := new(big.Rat).Add(m.tat, m.given), m.period
	kept := m.kept.charge(cost, now)
	return func(now int64) {
		kept(now)
		left := new(big.Rat).Sub(ends, m.given)
		if left.Cmp(m.tat) > 0 {
			left.Set(m.tat)
		}
		left.Sub(left, rat(now))
		if period != m.period || left.Sign() <= 0 {
			return
		}
		if left.Cmp(m.drain(cost)) > 0 {
			left = m.drain(cost)
		}
		m.tat = new(big.Rat).Sub(m.tat, left)
		m.given = new(big.Rat).Add(m.given, left)
	}
}

func (m *bucket) check(t *rapid.T) {
	for i, first := range m.kept.charges {
		n := int64(0)
		for _, last := range m.kept.charges[i:] {
			n += last.n
			most := new(big.Rat).Quo(rat((last.at-first.at)*m.r.Limit), rat(m.r.Window.Microseconds()))
			if first.n > 0 && rat(n).Cmp(most.Add(most, rat(m.burst()))) > 0 {
				t.Fatalf("%d charges of %+v within %d microseconds", n, m.r, last.at-first.at)
			}
		}
	}
}

// place is where charges are counted: Redis or memory.
type place interface {
	take(t *rapid.T, c Charge, charging bool) Result
	refund(t *rapid.T, r Result)
	reset(t *rapid.T, c Charge)
	setTime(t *rapid.T, now int64)
}

type redisPlace struct {
	*Limiter
	clock string
}

// slowTTLs makes keys live a million times longer, because only the scripts have the
// other clock: Redis's own would end keys too early. By the scripts' clock no key ends
// by itself, so nothing may depend on it.
const slowTTLs = `
local redis = (function(redis)
  local function slow(f)
    return function(name, a, b, c, d)
      if name == 'SET' and d then return f(name, a, b, c, string.format('%.0f', d * 1000000)) end
      if name == 'SET' then return f(name, a, b, c) end
      if name == 'PEXPIRE' then return f(name, a, string.format('%.0f', b * 1000000)) end
      if name == 'PTTL' then
        local ttl = f(name, a)
        if ttl > 0 then ttl = math.ceil(ttl / 1000000) end
        return ttl
      end
      return f(name, a)
    end
  end
  return {call = slow(redis.call), pcall = slow(redis.pcall)}
end)(redis)
`

// newRedisPlace returns a limiter whose Redis has the clock of a key.
func newRedisPlace(client rueidis.Client, prefix string) redisPlace {
	l := New(client, Options{Prefix: prefix + "rate:", RedisTimeout: 20 * time.Second, RememberDenials: -1})
	l.scripts = newScripts(slowTTLs + "local now = tonumber(redis.call('GET', '" + prefix + "clock'))\n")
	return redisPlace{l, prefix + "clock"}
}

func (p redisPlace) take(t *rapid.T, c Charge, charging bool) Result {
	var res Result
	var err error
	if charging {
		res, err = p.TakeEach(context.Background(), c)
	} else {
		res, err = p.Peek(context.Background(), c.Subject, c.Rules...)
	}
	if err != nil || res.Degraded {
		t.Fatalf("%+v, %v", res, err)
	}
	return res
}

func (p redisPlace) refund(t *rapid.T, r Result) {
	if err := p.Refund(context.Background(), r); err != nil {
		t.Fatal(err)
	}
}

func (p redisPlace) reset(t *rapid.T, c Charge) {
	if err := p.Reset(context.Background(), c.Subject, c.Rules...); err != nil {
		t.Fatal(err)
	}
}

func (p redisPlace) setTime(t *rapid.T, now int64) {
	b := p.client.B()
	if err := p.client.Do(context.Background(), b.Set().Key(p.clock).Value(strconv.FormatInt(now, 10)).Build()).Error(); err != nil {
		t.Fatal(err)
	}
}

type localPlace struct {
	*Limiter
	now time.Time
}

func newLocalPlace() *localPlace {
	p := &localPlace{Limiter: &Limiter{local: newLocalStore(1000)}}
	p.local.now = func() time.Time { return p.now }
	return p
}

func (p *localPlace) take(t *rapid.T, c Charge, charging bool) Result {
	res, err := p.without("take", c, c.keys("rate:"), errHeldBack, charging)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func (p *localPlace) refund(t *rapid.T, r Result) {
	if err := p.Refund(context.Background(), r); err != nil {
		t.Fatal(err)
	}
}

func (p *localPlace) reset(_ *rapid.T, c Charge) { p.local.reset(c.keys("rate:")) }

func (p *localPlace) setTime(_ *rapid.T, now int64) { p.now = time.UnixMicro(now) }

const modelBegin = 1_800_000_000_000_000 // an instant in 2027

// timed are rules whose models are exact. All their times are whole microseconds, but
// those of thirds, whose charges are not refunded here.
var timed = []Rule{
	{Name: "s3", Limit: 3, Window: 10 * time.Millisecond, Algorithm: SlidingWindow},
	{Name: "s64", Limit: 64, Window: time.Second, Algorithm: SlidingWindow},
	{Name: "g5", Limit: 5, Window: 10 * time.Millisecond, Algorithm: GCRA},
	{Name: "g10", Limit: 10, Window: time.Second, Algorithm: GCRA, Burst: 3},
	{Name: "thirds", Limit: 3, Window: 10 * time.Millisecond, Algorithm: GCRA},
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
	thirds  bool
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
	var retry int64
	for _, r := range c.Rules {
		retry = max(retry, m.meter(c.Subject, r).retry(c.Cost, m.now))
	}
	res := m.place.take(rt, c, charging)
	if res.Allowed != (retry == 0) || res.RetryAfter != time.Duration(retry)*time.Microsecond {
		rt.Fatalf("%+v of %+v: the model admits it in %d microseconds", res, c, retry)
	}
	done := timedResult{res: res}
	for _, r := range c.Rules {
		if res.Allowed && charging {
			done.refunds = append(done.refunds, m.meter(c.Subject, r).charge(c.Cost, m.now))
		}
		done.thirds = done.thirds || r.Name == "thirds"
		if want := m.meter(c.Subject, r).remaining(m.now); r.Name == res.Rule && res.Remaining != want {
			rt.Fatalf("%+v: the model has %d remaining", res, want)
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
			if r.thirds {
				rt.Skip("refunds of thirds are rounded")
			}
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
	client := redistest.Shared(t).Client(t)
	for name, make := range map[string]func() place{
		"redis": func() place { return newRedisPlace(client, redistest.Prefix(t)) },
		"local": func() place { return newLocalPlace() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				m := &modelRun{place: make(), now: modelBegin, meters: map[string]modelMeter{}}
				m.repeat(rt)
				if p, ok := m.place.(redisPlace); ok {
					p.Close()
				}
			})
		})
	}
}

// Above 64 charges share entries: never more than the limit in any span of a window,
// and no denial where that and a 64th more would not deny too.
func TestGreatSlidingWindowsErrByA64thOnly(t *testing.T) {
	t.Parallel()
	client := redistest.Shared(t).Client(t)
	r := Rule{Name: "s", Limit: 200, Window: 640 * time.Millisecond, Algorithm: SlidingWindow}
	longer := r
	longer.Window = 650 * time.Millisecond
	for name, make := range map[string]func() place{
		"redis": func() place { return newRedisPlace(client, redistest.Prefix(t)) },
		"local": func() place { return newLocalPlace() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				p, now := make(), int64(modelBegin)
				exact, late := slidingLog{r: r}, slidingLog{r: longer}
				for range rapid.IntRange(1, 100).Draw(rt, "steps") {
					now += rapid.SampledFrom([]int64{0, 1, 100, 5000, 9999, 10_000, 50_000, 300_000}).Draw(rt, "time")
					p.setTime(rt, now)
					c := Charge{Subject: "s", Rules: []Rule{r}, Cost: rapid.Int64Range(1, 60).Draw(rt, "cost")}
					res := p.take(rt, c, true)
					if res.Allowed && exact.retry(c.Cost, now) != 0 {
						rt.Fatalf("%+v is more than the limit", res)
					}
					if !res.Allowed && late.retry(c.Cost, now) == 0 {
						rt.Fatalf("%+v is denied too long", res)
					}
					if res.Allowed {
						exact.charge(c.Cost, now)
						late.charge(c.Cost, now)
						continue
					}
					retry := res.RetryAfter.Microseconds()
					p.setTime(rt, now+retry-1)
					if p.take(rt, c, true).Allowed {
						rt.Fatalf("%+v: admitted before", res)
					}
					now += retry
					p.setTime(rt, now)
					if !p.take(rt, c, true).Allowed {
						rt.Fatalf("%+v: not admitted then", res)
					}
					exact.charge(c.Cost, now)
					late.charge(c.Cost, now)
				}
				exact.check(rt)
				if p, ok := p.(redisPlace); ok {
					p.Close()
				}
			})
		})
	}
}
