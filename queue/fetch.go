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
	// soloTimeout is how long a suspect that does not return keeps others away.
	soloTimeout = time.Minute
	// Every turnRound-th time the lowest priority comes first.
	turnRound = 8
)

// batch is what one call brought.
type batch struct {
	state    int64
	tasks    []claimed
	buried   []string
	wait     time.Duration // until the next kept task is due, negative if there is none
	suspects int64         // waiting for a worker that runs nothing
	alone    bool          // the one task is a suspect
	empty    bool          // there was nothing
	hold     time.Duration // until the limiter grants a start
	ahead    time.Duration // how much the clock of Redis is ahead of this process's
}

// What fetch.lua says of the worker and the queue.
const (
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
			s.trouble.note(s.awaitTask(ctx, b.wait))
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
	case statePaused:
		return b, s.handBackEarly(ctx)
	}
	// The tasks that came while waiting are older, and there may be more than slots.
	all := append(s.early, b.tasks...)
	now := s.admitted(min(free, len(all)))
	b.empty = len(all) == 0 && len(b.buried) == 0
	s.early = slices.Clone(all[now:])
	b.tasks = all[:now]
	b.alone = b.alone || alone
	s.start(ctx, m, b)
	b.hold = s.ask(ctx, free-now)
	return b, nil
}

