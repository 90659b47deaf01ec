package queue

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

const (
	// maxClaim bounds the tasks of one claim, so that the script stays short.
	maxClaim = 100
	// maxClaimBytes is how much payload one claim brings, so that a worker with many
	// slots and large payloads needs bounded memory.
	maxClaimBytes = 4 << 20
	// soloTimeout is how long a suspect that does not return keeps others away.
	soloTimeout = time.Minute
)

// batch is what one claim brought.
type batch struct {
	tasks    []Task
	buried   []string
	wait     time.Duration // until the next retry is due, negative if there is none
	suspects int64         // due, but only for a worker that runs nothing
	alone    bool          // the one task is a suspect
}

// fetch claims tasks for free slots and starts them, until ctx ends.
func (s *shift) fetch(ctx context.Context) {
	var pause backoff
	var room quietude
	for {
		free := s.awaitSlot(ctx)
		if ctx.Err() != nil {
			return
		}
		token := rand.Text()
		b, err := s.claim(ctx, token, free)
		s.trouble.note(err)
		if err != nil {
			s.doubt(token, err)
			s.awaitRedis(ctx, &pause)
			continue
		}
		pause.reset()
		s.start(ctx, token, b)
		switch {
		case b.suspects > 0 && room.due():
			room.note(s.makeRoom(ctx, room.limit()))
		case len(b.tasks) == 0 && len(b.buried) == 0:
			s.awaitTask(ctx, b.wait)
		}
	}
}

// claim asks for up to n tasks. It is not cut off when ctx ends: the tasks would
// be claimed and nobody would know.
func (s *shift) claim(ctx context.Context, token string, n int) (batch, error) {
	q := s.w.q
	idle := "0"
	if n == s.w.o.Concurrency {
		idle = "1"
	}
	reply, err := q.exec(context.WithoutCancel(ctx), claimScript,
		token, millis(q.o.Lease), strconv.Itoa(min(n, maxClaim)), idle, strconv.Itoa(q.o.MaxPayload),
		strconv.Itoa(maxClaimBytes), strconv.Itoa(q.o.MaxDead), q.tooLarge(), strconv.Itoa(keptPayload)).ToMessage()
	if err != nil {
		return batch{}, fmt.Errorf("queue: claim: %w", err)
	}
	b, err := parseBatch(reply)
	if err != nil {
		return batch{}, fmt.Errorf("queue: claim: %w", err)
	}
	return b, nil
}

func parseBatch(reply rueidis.RedisMessage) (batch, error) {
	f := fields{}
	f.read(reply, 4)
	b := batch{
		wait:     time.Duration(f.number(0)) * time.Millisecond,
		suspects: f.number(1),
		alone:    f.number(2) == 1,
	}
	if f.err != nil {
		return b, f.err
	}
	if b.buried, f.err = f.values[3].AsStrSlice(); f.err != nil {
		return b, f.err
	}
	for _, m := range f.values[4:] {
		t := fields{}
		t.read(m, 5)
		b.tasks = append(b.tasks, Task{
			ID:        t.text(0),
			Payload:   []byte(t.text(1)),
			Attempt:   int(t.number(2)) + 1,
			Crashes:   int(t.number(3)),
			CreatedAt: time.UnixMilli(t.number(4)),
		})
		if t.err != nil {
			return b, t.err
		}
	}
	return b, nil
}

// awaitRedis waits until Redis answers again. The question is what doubtful
// claims have brought: asking for tasks would, on a Redis that is only frozen,
// pile up claims whose answers nobody receives.
func (s *shift) awaitRedis(ctx context.Context, pause *backoff) {
	for sleep(ctx, pause.next()) {
		if s.disown(ctx) == nil {
			return
		}
	}
}

// start runs what was claimed, or hands it back if ctx has ended meanwhile.
func (s *shift) start(ctx context.Context, token string, b batch) {
	for _, id := range b.buried {
		s.w.emit(Event{Kind: EventDead, TaskID: id, Err: fmt.Errorf("%w: %s", ErrPayload, s.w.q.tooLarge())})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.alone {
		s.soloUntil = time.Now().Add(soloTimeout)
	}
	for _, t := range b.tasks {
		r := newRun(ctx, t, token, b.alone)
		s.runs[r] = struct{}{}
		if r.settled = ctx.Err() != nil; r.settled {
			go s.conclude(r, verdict{kind: EventHandedBack})
		} else {
			go s.execute(r)
		}
	}
}

// ended gives the slot of a run back.
func (s *shift) ended(r *run) {
	s.mu.Lock()
	delete(s.runs, r)
	if r.alone {
		s.soloUntil = time.Time{}
	}
	s.mu.Unlock()
	select {
	case s.freed <- struct{}{}:
	default:
	}
}

// awaitSlot waits until tasks may be claimed and returns how many, or until ctx
// ends.
func (s *shift) awaitSlot(ctx context.Context) int {
	for {
		s.mu.Lock()
		free := s.w.o.Concurrency - len(s.runs)
		solo := time.Until(s.soloUntil)
		s.mu.Unlock()
		if free > 0 && solo <= 0 {
			return free
		}
		if solo <= 0 {
			solo = time.Hour // the end of a run comes first
		}
		if !s.awaitEnd(ctx, solo) {
			return 0
		}
	}
}

// awaitEnd waits until a run ends, at most for d. It reports whether ctx goes on.
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

// awaitTask waits for a push, or until something may be due. The waiting command
// moves the payload to the inbox, from where any worker claims it: if this one
// dies now, or the answer is lost, nothing is.
func (s *shift) awaitTask(ctx context.Context, due time.Duration) {
	block := pollInterval
	if due >= 0 {
		block = min(max(due, 10*time.Millisecond), pollInterval) // 0 would wait for ever
	}
	q := s.w.q
	ctx, cancel := context.WithTimeout(ctx, block+q.o.RedisTimeout)
	defer cancel()
	move := q.client.B().Blmove().Source(q.keys.pending).Destination(q.keys.inbox).
		Right().Left().Timeout(block.Seconds()).Build()
	if err := q.client.Do(ctx, move).Error(); err != nil && !rueidis.IsRedisNil(err) {
		sleep(ctx, firstBackoff) // the claim that follows says what is wrong
	}
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
