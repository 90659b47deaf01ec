package ownredis

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// patience is how long a client may take to be connected again: far longer than one
// needs on a busy machine.
const patience = 20 * time.Second

// Outage makes the test's Redis unavailable until end is called, or to the test's end.
// What a server keeps depends on its options; miniredis keeps everything. When end
// returns, all clients of the test are connected again. Calling it again does nothing.
func (h *Homes) Outage(tb testing.TB) (end func()) {
	tb.Helper()
	own, ok := h.find(tb)
	if !ok {
		tb.Fatalf("%s: Outage: this test has no Redis; call Redis with the same testing.TB before", h.owner)
	}
	own.down(tb)
	var once sync.Once
	return func() {
		tb.Helper()
		once.Do(func() {
			own.up(tb)
			h.reconnect(tb, own)
		})
	}
}

// reconnect returns when every client has an answer.
func (h *Homes) reconnect(tb testing.TB, own *home) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	own.mu.Lock()
	defer own.mu.Unlock()
	for _, client := range own.clients {
		for {
			err := client.Do(ctx, client.B().Ping().Build()).Error()
			if err == nil || errors.Is(err, rueidis.ErrClosing) { // a client may end before its test
				break
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				tb.Fatalf("%s: a client is not connected %v after the outage: %v", h.owner, patience, err)
			}
		}
	}
}
