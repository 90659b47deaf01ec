package queue

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// result is what a run came to.
type result struct {
	r *run
	v verdict
}

// results are those that Redis does not have yet. What arrives while one exchange
// is on its way goes with the next: the more is done, the larger the batches.
type results struct {
	arrived chan struct{} // signalled when there are some; one waits

	mu      sync.Mutex
	waiting []result
	sending []result
}

func (q *results) add(r result) {
	q.mu.Lock()
	q.waiting = append(q.waiting, r)
	q.mu.Unlock()
	select {
	case q.arrived <- struct{}{}:
	default:
	}
}

// owed is how many results Redis does not have.
func (q *results) owed() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) + len(q.sending)
}

// maxSettled bounds one exchange, so that its script stays short.
const maxSettled = 500

// take returns what is to be sent next: results of one member.
func (q *results) take() (batch []result) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for n < len(q.waiting) && n < maxSettled && q.waiting[n].r.member == q.waiting[0].r.member {
		n++
	}
	batch = q.waiting[:n:n]
	if q.waiting = q.waiting[n:]; len(q.waiting) == 0 {
		q.waiting = nil
	}
	q.sending = batch
	return batch
}

func (q *results) sent() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sending = nil
}

// places adds where the tasks lie whose results Redis does not have.
func (q *results) places(known map[place]bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range q.waiting {
		known[r.r.place] = true
	}
	for _, r := range q.sending {
		known[r.r.place] = true
	}
}

// settleResults brings results to Redis until ctx ends.
func (s *shift) settleResults(ctx context.Context) {
	for {
		for batch := s.results.take(); len(batch) > 0; batch = s.results.take() {
			s.settleBatch(batch)
			s.results.sent()
			s.endSolo(batch)
			s.signalFree()
		}
		select {
		case <-s.results.arrived:
			s.gather(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// gather lingers for more results while other tasks run.
func (s *shift) gather(ctx context.Context) {
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for s.results.owed() < s.company() && s.busy() {
		select {
		case <-s.results.arrived:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// busy reports whether a task runs.
func (s *shift) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.runs) > 0
}

// endSolo lets other tasks start after a suspect, now that its result is stored: if
// they end the process, that is no crash of the suspect.
func (s *shift) endSolo(batch []result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range batch {
		if b.r.alone {
			s.soloUntil = time.Time{}
		}
	}
}

// settleBatch brings verdicts to Redis. While Redis does not take them, the tasks
// stay this worker's: it gives a sign of life as soon as Redis is back, unless the
// reaper was faster. settleBatch gives up when the shift is over; the tasks then
// run again.
func (s *shift) settleBatch(batch []result) {
	var pause backoff
	for unsure := false; ; {
		lost, err := s.w.q.settle(context.Background(), batch[0].r.member, batch)
		if err == nil {
			s.report(batch, lost, unsure)
			return
		}
		if pause.last == 0 {
			s.w.o.Logger.Warn("results of tasks cannot be stored, trying again",
				"queue", s.w.q.name, "tasks", len(batch), "error", errorText(err))
		}
		if _, refused := rueidis.IsRedisErr(err); !refused {
			unsure = true // it may have been applied, and the answer was lost
		}
		select {
		case <-time.After(pause.next()):
		case <-s.over:
			s.w.o.Logger.Warn("results of tasks could not be stored, they will run again",
				"queue", s.w.q.name, "tasks", len(batch))
			return
		}
	}
}

// settled tells what became of a batch: nothing, if the worker was struck off, and
// of those that are not there nothing either.
type settled struct {
	struckOff bool
	missing   map[*run]bool
}

func (s *shift) report(batch []result, a settled, unsure bool) {
	if a.struckOff {
		s.struckOff(context.Background(), batch[0].r.member)
	}
	for _, b := range batch {
		v, r := b.v, b.r
		if a.struckOff || a.missing[r] && !unsure {
			v = verdict{kind: EventLost}
		}
		s.w.emit(Event{
			Kind: v.kind, TaskID: r.task.ID, Attempt: r.task.Attempt, Crashes: r.task.Crashes,
			Delay: v.delay, Took: time.Since(r.started), Err: v.err,
		})
	}
}

// settle stores verdicts if the member is still known: those that are done in one
// script, the others in another.
func (q *Queue) settle(ctx context.Context, m *member, batch []result) (settled, error) {
	ctx = context.WithoutCancel(ctx)
	var done, others []result
	for _, b := range batch {
		if b.v.kind == EventDone {
			done = append(done, b)
		} else {
			others = append(others, b)
		}
	}
	if len(done) > 0 {
		answer, err := q.execWith(ctx, doneScript, q.keys.done, doneArgs(m, done)).AsInt64()
		if err != nil {
			return settled{}, fmt.Errorf("queue: done: %w", err)
		}
		if answer < 0 {
			return settled{struckOff: true}, nil
		}
	}
	if len(others) == 0 {
		return settled{}, nil
	}
	answers, err := q.exec(ctx, settleScript, q.settleArgs(m, others)...).AsIntSlice()
	if err != nil {
		return settled{}, fmt.Errorf("queue: settle: %w", err)
	}
	if len(answers) == 0 {
		return settled{struckOff: true}, nil
	}
	if len(answers) != len(others) {
		return settled{}, fmt.Errorf("queue: settle: %d answers to %d results", len(answers), len(others))
	}
	a := settled{missing: map[*run]bool{}}
	for i, answer := range answers {
		if answer == 0 {
			a.missing[others[i].r] = true
		}
	}
	return a, nil
}

// doneArgs are the arguments of done.lua.
func doneArgs(m *member, done []result) []string {
	args := make([]string, 0, 4+2*streamSuspects+len(done))
	args = append(args, m.name)
	var unique, crashed []string
	var perStream [streamSuspects + 1][]string
	for _, d := range done {
		r := d.r
		if r.task.unique != "" {
			unique = append(unique, r.task.unique, r.task.ID)
		}
		if r.task.Crashes > 0 {
			crashed = append(crashed, r.task.ID)
		}
		perStream[r.stream] = append(perStream[r.stream], r.entry)
	}
	args = append(args, strconv.Itoa(len(unique)/2))
	args = append(args, unique...)
	args = append(args, strconv.Itoa(len(crashed)))
	args = append(args, crashed...)
	for position, entries := range perStream {
		if len(entries) > 0 {
			slices.SortFunc(entries, compareEntries)
			args = append(args, strconv.Itoa(position), strconv.Itoa(len(entries)))
			args = append(args, entries...)
		}
	}
	return args
}

// settleArgs are the arguments of settle.lua.
func (q *Queue) settleArgs(m *member, others []result) []string {
	args := append(make([]string, 0, 2+7*len(others)), m.name, strconv.Itoa(q.o.MaxDead))
	for _, o := range others {
		what, text, keep := "later", "", "0"
		switch o.v.kind {
		case EventDead:
			what = "dead"
			if o.v.unfit {
				keep = strconv.Itoa(keptPayload)
			}
		case EventHandedBack:
			what = "again"
		}
		if o.v.err != nil {
			text = errorText(o.v.err)
		}
		args = append(args, strconv.Itoa(o.r.stream), o.r.entry, what, millis(o.v.delay), flag(o.v.uses), text, keep)
	}
	return args
}
