package ratelimit

import (
	"slices"
	"sync"
	"sync/atomic"
)

// maxCached bounds the sets of rules whose headers are kept. A service has a few plans;
// one that invents rules for each request pays for their headers each time.
const maxCached = 32

// HeaderCache makes and keeps [Headers] where the rules depend on the request, or
// change while the program runs. It keeps those of the 32 sets that were new last. The
// zero value is empty and ready; it is safe for concurrent use.
type HeaderCache struct {
	known atomic.Pointer[[]*Headers]
	mu    sync.Mutex // of those who add
}

// Of returns the headers of a set of rules, which is recognised by its values.
func (c *HeaderCache) Of(rules ...Rule) *Headers {
	if h, _ := c.find(rules); h != nil {
		return h
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	h, known := c.find(rules)
	if h != nil {
		return h
	}
	h = NewHeaders(rules...)
	all := append(slices.Clone(known[max(0, len(known)-maxCached+1):]), h)
	c.known.Store(&all)
	return h
}

func (c *HeaderCache) find(rules []Rule) (found *Headers, known []*Headers) {
	if all := c.known.Load(); all != nil {
		known = *all
	}
	for _, h := range known {
		if slices.Equal(h.rules, rules) {
			return h, known
		}
	}
	return nil, known
}