// claim asks for up to n tasks. It is not cut off when ctx ends: the tasks would
// be claimed and nobody would know.
func (s *shift) claim(ctx context.Context, m *member, n int) (batch, error) {
	q := s.w.q
	if n > 0 {
		s.rounds++ // a mere look must not use up the turn of the lowest priority
	}
	b, err := s.askFor(ctx, m, min(n, maxFetch), flag(s.idle() && len(s.early) == 0), flag(s.rounds%turnRound == 0))
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

// idle reports whether this worker's death would be no crash of any task: nothing
// runs, and Redis has the results of what ran.
func (s *shift) idle() bool {
	s.mu.Lock()
	n := len(s.runs)
	s.mu.Unlock()
	return n == 0 && s.results.owed() == 0 // a result is added before its run goes
}

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

func (s *shift) askFor(ctx context.Context, m *member, n int, idle, lowFirst string) (batch, error) {
	q := s.w.q
	reply, err := q.exec(context.WithoutCancel(ctx), fetchScript,
		m.name, strconv.Itoa(n), idle, lowFirst, flag(q.o.Bridge), strconv.Itoa(q.o.MaxPayload),
		strconv.Itoa(q.o.MaxCrashes), strconv.Itoa(q.o.MaxDead), strconv.Itoa(keptPayload),
		strconv.Itoa(maxFetchBytes), q.tooLarge()).ToMessage()
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
	}
	b.ahead = time.Until(time.UnixMilli(f.number(1)))
	if f.err != nil {
		return b, f.err
	}
	if b.buried, f.err = f.values[5].AsStrSlice(); f.err != nil {
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

// awaitTask waits for a new entry, or until something may be due. What it brings is
// claimed but not started: the next look comes first, because the queue may be
// paused.
func (s *shift) awaitTask(ctx context.Context, due time.Duration) error {
	m, err := s.membership(ctx)
	if err != nil {
		return err
	}
	if s.earlyOf != m {
		return nil // struck off since; the next look comes first
	}
	block := pollInterval
	if due >= 0 {
		block = min(max(due, 10*time.Millisecond), pollInterval) // 0 would wait for ever
	}
	q := s.w.q
	// Not cut off when ctx ends, as above: a worker that stops waits this long.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), block+q.o.RedisTimeout)
	defer cancel()
	streams := q.keys.streams[:streamLow]
	read := q.client.B().Xreadgroup().Group(group, m.name).Count(1).Block(block.Milliseconds()).
		Streams().Key(streams...).Id(">", ">", ">", ">").Build()
	found, err := readStreams(q.client.Do(ctx, read))
	switch {
	case rueidis.IsRedisNil(err):
		return nil
	case groupIsMissing(err):
		return s.mendGroups(ctx, m)
	case err != nil:
		s.doubt.note(err)
		return fmt.Errorf("queue: wait for %s: %w", q.name, err)
	}
	for i, name := range streams {
		if s.early, err = parseEntries(i+1, found[name], s.ahead, s.early); err != nil {
			return fmt.Errorf("queue: wait for %s: %w", q.name, err)
		}
	}
	return nil
}

// readStreams reads the entries of each stream. In RESP3 they are a map, in RESP2
// pairs.
func readStreams(r rueidis.RedisResult) (map[string][]rueidis.RedisMessage, error) {
	m, err := r.ToMessage()
	if err != nil {
		return nil, err
	}
	found := map[string][]rueidis.RedisMessage{}
	if m.IsMap() {
		streams, err := m.ToMap()
		if err != nil {
			return nil, err
		}
		for name, entries := range streams {
			if found[name], err = entries.ToArray(); err != nil {
				return nil, err
			}
		}
		return found, nil
	}
	streams, err := m.ToArray()
	if err != nil {
		return nil, err
	}
	for _, s := range streams {
		f := fields{}
		f.read(s, 2)
		name := f.text(0)
		if f.err != nil {
			return nil, f.err
		}
		if found[name], err = f.values[1].ToArray(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// suspectIsEarly reports whether a suspect waits for the limiter. Nothing is claimed
// beside it.
func (s *shift) suspectIsEarly() bool {
	return len(s.early) > 0 && s.early[0].stream == streamSuspects
}

// dropEarly forgets what was claimed under a membership that is no more: others have
// it by now. It never ran here, so this was no crash of it.
func (s *shift) dropEarly(ctx context.Context, m *member) {
	if s.earlyOf == m {
		return
	}
	ids := make([]string, len(s.early))
	for i, c := range s.early {
		ids[i] = c.task.ID
	}
	s.early, s.earlyOf, s.admission.granted = nil, m, 0
	s.pardon(ctx, ids)
}

// handBackEarly returns what is claimed and not started.
func (s *shift) handBackEarly(ctx context.Context) error {
	if len(s.early) == 0 {
		return nil
	}
	m := s.earlyOf
	results := make([]result, len(s.early))
	for i, c := range s.early {
		results[i] = result{r: &run{claimed: c, member: m}, v: verdict{kind: EventHandedBack}}
	}
	if _, err := s.w.q.settle(ctx, m, results); err != nil {
		return err // they are tried again in the next round
	}
	s.early, s.admission.granted = nil, 0
	return nil
}

// start runs what was claimed, or hands it back if ctx has ended meanwhile.
func (s *shift) start(ctx context.Context, m *member, b batch) {
	s.reportBuried(b.buried)
	if len(b.tasks) == 0 || ctx.Err() != nil {
		return // leave hands back what is claimed
	}
	runs := make([]*run, len(b.tasks))
	for i, c := range b.tasks {
		runs[i] = newRun(ctx, c, m, b.alone)
	}
	s.mu.Lock()
	if s.member != m {
		s.mu.Unlock()
		return // struck off meanwhile: they belong to others
	}
	if b.alone {
		s.soloUntil = time.Now().Add(soloTimeout)
	}
	for _, r := range runs {
		s.runs[r] = struct{}{}
	}
	s.mu.Unlock()
	if s.w.batch != nil {
		go s.executeBatch(runs)
		return
	}
	for _, r := range runs {
		go s.execute(r)
	}
}

// reportBuried reports payloads from the plain list that were too large.
func (s *shift) reportBuried(ids []string) {
	for _, id := range ids {
		s.w.emit(Event{Kind: EventDead, TaskID: id, Err: fmt.Errorf("%w: %s", ErrPayload, s.w.q.tooLarge())})
	}
}
