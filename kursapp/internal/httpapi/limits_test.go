package httpapi

import (
	"slices"
	"strings"
	"testing"
)

func TestListOfLimits(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	w := s.do(t, "GET", "/limits", "")
	const first = `{"degraded":false,"you":"127.0.0.1","rules":[{"name":"data","limit":10,"window_ms":60000,"algorithm":"fixed","burst":0,"subject":"address","guards":"GET /api/data","without_redis":"open","off":false},`
	const last = `{"name":"global","limit":600,"window_ms":60000,"algorithm":"fixed","burst":0,"subject":"address","guards":"all requests of one client","without_redis":"local","off":true}]}`
	if w.Code != 200 || !strings.HasPrefix(body(w), first) || !strings.HasSuffix(body(w), last) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// Nobody need have been charged since Redis is gone.
	gone := newSite(t, Demo, func(d *Deps, _ *Config) { d.RedisHealthy = func() bool { return false } })
	if w := gone.do(t, "GET", "/limits", ""); !strings.HasPrefix(body(w), `{"degraded":true,`) {
		t.Errorf("without Redis: %s", w.Body)
	}
}

func TestStateAndResetOfALimit(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	w := s.do(t, "POST", "/limits/state", `{"rule":"data","subject":""}`)
	if w.Code != 200 || body(w) != `{"rule":"data","subject":"127.0.0.1","limit":10,"remaining":3,"reset_ms":12,"retry_after_ms":1000,"key":"rate:data:{127.0.0.1}","ttl_ms":60000}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.do(t, "POST", "/limits/reset", `{"rule":"login-account","subject":"max@example.com"}`); w.Code != 200 || body(w) != `{"message":"Limit zurückgesetzt"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// Only an address can be the asker's own.
	for _, target := range []string{"/limits/state", "/limits/reset"} {
		w := s.do(t, "POST", target, `{"rule":"login-account"}`)
		if p := problem(t, w); w.Code != 422 || p.Detail != "Ungültige Eingabe: Feld „subject“ fehlt." {
			t.Errorf("%s: %+v", target, p)
		}
	}
	if want := []string{"state data 127.0.0.1", "reset login-account max@example.com"}; !slices.Equal(s.limits.asked, want) {
		t.Errorf("asked %q, want %q", s.limits.asked, want)
	}
}
