package outbox_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/speedlayer/speedlayer/outbox"
)

// memorySource is a table in memory: rows wait, are claimed, are delivered.
type memorySource struct {
	mu        sync.Mutex
	waiting   []outbox.Row
	delivered []int64
	kept      []outbox.Row // delivered within the retention
	identity  string
	takes     int
	fail      error
	asleep    bool
	notify    chan struct{}
	notified  int
	told      []string
}

func newMemorySource(ids ...int64) *memorySource {
	s := &memorySource{notify: make(chan struct{}, 1)}
	s.add(ids...)
	return s
}

func (s *memorySource) add(ids ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.waiting = append(s.waiting, outbox.Row{
			ID: id, Kind: outbox.KindInvalidate, Target: "cache:user", Key: fmt.Sprint(id), CreatedAt: time.Now(),
		})
	}
	if s.asleep {
		s.notified++
		select {
		case s.notify <- struct{}{}:
		default:
		}
	}
}

func (s *memorySource) Take(ctx context.Context, limit int, deliver func(context.Context, []outbox.Row) []error) (int, int, error) {
	s.mu.Lock()
	s.takes++
	if s.fail != nil {
		defer s.mu.Unlock()
		return 0, 0, s.fail
	}
	n := min(limit, len(s.waiting))
	claimed := slices.Clone(s.waiting[:n])
	s.waiting = slices.Delete(s.waiting, 0, n)
	s.mu.Unlock()
	if n == 0 {
		return 0, 0, nil
	}
	results := deliver(ctx, claimed)
	s.mu.Lock()
	defer s.mu.Unlock()
	done := 0
	for i, row := range claimed {
		if results[i] == nil {
			s.delivered = append(s.delivered, row.ID)
			s.kept = append(s.kept, row)
			done++
		} else {
			s.waiting = append(s.waiting, row)
		}
	}
	return n, done, nil
}

func (s *memorySource) Wait(ctx context.Context, d time.Duration) error {
	s.mu.Lock()
	if s.fail != nil {
		defer s.mu.Unlock()
		return s.fail
	}
	s.asleep = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.asleep = false
		s.mu.Unlock()
	}()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-s.notify:
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

func (s *memorySource) Repeat(_ context.Context, identity string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, identity)
	if s.identity == identity {
		return 0, nil
	}
	s.identity = identity
	n := len(s.kept)
	for _, row := range s.kept {
		row.Repeated = true
		s.waiting = append(s.waiting, row)
	}
	s.kept = nil
	return n, nil
}

func (s *memorySource) Complete(context.Context, ...int64) error { return nil }

func (s *memorySource) Sweep(context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(s.kept), 10)
	s.kept = slices.Delete(s.kept, 0, n)
	return n, nil
}

func (s *memorySource) Backlog(context.Context) (int, time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		return 0, 0, nil
	}
	return len(s.waiting), time.Since(s.waiting[0].CreatedAt), nil
}

func (s *memorySource) deliveredIDs() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := slices.Clone(s.delivered)
	slices.Sort(ids)
	return ids
}

func (s *memorySource) looks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takes
}

// sinkFunc is a sink in front of a Redis that never loses anything.
type sinkFunc func(context.Context, []outbox.Row) []error

func (f sinkFunc) Deliver(ctx context.Context, rows []outbox.Row) []error { return f(ctx, rows) }
func (f sinkFunc) Identity(context.Context) (string, error)               { return "redis", nil }

func confirmAll(_ context.Context, rows []outbox.Row) []error { return make([]error, len(rows)) }
