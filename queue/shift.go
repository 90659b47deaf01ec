package queue

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// shift is the state of one call of Run.
type shift struct {
	w       *Worker
	trouble trouble       // used by fetch
	waiting trouble       // the same, of its waits for tasks
	over    chan struct{} // closed when no result is waited for any longer
	results results
	spare   chan *run // to goroutines that have carried out a task and wait for another

	mu        sync.Mutex
	member    *member // nil while this worker is not known in Redis
	runs      map[*run]struct{}
	freed     chan struct{} // signalled when a slot may have become free; one waits at a time
	soloUntil time.Time     // while a suspect runs: nothing else is claimed until then
	doubt     doubt

	// Used by fetch alone.
	early   []claimed     // claimed by waiting, and not started yet
	earlyOf *member       // who claimed them
	ahead   time.Duration // how much the clock of Redis is ahead, when last seen
	rounds  int           // how often fetch has asked for tasks

	admission admission
}

func newShift(w *Worker) *shift {
	return &shift{
		w:       w,
		runs:    make(map[*run]struct{}),
		freed:   make(chan struct{}, 1),
		over:    make(chan struct{}),
		spare:   make(chan *run),
		results: results{arrived: make(chan struct{}, 1)},
		trouble: trouble{log: w.o.Logger.With("queue", w.q.name)},
		waiting: trouble{log: w.o.Logger.With("queue", w.q.name, "command", "wait")},
	}
}

// awaitSlot waits until tasks may be claimed and returns how many, or until ctx
// ends. Results that Redis does not have yet hold slots too once they are as many
// as the slots: a Redis that takes no results must not give out tasks.
//
// While tasks come and go quickly, it lingers for more slots: an exchange for several
// tasks costs little more than one for a single task.
func (s *shift) awaitSlot(ctx context.Context) int {
	var enough time.Time // when few slots are enough
	for ctx.Err() == nil {
		s.mu.Lock()
		free := s.w.o.Concurrency - len(s.runs)
		solo := time.Until(s.soloUntil)
		s.mu.Unlock()
		if owed := s.results.owed(); owed > s.w.o.Concurrency {
			free = 0
		}
		if free > 0 && solo <= 0 {
			now := time.Now()
			if enough.IsZero() {
				enough = now.Add(linger)
			}
			if free >= s.company() || !now.Before(enough) {
				return free
			}
			if !s.awaitEnd(ctx, enough.Sub(now)) {
				return 0
			}
			continue
		}
		if solo <= 0 {
			solo = time.Second // in doubt there is something to do in between
			if s.doubt.due() {
				return 0
			}
		}
		if !s.awaitEnd(ctx, solo) {
			return 0
		}
	}
	return 0
}

// linger is how long a free slot, or a result, waits for company at most.
const linger = 200 * time.Microsecond

// company is how many slots or results make an exchange worth its cost. Beyond 32 the
// cost of each task outweighs that of the exchange, and Redis and this process should
// rather work at the same time.
func (s *shift) company() int { return min((3*s.w.o.Concurrency+3)/4, 32) }

// awaitEnd waits until a slot may be free, at most for d. It reports whether ctx
// goes on.
func (s *shift) awaitEnd(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-s.freed:
		return true
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// signalFree wakes who waits for a slot.
func (s *shift) signalFree() {
	select {
	case s.freed <- struct{}{}:
	default:
	}
}

// trouble logs the beginning and the end of a time without Redis, not each error.
type trouble struct {
	log *slog.Logger
	on  bool
}

func (t *trouble) note(err error) {
	switch {
	case err == nil && t.on:
		t.log.Info("queue goes on")
	case err != nil && !t.on:
		t.log.Warn("queue cannot reach its tasks, trying again", "error", errorText(err))
	}
	t.on = err != nil
}

// sleep waits for d or until ctx ends, and reports whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// backoff is the delay before the next call to a Redis that did not answer.
type backoff struct{ last time.Duration }

func (b *backoff) next() time.Duration {
	b.last = min(max(firstBackoff, 2*b.last), longestBackoff)
	return b.last
}

func (b *backoff) reset() { b.last = 0 }
