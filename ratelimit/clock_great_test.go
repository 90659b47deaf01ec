package ratelimit

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Above 64 charges share entries: never more than the limit in any span of a window,
// and no denial where that and a 64th more would not deny too.
func TestGreatSlidingWindowsErrByA64thOnly(t *testing.T) {
	t.Parallel()
	r := Rule{Name: "s", Limit: 200, Window: 640 * time.Millisecond, Algorithm: SlidingWindow}
	longer := r
	longer.Window = 650 * time.Millisecond
	onEachPlace(t, func(rt *rapid.T, p place) {
		now := int64(modelBegin)
		exact, late := slidingLog{r: r}, slidingLog{r: longer}
		for range rapid.IntRange(1, 100).Draw(rt, "steps") {
			now += rapid.SampledFrom([]int64{0, 1, 100, 5000, 9999, 10_000, 50_000, 300_000}).Draw(rt, "time")
			p.setTime(rt, now)
			c := Charge{Subject: "s", Rules: []Rule{r}, Cost: rapid.Int64Range(1, 60).Draw(rt, "cost")}
			res := p.take(rt, c, true)
			if res.Allowed && exact.wait(c.Cost, now) != 0 {
				rt.Fatalf("%+v is more than the limit", res)
			}
			if !res.Allowed && late.wait(c.Cost, now) == 0 {
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
	})
}
