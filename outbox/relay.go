package outbox

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Options set the pace of a Relay. The zero value works.
type Options struct {
	// BatchSize is how many rows are taken at once. Range 1 to 1,000.
	// Default: 1,000.
	BatchSize int
	// Deadline bounds one batch from taking it to marking it, so that a stalled
	// Redis holds no row locks for longer. Default: 1 s.
	Deadline time.Duration
	// PollInterval is how long the relay waits when no row waits, unless Wake
	// is called. Default: 1 s.
	PollInterval time.Duration
	// MinBackoff and MaxBackoff bound the wait after a failure; it doubles from
	// one to the other. Default: 2 ms and 1 s.
	MinBackoff, MaxBackoff time.Duration
	// OnError is told of every failed batch, and of every row that the sink did
	// not confirm. It must not block. Default: none.
	OnError func(error)
}

const maxBatchSize = 1000

func (o Options) withDefaults() Options {
	if o.BatchSize <= 0 || o.BatchSize > maxBatchSize {
		o.BatchSize = maxBatchSize
	}
	if o.Deadline <= 0 {
		o.Deadline = time.Second
	}
	if o.PollInterval <= 0 {
		o.PollInterval = time.Second
	}
	if o.MinBackoff <= 0 {
		o.MinBackoff = 2 * time.Millisecond
	}
	if o.MaxBackoff <= 0 {
		o.MaxBackoff = time.Second
	}
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	return o
}

// Relay moves rows from a source to a sink. Several relays may work on one
// source: the source gives each row to one of them at a time.
type Relay struct {
	source Source
	sink   Sink
	o      Options
	wake   chan struct{}
}

// NewRelay returns a relay that does nothing until Run is called.
func NewRelay(source Source, sink Sink, o Options) *Relay {
	return &Relay{source: source, sink: sink, o: o.withDefaults(), wake: make(chan struct{}, 1)}
}

// Wake makes a relay that waits for its next poll look at once. It never
// blocks, and may be called when the relay does not run.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run relays until ctx ends and returns nil. Failures of the source or the sink
// are reported to Options.OnError and tried again; none ends it.
func (r *Relay) Run(ctx context.Context) error {
	backoff := r.o.MinBackoff
	for ctx.Err() == nil {
		more, err := r.batch(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil //nolint:nilerr // the batch was cut off by the stop, and its rows wait again
		case err != nil:
			r.o.OnError(err)
			pause(ctx, backoff, nil) // new rows are no reason to ask a dead Redis sooner
			backoff = min(2*backoff, r.o.MaxBackoff)
		case more:
			backoff = r.o.MinBackoff
		default:
			backoff = r.o.MinBackoff
			pause(ctx, r.o.PollInterval, r.wake)
		}
	}
	return nil
}

// batch relays one batch. more says that the source may have further rows now.
func (r *Relay) batch(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.Deadline)
	defer cancel()
	var refused error
	taken, delivered, err := r.source.Take(ctx, r.o.BatchSize, func(ctx context.Context, rows []Row) []error {
		results := r.sink.Deliver(ctx, rows)
		if len(results) != len(rows) {
			// A sink that loses count must not mark the wrong rows.
			refused = fmt.Errorf("outbox: the sink answered %d of %d rows", len(results), len(rows))
			return slices.Repeat([]error{refused}, len(rows))
		}
		if i := slices.IndexFunc(results, func(err error) bool { return err != nil }); i >= 0 {
			refused = results[i]
		}
		return results
	})
	if err != nil {
		return false, fmt.Errorf("outbox: take rows: %w", err)
	}
	if refused != nil {
		refused = fmt.Errorf("outbox: %d of %d rows were not confirmed, the first because of: %w", taken-delivered, taken, refused)
		if delivered == 0 {
			return false, refused
		}
		// Some arrived: Redis is there, and one bad row must not slow the others.
		r.o.OnError(refused)
	}
	return delivered > 0 && taken == r.o.BatchSize, nil
}

// pause waits for d, for the end of ctx, or for wake.
func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-wake:
	}
}
