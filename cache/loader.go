package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// loaded is what the loader said.
type loaded[V any] struct {
	value V
	err   error
	took  time.Duration
	step  int // of the flight, during which the load ran
}

// failed reports whether there is neither a value nor the certainty that there is
// none.
func (l loaded[V]) failed() bool { return l.err != nil && !errors.Is(l.err, ErrNotFound) }

// askLoader calls the loader for a flight: in a free slot, bounded by LoadTimeout, and
// without the end of the caller's context.
func (c *Cache[K, V]) askLoader(f *flight[K, V]) loaded[V] {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(f.values), c.o.LoadTimeout)
	if err := c.takeSlot(f); err != nil {
		cancel()
		return loaded[V]{err: err}
	}
	step, ok := c.beginLoad(f)
	if !ok {
		<-c.slots
		cancel()
		return loaded[V]{err: errAlone}
	}
	unhook := context.AfterFunc(c.ctx, cancel)
	result := make(chan loaded[V], 1)
	began := time.Now()
	go func() {
		defer cancel()
		defer unhook()
		defer func() { <-c.slots }() // not before the loader is really done
		c.callLoader(ctx, f.key, result)
	}()
	l := c.outlast(ctx, result)
	c.local.drop(f.name) // nobody goes back behind what this load brings
	l.step, l.took = step, time.Since(began)
	c.count.loads.Add(1)
	if l.failed() {
		c.count.loadErrors.Add(1)
		if c.o.StaleIfError > 0 {
			c.failing.begin(f.name)
		}
	}
	c.emit(Event{Kind: EventLoad, Key: f.name, Duration: l.took, Err: l.err})
	return l
}

// outlast waits for a load, but not longer than for the end of its context: a
// loader that ignores it keeps its slot and nothing else.
func (c *Cache[K, V]) outlast(ctx context.Context, result <-chan loaded[V]) (l loaded[V]) {
	select {
	case l = <-result:
	case <-ctx.Done():
		select {
		case l = <-result: // both happened
		default:
			l.err = fmt.Errorf("no answer within %v: %w", c.o.LoadTimeout, ctx.Err())
		}
	}
	if l.failed() && c.ctx.Err() != nil {
		l.err = fmt.Errorf("%w: %w", context.Cause(c.ctx), l.err)
	}
	return l
}

// takeSlot waits for one of the MaxLoads slots, for half of LoadTimeout at most, so
// that the load has time left.
func (c *Cache[K, V]) takeSlot(f *flight[K, V]) error {
	select {
	case c.slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(c.o.LoadTimeout / 2)
	defer timer.Stop()
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-f.alone:
		return errAlone
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	case <-timer.C:
		c.count.overloaded.Add(1)
		return fmt.Errorf("%w: %d running for %v", ErrOverloaded, c.o.MaxLoads, c.o.LoadTimeout/2)
	}
}

// PanicError is in the error of a read whose load panicked.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // where, as runtime/debug.Stack prints it
}

// Error names the value, not the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// callLoader survives whatever the loader does, runtime.Goexit included.
func (c *Cache[K, V]) callLoader(ctx context.Context, key K, result chan<- loaded[V]) {
	l := loaded[V]{err: errors.New("the loader ended its goroutine")}
	defer func() {
		if p := recover(); p != nil {
			l.err = &PanicError{Value: p, Stack: debug.Stack()}
		}
		result <- l
	}()
	l.value, l.err = c.load(ctx, key)
}
