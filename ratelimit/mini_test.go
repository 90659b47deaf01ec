package ratelimit_test

import (
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/ratelimit"
)

// The scripts also run in miniredis, which has another Lua.
func TestScriptsRunInMiniredis(t *testing.T) {
	t.Parallel()
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{miniredis.RunT(t).Addr()}, ForceSingleClient: true, AlwaysRESP2: true, DisableCache: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	b := newBedOn(t, client, ratelimit.Options{})
	var rules []ratelimit.Rule
	for _, a := range algorithms {
		r := with(rule("alone", 2), a)
		r.Window = ratelimit.MaxWindow
		rules = append(rules, r)
		for i, want := range []bool{true, true, false} {
			if res := b.take(t, "s", r); res.Allowed != want || res.Degraded {
				t.Errorf("%v, request %d: %+v", a, i+1, res)
			}
		}
	}
	first := b.take(t, "other", rules...)
	b.take(t, "other", rules...)
	if res := b.take(t, "other", rules...); res.Allowed || res.RetryAfter <= 0 {
		t.Errorf("the third: %+v", res)
	}
	b.refund(t, first)
	for _, r := range rules {
		if r.Algorithm == ratelimit.GCRA {
			continue // a part of the first charge has drained
		}
		if res := b.peek(t, "other", r); res.Remaining != 1 {
			t.Errorf("after the refund: %+v", res)
		}
	}
	b.checkTTLs(t)
}
