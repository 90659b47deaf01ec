package cachetest

import (
	"context"
	"fmt"
	"sync"

	"github.com/speedlayer/speedlayer/cache"
)

// Source stands for the database: a table in memory whose Load method is the
// loader of a cache. The zero value is an empty table. All methods are safe for
// concurrent use.
//
// Values are handed out as they were set, not copied.
type Source[K comparable, V any] struct {
	mu     sync.Mutex
	values map[K]V
	fail   error
	gate   *Gate // of the latest Hold
	loads  map[K]int
	total  int
}

// Set makes value what the source says about key from now on.
func (s *Source[K, V]) Set(key K, value V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values = map[K]V{}
	}
	s.values[key] = value
}

// Delete removes key. Deleting what is not there does nothing.
func (s *Source[K, V]) Delete(key K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, key)
}

// Fail makes all loads that begin from now on return err, wrapped. Fail(nil) ends
// that.
func (s *Source[K, V]) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// Hold makes all loads that begin from now on wait at the gate that it returns,
// until the gate is released. A load reads the source when it begins: what is set
// while it waits does not change its answer any more, as with a query whose answer
// is slow to arrive.
//
// After another Hold, loads wait at the new gate; those at the old one stay there.
func (s *Source[K, V]) Hold() *Gate {
	g := newGate()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = g
	return g
}

// Load is a [cache.Loader]. Its errors are [cache.ErrNotFound] for a key that is
// not there, what was passed to Fail, and the context's if that ends while the load
// waits or had ended before.
func (s *Source[K, V]) Load(ctx context.Context, key K) (V, error) {
	value, gate, err := s.begin(key)
	if gate != nil {
		if gone := gate.pass(ctx); gone != nil {
			err = gone
		}
	} else if gone := ctx.Err(); gone != nil {
		err = gone
	}
	if err != nil {
		var zero V
		return zero, fmt.Errorf("cachetest: load %v: %w", key, err)
	}
	return value, nil
}

// begin counts a load and decides its answer.
func (s *Source[K, V]) begin(key K) (V, *Gate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loads == nil {
		s.loads = map[K]int{}
	}
	s.loads[key]++
	s.total++
	value, ok := s.values[key]
	err := s.fail
	if err == nil && !ok {
		err = cache.ErrNotFound
	}
	return value, s.gate, err
}

// Loads returns how many loads of key have begun.
func (s *Source[K, V]) Loads(key K) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads[key]
}

// TotalLoads returns how many loads have begun.
func (s *Source[K, V]) TotalLoads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}
