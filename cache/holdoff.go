package cache

import (
	"sync"
	"time"
)

const (
	// holdoffTime is how long a load that failed is not tried again where nobody
	// must have it.
	holdoffTime = time.Second
	// maxHoldoffs bounds how many keys are remembered.
	maxHoldoffs = 10_000
)

// holdoff remembers which keys' loads failed a moment ago, so that a database in
// trouble is not asked again by every read that has something else to return.
type holdoff struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// begin remembers a key. When too many are remembered, all are forgotten: a load too
// many does no harm.
func (h *holdoff) begin(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.until == nil || len(h.until) >= maxHoldoffs {
		h.until = map[string]time.Time{}
	}
	h.until[name] = time.Now().Add(holdoffTime)
}

// active reports whether a key's load failed a moment ago.
func (h *holdoff) active(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	until, ok := h.until[name]
	if ok && !time.Now().Before(until) {
		delete(h.until, name)
		return false
	}
	return ok
}
