package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Relay moves rows from a source to a sink. Several relays may work on one
// source: the source gives each row to one of them at a time.
type Relay struct {
	source Source
	sink   Sink
	o      Options
	wake   chan struct{}
	check  chan struct{} // asks for the identity before its time
	calls  chan struct{} // one element for each call of the sink that has not returned
	ids    identities

	delivered, refused, repeated, failures atomic.Int64
}

// Stats count what a relay did since it was made.
type Stats struct {
	// Delivered rows were confirmed by the sink and marked.
	Delivered int64
	// Refused counts attempts at rows that the sink did not confirm.
	Refused int64
	// Repeated rows were made to wait again because Redis may have lost data.
	Repeated int64
	// Failures are batches of which nothing was delivered.
	Failures int64
}

// NewRelay returns a relay that does nothing until Run is called.
func NewRelay(source Source, sink Sink, o Options) *Relay {
	return &Relay{
		source: source, sink: sink, o: o.withDefaults(),
		wake: make(chan struct{}, 1), check: make(chan struct{}, 1), calls: make(chan struct{}, maxHanging),
	}
}

// Wake makes a relay that sleeps or pauses look at once. It never blocks, and may
// be called when the relay does not run.
func (r *Relay) Wake() { signal(r.wake) }

// Stats may be called at any time.
func (r *Relay) Stats() Stats {
	return Stats{
		Delivered: r.delivered.Load(), Refused: r.refused.Load(),
		Repeated: r.repeated.Load(), Failures: r.failures.Load(),
	}
}

// Run relays until ctx ends and returns nil. Failures of the source or the sink
// are reported to Options.OnError and tried again; none ends it. A batch that is
// under way when ctx ends is cut off, and its rows wait for the next relay.
func (r *Relay) Run(ctx context.Context) error {
	var helpers sync.WaitGroup
	defer helpers.Wait()
	asked := make(chan struct{})
	helpers.Go(func() { r.watchIdentity(ctx, sync.OnceFunc(func() { close(asked) })) })
	helpers.Go(func() { r.sweepRegularly(ctx) })

	// Rows that go out before the first comparison would be repeated by it.
	select {
	case <-asked:
	case <-ctx.Done():
	}
	p := pace{o: r.o, pause: r.o.MaxPause, backoff: r.o.MinPause}
	for ctx.Err() == nil {
		r.repeatIfLost(ctx)
		taken, delivered, err := r.batch(ctx)
		if ctx.Err() != nil {
			return nil // the batch was cut off by the stop, and its rows wait again
		}
		if err != nil {
			r.failures.Add(1)
			r.o.OnError(err)
			signal(r.check) // a failing Redis may be one that comes back without its data
			wait(ctx, p.afterFailure(), nil)
			continue
		}
		if d, asleep := p.after(taken, delivered); asleep {
			if early := r.sleep(ctx, d); early {
				p.woken()
			}
		} else if d > 0 {
			wait(ctx, d, r.wake)
		}
	}
	return nil
}

// sleep lets the source wait for rows. early says that something ended it before
// its time.
func (r *Relay) sleep(ctx context.Context, d time.Duration) (early bool) {
	start := time.Now()
	parent := ctx
	ctx, stop := context.WithCancel(parent)
	defer stop()
	var woken sync.WaitGroup
	defer woken.Wait()
	woken.Go(func() {
		select {
		case <-r.wake:
			stop()
		case <-ctx.Done():
		}
	})
	err := r.source.Wait(ctx, d)
	if err != nil && parent.Err() == nil && !errors.Is(err, context.Canceled) {
		r.o.OnError(fmt.Errorf("outbox: wait for rows: %w", err))
		// A source that cannot wait is polled.
		wait(ctx, d-time.Since(start), nil)
	}
	early = time.Since(start) < d
	stop()
	return early
}

func (r *Relay) sweepRegularly(ctx context.Context) {
	next := r.o.SweepInterval
	for {
		wait(ctx, next, nil)
		if ctx.Err() != nil {
			return
		}
		n, err := r.source.Sweep(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			r.o.OnError(fmt.Errorf("outbox: sweep: %w", err))
			next = r.o.SweepInterval
		case n > 0: // there may be more
			next = r.o.SweepInterval / 50
		default:
			next = r.o.SweepInterval
		}
	}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// wait waits for d, for the end of ctx, or for wake.
func wait(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-wake:
	}
}
