package ratelimit

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"pgregory.net/rapid"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

const modelBegin = 1_800_000_000_000_000 // an instant in 2027

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

// onEachPlace runs a test of properties where charges are counted.
func onEachPlace(t *testing.T, property func(*rapid.T, place)) {
	t.Helper()
	client := redistest.Shared(t).Client(t)
	for name, fresh := range map[string]func() (place, func()){
		"redis": func() (place, func()) { p := newRedisPlace(client, redistest.Prefix(t)); return p, p.Close },
		"local": func() (place, func()) { return newLocalPlace(), func() {} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				p, closed := fresh()
				defer closed()
				property(rt, p)
			})
		})
	}
}
