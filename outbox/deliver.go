package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxHanging bounds how many calls of a sink may be under way that ignore the end
// of their context. One that hangs on a dead connection must not end all delivery,
// and a sink that always hangs must not fill the memory.
const maxHanging = 8

var errHanging = errors.New("outbox: the sink hangs in too many calls")

// batch relays one batch. It returns an error if nothing was delivered although
// there was something.
func (r *Relay) batch(ctx context.Context) (taken, delivered int, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.Deadline)
	defer cancel()
	var b delivery
	taken, delivered, err = r.source.Take(ctx, r.o.BatchSize, func(ctx context.Context, rows []Row) []error {
		b = r.deliver(ctx, rows)
		return b.results
	})
	if err != nil {
		return 0, 0, fmt.Errorf("outbox: take rows: %w", err)
	}
	r.delivered.Add(int64(delivered))
	r.refused.Add(int64(taken - delivered))
	if i := slices.IndexFunc(b.results, func(err error) bool { return err != nil }); i >= 0 {
		err = fmt.Errorf("outbox: %d of %d rows were not confirmed, the first because of: %w", taken-delivered, taken, b.results[i])
		if delivered == 0 {
			return taken, 0, err
		}
		// Some arrived: Redis is there, and one bad row must not slow the others.
		r.o.OnError(err)
	}
	b.report(r.o.OnDelivered)
	return taken, delivered, nil
}

// delivery is one call of the sink and what came of it.
type delivery struct {
	rows       []Row
	results    []error
	start, end time.Time
}

// deliver calls the sink, and returns in time whatever the sink does.
func (r *Relay) deliver(ctx context.Context, rows []Row) delivery {
	b := delivery{rows: rows, start: time.Now()}
	left := r.o.Deadline
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	ctx, cancel := context.WithTimeout(ctx, left*3/4)
	defer cancel()
	var err error
	b.results, err = guard(ctx, r.calls, left/8, func() ([]error, error) {
		results := r.sink.Deliver(ctx, rows)
		if len(results) != len(rows) {
			// A sink that loses count must not mark the wrong rows.
			return nil, fmt.Errorf("outbox: the sink answered %d of %d rows", len(results), len(rows))
		}
		return results, nil
	})
	if err != nil {
		b.results = slices.Repeat([]error{err}, len(rows))
	}
	b.end = time.Now()
	return b
}

// guard calls a method of the sink. It returns at the latest grace after the end of
// ctx, in which a sink that heeds its context says what it achieved, and makes an
// error of a panic.
func guard[T any](ctx context.Context, calls chan struct{}, grace time.Duration, call func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var none T
	select {
	case calls <- struct{}{}:
	default:
		return none, errHanging
	}
	done := make(chan answer, 1)
	go func() {
		defer func() { <-calls }()
		defer func() {
			if p := recover(); p != nil {
				done <- answer{err: fmt.Errorf("outbox: the sink panicked: %v", p)}
			}
		}()
		value, err := call()
		done <- answer{value, err}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.value, a.err
	case <-timer.C:
		return none, fmt.Errorf("outbox: the sink did not return: %w", ctx.Err())
	}
}

func (b *delivery) report(tell func(Row, time.Duration)) {
	for i, row := range b.rows {
		if b.results[i] == nil {
			tell(row, b.latency(row))
		}
	}
}

// latency uses the database's clock up to the taking of the row and this process's
// from there, so that a difference between the two does not show.
func (b *delivery) latency(row Row) time.Duration {
	switch {
	case row.Repeated:
		return 0
	case row.Waited > 0:
		return row.Waited + b.end.Sub(b.start)
	case !row.CreatedAt.IsZero():
		return max(0, b.end.Sub(row.CreatedAt))
	default:
		return 0
	}
}
