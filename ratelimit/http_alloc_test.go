//go:build !race

package ratelimit_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/ratelimit"
)

// What a refusal says is made once. Finding the client behind a proxy costs nothing
// but its name.
func TestRefusalsAllocateNothing(t *testing.T) {
	h := ratelimit.NewHeaders(perMinute)
	header := http.Header{}
	res := ratelimit.Result{Rule: "data", Limit: 2, RetryAfter: 37 * time.Second}
	if n := testing.AllocsPerRun(100, func() { clear(header); h.Set(header, res) }); n != 0 {
		t.Errorf("the headers of a refusal take %v allocations", n)
	}
	var cache ratelimit.HeaderCache
	if n := testing.AllocsPerRun(100, func() { clear(header); cache.Of(perMinute).Set(header, res) }); n != 0 {
		t.Errorf("from the cache they take %v allocations", n)
	}
	for name, r := range map[string]*http.Request{
		"X-Forwarded-For": from(proxy, "X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.0.0.2"),
		"no proxy":        from("192.0.2.1:1"),
	} {
		if n := testing.AllocsPerRun(100, func() { trusted.ClientAddr(r) }); n != 0 {
			t.Errorf("%s: finding the client takes %v allocations", name, n)
		}
		if n := testing.AllocsPerRun(100, func() { trusted.ClientPrefix(r) }); n > 1 {
			t.Errorf("%s: naming the client takes %v allocations", name, n)
		}
	}
	forwarded, r := trusted.Forwarded(), from(proxy, `Forwarded: for=203.0.113.9, for="[2001:db8::1]";proto=https, for=10.0.0.2`)
	if n := testing.AllocsPerRun(100, func() { forwarded.ClientAddr(r) }); n > 1 {
		t.Errorf("Forwarded: finding the client takes %v allocations", n)
	}
}
