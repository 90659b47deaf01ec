package cachetest

import (
	"context"
	"sync"
	"testing"
	"time"
)

// patience is how long anything here waits before it fails the test: far longer
// than a healthy test needs on a busy machine.
const patience = 20 * time.Second

// Gate is where the loads of a [Source] wait; [Source.Hold] makes it. A load whose
// context ends leaves it. (Package cache ends loads after Options.LoadTimeout and
// at Close, so that a gate which is never released blocks nothing for ever.)
type Gate struct {
	mu       sync.Mutex
	waiting  int
	released bool
	open     chan struct{} // closed by Release
	changed  chan struct{} // closed, and made anew, when waiting changes
}

func newGate() *Gate {
	return &Gate{open: make(chan struct{}), changed: make(chan struct{})}
}

// Wait returns when at least n loads wait at the gate at the same time, and fails
// the test if that does not happen, or cannot because the gate was released.
func (g *Gate) Wait(tb testing.TB, n int) {
	tb.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		waiting, released, changed := g.state()
		switch {
		case released:
			tb.Fatalf("cachetest: waiting for %d held loads at a gate that was released", n)
			return
		case waiting >= n:
			return
		}
		select {
		case <-changed:
		case <-g.open:
		case <-timeout.C:
			tb.Fatalf("cachetest: %d loads wait at the gate after %v, want %d", waiting, patience, n)
			return
		}
	}
}

// Release lets the waiting loads go on; later ones pass without waiting. Releasing
// again does nothing.
func (g *Gate) Release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.released {
		g.released = true
		close(g.open)
	}
}

// pass returns nil once the gate is released, or the error of a context that ends
// before.
func (g *Gate) pass(ctx context.Context) error {
	g.count(1)
	defer g.count(-1)
	select {
	case <-g.open:
	case <-ctx.Done():
	}
	return ctx.Err()
}

func (g *Gate) count(delta int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting += delta
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *Gate) state() (waiting int, released bool, changed <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting, g.released, g.changed
}
