package outbox

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// identities is what a relay knows of the data that Redis holds.
//
// A loss of data is noticed by the relay that sees the identity change, not only
// by the first of several: one may have delivered to a master that was given up
// already, after another had seen its successor and had everything repeated. So a
// relay that delivered rows under its old identity hands the source that one once
// more, and then the new one: the second call finds a difference for certain.
type identities struct {
	mu      sync.Mutex
	current string // as last seen; empty before
	// The rest belongs to the goroutine of Run.
	known     string // the one that the source was told
	delivered int64  // how many rows had been delivered then
}

func (i *identities) see(identity string) (changed bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	changed = i.current != identity
	i.current = identity
	return changed
}

func (i *identities) seen() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.current
}

// watchIdentity asks for the identity regularly, beside the deliveries: asking a
// dead node takes time. It calls asked after each answer, or failure.
func (r *Relay) watchIdentity(ctx context.Context, asked func()) {
	failed := false
	for ctx.Err() == nil {
		identity, err := r.askIdentity(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !failed { // once for each time that Redis is away
				r.o.OnError(fmt.Errorf("outbox: identity of Redis: %w", err))
			}
			failed = true
		default:
			failed = false
			if r.ids.see(identity) {
				r.Wake()
			}
		}
		asked()
		wait(ctx, r.o.CheckInterval/10, nil) // failures may come in quick succession
		wait(ctx, r.o.CheckInterval-r.o.CheckInterval/10, r.check)
	}
}

func (r *Relay) askIdentity(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.Deadline)
	defer cancel()
	return guard(ctx, r.calls, 0, func() (string, error) { return r.sink.Identity(ctx) })
}

// repeatTimeout bounds the update of a minute's rows.
const repeatTimeout = 30 * time.Second

// repeatIfLost makes rows wait again if the identity changed. Between two batches,
// so that none of this relay is under way.
func (r *Relay) repeatIfLost(ctx context.Context) {
	current := r.ids.seen()
	if current == "" || current == r.ids.known {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, repeatTimeout)
	defer cancel()
	told := []string{current}
	if r.ids.known != "" && r.delivered.Load() != r.ids.delivered {
		told = []string{r.ids.known, current}
	}
	for _, identity := range told {
		n, err := r.source.Repeat(ctx, identity)
		if err != nil {
			if ctx.Err() == nil {
				r.o.OnError(fmt.Errorf("outbox: repeat rows: %w", err))
			}
			return // the next look tries again
		}
		r.repeated.Add(int64(n))
	}
	r.ids.known, r.ids.delivered = current, r.delivered.Load()
}
