package queue

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"

	"github.com/redis/rueidis"
)

// errWorkerDied is what a task's error says after its worker vanished.
var errWorkerDied = errors.New("worker died while running it")

// reapBatch bounds the work of one call of reap.lua.
const reapBatch = 100

// forgetAfter is after how many leases without a command a consumer goes whose worker has
// gone: a minute by default. One that is left behind costs each look of the reaper
// time. Should a command of it come later all the same, Redis makes it anew, and what it
// claims is taken away.
const forgetAfter = 10

// reap puts tasks of dead workers back until ctx ends: at once, for a worker that
// starts may be the only one, and then six times a lease, jittered so that many
// workers spread.
func (s *shift) reap(ctx context.Context) {
	interval := s.w.q.o.Lease / 6
	for {
		for s.reapSome(ctx) == reapBatch {
		}
		if !sleep(ctx, interval*3/4+rand.N(interval/2+1)) { //nolint:gosec // jitter is no secret
			return
		}
	}
}

// reapSome returns how many tasks it put back.
func (s *shift) reapSome(ctx context.Context) int {
	q := s.w.q
	reply, err := q.exec(ctx, reapScript, strconv.Itoa(reapBatch), strconv.Itoa(q.o.MaxCrashes),
		strconv.Itoa(q.o.MaxDead), millis(q.o.Lease/2), millis(q.o.Lease/3), errWorkerDied.Error(), millis(forgetAfter*q.o.Lease)).ToArray()
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
