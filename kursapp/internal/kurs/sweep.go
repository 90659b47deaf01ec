package kurs

import (
	"context"
	"fmt"
	"sync"

	"github.com/speedlayer/speedlayer/outbox"
)

// sweep drops a whole key space for rows of the outbox. In a large Redis that takes
// longer than a relay may wait for an answer, so it goes on meanwhile, and the row is
// confirmed when it comes again.
type sweep struct {
	run func(context.Context) error // drops everything

	wg      sync.WaitGroup
	mu      sync.Mutex
	asked   map[int64]int // by row: the first run that began after the row came
	begun   int           // runs
	best    int           // the last of them that was confirmed
	err     error         // of the last run
	ended   chan struct{} // closed with the run under way
	running bool
}

// maxAsked bounds how many rows are remembered: some never come again, because
// another relay takes them.
const maxAsked = 1000

// settle writes an error for each of the rows with these indices, nil once a run that
// began after the row came first is confirmed.
func (s *sweep) settle(ctx context.Context, rows []outbox.Row, which []int, errs []error) {
	if len(which) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	needed := 0
	for _, i := range which {
		needed = max(needed, s.need(rows[i].ID))
	}
	if s.best < needed {
		s.await(ctx, needed)
	}
	for _, i := range which {
		id := rows[i].ID
		if s.best >= s.need(id) {
			delete(s.asked, id)
			continue
		}
		if errs[i] = s.err; errs[i] == nil {
			errs[i] = fmt.Errorf("kurs: still dropping everything: %w", context.DeadlineExceeded)
		}
	}
}

// need returns which run a row needs. The lock is held.
func (s *sweep) need(row int64) int {
	if s.asked[row] == 0 {
		if len(s.asked) >= maxAsked || s.asked == nil {
			s.asked = map[int64]int{}
		}
		s.asked[row] = s.begun + 1
	}
	return s.asked[row]
}

// await returns when the run is confirmed, when one failed, or when ctx ends. The lock
// is held, though not all the time.
func (s *sweep) await(ctx context.Context, run int) {
	for s.best < run {
		if !s.running {
			s.start(context.WithoutCancel(ctx))
		}
		ended := s.ended
		s.mu.Unlock()
		select {
		case <-ended:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if s.err != nil || ctx.Err() != nil {
			return
		}
	}
}

func (s *sweep) start(ctx context.Context) {
	s.begun++
	s.running, s.err, s.ended = true, nil, make(chan struct{})
	s.wg.Go(func() {
		err := s.run(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.running, s.err = false, err; err == nil {
			s.best = s.begun
		}
		close(s.ended)
	})
}
