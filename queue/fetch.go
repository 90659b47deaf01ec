package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

const (
	// maxFetch bounds the tasks of one call, so that the script stays short.
	maxFetch = 500
	// maxFetchBytes is how much payload one call brings before it stops, so that a
	// worker with many slots and large payloads needs bounded memory.
	maxFetchBytes = 4 << 20
	// Every turnRound-th time the lowest priority comes first.
	turnRound = 8
)

// batch is what one call brought.
type batch struct {
	state    int64
	tasks    []claimed
	wait     time.Duration // until the next kept task is due, negative if there is none
	suspects int64         // waiting for a worker that runs nothing
	alone    bool          // the one task is a suspect
	upkeep   bool          // there is something to do for upkeep
	empty    bool          // there was nothing
	hold     time.Duration // until the limiter grants a start
	ahead    time.Duration // how much the clock of Redis is ahead of this process's
}

// What fetch.lua says of the worker and the queue.
const (
	stateLeaseOver = -2
	stateStruckOff = -1
	statePaused    = 0
	stateRunning   = 1
)

// fetch claims tasks for free slots and starts them, until ctx ends.
func (s *shift) fetch(ctx context.Context) {
	var pause backoff
	var room quietude
	for ctx.Err() == nil {
		free := s.awaitSlot(ctx)
		if ctx.Err() != nil {
			return
		}
		b, err := s.next(ctx, free)
		s.trouble.note(err)
		if err != nil {
			if !sleep(ctx, pause.next()) {
				return
			}
			continue
		}
		pause.reset()
		switch {
		case b.suspects > 0 && free > 0 && room.due() && !s.suspectIsEarly():
			made := s.makeRoom(ctx, room.limit())
			room.note(made)
			if made {
				s.trouble.note(s.handBackEarly(ctx)) // a suspect runs beside nothing
			}
		case b.hold > 0:
			sleep(ctx, b.hold)
		case b.state == statePaused:
			sleep(ctx, pollInterval)
		case b.empty && ctx.Err() == nil:
			err := s.awaitTask(ctx, b.wait)
			s.waiting.note(err)
			if err != nil {
				sleep(ctx, pause.next()) // a wait that fails at once must not make a busy loop
			}
		}
	}
}

// next claims tasks for free slots and starts them.
func (s *shift) next(ctx context.Context, free int) (batch, error) {
	m, err := s.membership(ctx)
	if err != nil {
		return batch{}, err
	}
	s.dropEarly(ctx, m)
	if err := s.disown(ctx, m); err != nil {
		return batch{}, err
	}
	if free == 0 {
		return batch{state: stateRunning}, nil
	}
	want, alone := max(0, free-len(s.early)), s.suspectIsEarly()
	if alone {
		want = 0
	}
	b, err := s.claim(ctx, m, want)
	if err != nil {
		return batch{}, err
	}
	switch b.state {
	case stateStruckOff:
		s.struckOff(ctx, m)
		return b, nil
	case stateLeaseOver:
		return b, s.renew(ctx)
	case statePaused:
		return b, s.handBackEarly(ctx)
	}
	// The tasks that came while waiting are older, and there may be more than slots.
	all := append(s.early, b.tasks...)
	now := s.admitted(min(free, len(all)))
	b.empty = len(all) == 0 && !b.upkeep
	s.early = slices.Clone(all[now:])
	b.tasks = all[:now]
	b.alone = b.alone || alone
	if s.w.o.Limiter == nil {
		// One wait may bring a task of each priority. What has no slot here may have
		// one elsewhere.
		s.trouble.note(s.handBackEarly(ctx)) // after an error they are tried again, or started
	}
	s.start(ctx, m, b)
	b.hold = s.ask(ctx, free-now)
	if b.upkeep {
		err = s.upkeep(ctx)
	}
	if len(b.tasks) > 0 {
		// Upkeep may meet a key of a wrong type, but what waits in the streams can be
		// claimed all the same.
		s.trouble.note(err)
		return b, nil
	}
	return b, err
}

// claim asks for up to n tasks. It is not cut off when ctx ends: the tasks would
// be claimed and nobody would know.
func (s *shift) claim(ctx context.Context, m *member, n int) (batch, error) {
	q := s.w.q
	if n > 0 {
		s.rounds++ // a mere look must not use up the turn of the lowest priority
	}
	b, err := s.askFor(ctx, m, min(n, maxFetch), flag(s.quiet() && len(s.early) == 0), flag(s.rounds%turnRound == 0))
	if err != nil {
		s.doubt.begin()
		if groupIsMissing(err) {
			err = errors.Join(err, s.mendGroups(ctx, m))
		}
		return batch{}, fmt.Errorf("queue: fetch from %s: %w", q.name, err)
	}
	s.ahead = b.ahead
	return b, nil
}

// quiet reports whether nothing runs, and nothing waits for its result to be stored:
// a suspect that ends the process must not take anything else down.
func (s *shift) quiet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.runs) == 0 && s.results.owed() == 0
}

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

func (s *shift) askFor(ctx context.Context, m *member, n int, idle, lowFirst string) (batch, error) {
	q := s.w.q
	reply, err := q.execWith(context.WithoutCancel(ctx), fetchScript, q.keys.fetch, []string{
		m.name, strconv.Itoa(n), idle, lowFirst, flag(q.o.Bridge), strconv.Itoa(maxFetchBytes),
	}).ToMessage()
	if err != nil {
		return batch{}, err
	}
	return parseBatch(reply)
}

func parseBatch(reply rueidis.RedisMessage) (batch, error) {
	f := fields{}
	f.read(reply, 6)
	b := batch{
		state:    f.number(0),
		wait:     time.Duration(f.number(2)) * time.Millisecond,
		suspects: f.number(3),
		alone:    f.number(4) == 1,
		upkeep:   f.number(5) == 1,
	}
	b.ahead = time.Until(time.UnixMilli(f.number(1)))
	if f.err != nil {
		return b, f.err
	}
	for _, m := range f.values[6:] {
		t := fields{}
		t.read(m, 2)
		position := t.number(0)
		if t.err != nil {
			return b, t.err
		}
		entries, err := t.values[1].ToArray()
		if err != nil {
			return b, err
		}
		if b.tasks, err = parseEntries(int(position), entries, b.ahead, b.tasks); err != nil {
			return b, err
		}
	}
	return b, nil
}

// maxUpkeep bounds one call of upkeep.lua.
const maxUpkeep = 200

// upkeep puts tasks whose time has come, and what was pushed to the plain list, where
// fetch finds them.
func (s *shift) upkeep(ctx context.Context) error {
	q := s.w.q
	buried, err := q.exec(context.WithoutCancel(ctx), upkeepScript,
		strconv.Itoa(maxUpkeep), flag(q.o.Bridge), strconv.Itoa(q.o.MaxPayload), strconv.Itoa(q.o.MaxCrashes),
		strconv.Itoa(q.o.MaxDead), strconv.Itoa(keptPayload), q.tooLarge()).AsStrSlice()
	if err != nil {
		return fmt.Errorf("queue: upkeep of %s: %w", q.name, err)
	}
	for _, id := range buried {
		s.w.emit(Event{Kind: EventDead, TaskID: id, Err: fmt.Errorf("%w: %s", ErrPayload, q.tooLarge())})
	}
	return nil
}
