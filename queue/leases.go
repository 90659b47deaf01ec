package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// errWorkerDied is what a task's error says after its worker vanished.
var errWorkerDied = errors.New("worker died while running it")

// reapBatch bounds the work of one call of reap.lua.
const reapBatch = 100

// keepLeases renews the claims of everything that runs until ctx ends.
func (s *shift) keepLeases(ctx context.Context) {
	lease := s.w.q.o.Lease
	wait := lease / 4
	for sleep(ctx, wait) {
		// After an error soon again: when Redis returns after a while, there is only
		// little time before leases that have ended are reaped.
		wait = min(lease/4, 200*time.Millisecond)
		if err := s.extend(ctx); err == nil {
			wait = lease / 4
		}
	}
}

func (s *shift) extend(ctx context.Context) error {
	s.mu.Lock()
	runs := make([]*run, 0, len(s.runs))
	for r := range s.runs {
		runs = append(runs, r)
	}
	s.mu.Unlock()
	if len(runs) == 0 {
		return nil
	}
	q := s.w.q
	args := make([]string, 0, 1+2*len(runs))
	args = append(args, millis(q.o.Lease))
	for _, r := range runs {
		args = append(args, r.task.ID, r.token)
	}
	lost, err := q.exec(ctx, extendScript, args...).AsIntSlice()
	if err != nil {
		return fmt.Errorf("queue: renew leases: %w", err)
	}
	for _, i := range lost {
		if i < 1 || int(i) > len(runs) {
			return fmt.Errorf("queue: renew leases: no position %d among %d", i, len(runs))
		}
		// A run that is being settled at this moment does not mind.
		runs[i-1].end(ErrClaimLost)
	}
	return nil
}

// reap puts tasks of dead workers back until ctx ends: at once, for a worker that
// starts may be the only one, and then six times a lease, jittered so that many
// workers spread.
func (s *shift) reap(ctx context.Context) {
	interval := s.w.q.o.Lease / 6
	for {
		for s.reapSome(ctx) == reapBatch {
		}
		_ = s.disown(ctx)                                   // fetch meets the same error and reports it
		if !sleep(ctx, interval*3/4+rand.N(interval/2+1)) { //nolint:gosec // jitter is no secret
			return
		}
	}
}

// reapSome returns how many tasks it put back.
func (s *shift) reapSome(ctx context.Context) int {
	q := s.w.q
	reply, err := q.exec(ctx, reapScript, strconv.Itoa(reapBatch), strconv.Itoa(q.o.MaxCrashes),
		strconv.Itoa(q.o.MaxDead), millis(q.o.Lease/2), millis(q.o.Lease/3), errWorkerDied.Error()).ToArray()
	if err != nil {
		return 0 // fetch meets the same error and reports it
	}
	for _, m := range reply {
		s.reaped(m)
	}
	return len(reply)
}

func (s *shift) reaped(m rueidis.RedisMessage) {
	f := fields{}
	f.read(m, 3)
	e := Event{Kind: EventReaped, TaskID: f.text(0), Crashes: int(f.number(1)), Err: errWorkerDied}
	if f.number(2) == 1 {
		e.Kind = EventDead
	}
	if f.err == nil {
		s.w.emit(e)
	}
}

// doubt remembers a claim that failed, unless Redis itself refused it. It may have
// been carried out, or may yet be: a frozen Redis carries out what it finds in its
// buffers when it thaws.
func (s *shift) doubt(token string, err error) {
	if _, refused := rueidis.IsRedisErr(err); refused {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubts[token] = time.Time{}
}

// disown gives back what doubtful claims have brought, again and again until two
// leases after Redis has answered first. Whatever comes later is left to the
// reaper, at the price of a crash that was none.
func (s *shift) disown(ctx context.Context) error {
	q := s.w.q
	s.mu.Lock()
	args := []string{strconv.Itoa(q.o.MaxCrashes)}
	for token, until := range s.doubts {
		args = append(args, token)
		if !until.IsZero() && time.Now().After(until) {
			delete(s.doubts, token) // this is the last time
		}
	}
	s.mu.Unlock()
	if len(args) == 1 {
		return nil
	}
	if err := q.exec(ctx, disownScript, args...).Error(); err != nil {
		return fmt.Errorf("queue: give back: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, until := range s.doubts {
		if until.IsZero() {
			s.doubts[token] = time.Now().Add(2 * q.o.Lease)
		}
	}
	return nil
}
