package queue_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// tickerFunc is a function as a Ticker.
type tickerFunc func(time.Time) time.Time

func (f tickerFunc) Next(t time.Time) time.Time { return f(t) }

// metre ticks at the multiples of d, which may be less than a second.
func metre(d time.Duration) queue.Ticker {
	return tickerFunc(func(t time.Time) time.Time { return t.Truncate(d).Add(d) })
}

// tickOf is the tick that stands in a task's id.
func tickOf(t *testing.T, id, name string) time.Time {
	t.Helper()
	at, found := strings.CutPrefix(id, name+"@")
	tick, err := time.Parse(time.RFC3339, at)
	if !found || err != nil {
		t.Fatalf("id %q is not of schedule %s: %v", id, name, err)
	}
	return tick
}

func TestEveryTicksAtItsMultiples(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for _, c := range []struct {
		every   time.Duration
		t, want string
	}{
		{time.Hour, "2025-11-25T09:59:59.999Z", "2025-11-25T10:00:00Z"},
		{time.Hour, "2025-11-25T10:00:00Z", "2025-11-25T11:00:00Z"},
		{24 * time.Hour, "2025-11-25T23:30:00-05:00", "2025-11-27T00:00:00Z"},
		{7 * time.Second, "0001-01-01T00:00:00Z", "0001-01-01T00:00:07Z"},
		{time.Millisecond, "2025-11-25T09:00:00.5Z", "2025-11-25T09:00:01Z"},
		{0, "2025-11-25T09:00:00Z", "2025-11-25T09:00:01Z"},
		{-time.Hour, "2025-11-25T09:00:00Z", "2025-11-25T09:00:01Z"},
	} {
		if got := queue.Every(c.every).Next(at(c.t)); !got.Equal(at(c.want)) {
			t.Errorf("Every(%v) after %s = %v, want %s", c.every, c.t, got, c.want)
		}
	}
}

func TestWorkersAddEachTickOnce(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	const step = 100 * time.Millisecond
	var ids journal[string]
	var stops []func()
	for range 4 {
		stops = append(stops, startWorker(t, q, func(_ context.Context, task queue.Task) error {
			if task.Type != "cleanup" || string(task.Payload) != `{"days":7}` || task.Priority != queue.PriorityHigh {
				t.Errorf("task %+v", task)
			}
			ids.add(task.ID)
			return nil
		}, queue.WorkerOptions{Schedules: []queue.Schedule{{Name: "clean", Every: metre(step), Task: queue.NewTask{
			Type: "cleanup", Payload: map[string]int{"days": 7}, Priority: queue.PriorityHigh,
			// Not used:
			ID: "id", Delay: time.Hour, At: time.Now().Add(time.Hour), Unique: "unique",
		}}}}))
	}
	eventually(t, "eight ticks", func() bool { return ids.len() >= 8 })
	for _, stop := range stops {
		stop()
	}
	all := ids.all()
	slices.Sort(all)
	if distinct := slices.Compact(slices.Clone(all)); len(distinct) != len(all) {
		t.Errorf("a tick came twice: %v", all)
	}
	ticks := make([]time.Time, len(all))
	for i, id := range all {
		ticks[i] = tickOf(t, id, "clean")
	}
	slices.SortFunc(ticks, time.Time.Compare)
	for _, tick := range ticks {
		if !tick.Truncate(step).Equal(tick) {
			t.Errorf("%v is no tick", tick)
		}
	}
}

// The processes' clocks are off by thirty years in the eyes of Redis, which here is
// made to say so.
func TestTicksFollowTheClockOfRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	const off = 30 * 365 * 24 * time.Hour
	plain := newQueueOn(t, server.Client(t))
	client := &tap{Client: server.Client(t)}
	client.call = func(ctx context.Context, args []string, send func(context.Context) rueidis.RedisResult) rueidis.RedisResult {
		if len(args) > 0 { // clock.lua alone has no arguments
			return send(ctx)
		}
		at := time.Now().Add(-off).UnixMilli()
		return client.Client.Do(ctx, client.B().Arbitrary("EVAL", "return "+strconv.FormatInt(at, 10), "0").Build())
	}
	q := queue.New(client, plain.Name(), queue.Options{RedisTimeout: patience})
	ids := make(chan string, 10)
	schedules := []queue.Schedule{{Name: "s", Every: tickerFunc(func(at time.Time) time.Time {
		if at.Location() != time.UTC {
			t.Errorf("the ticker is asked in %v: workers in other zones would find other ticks", at.Location())
		}
		return at.Truncate(50 * time.Millisecond).Add(50 * time.Millisecond)
	}), Task: queue.NewTask{Payload: 1}}}
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		select {
		case ids <- task.ID:
		default:
		}
		return nil
	}, queue.WorkerOptions{Schedules: schedules})
	for range 3 {
		if ahead := time.Since(tickOf(t, <-ids, "s")) - off; ahead < 0 || ahead > patience {
			t.Errorf("a tick %v after its time by the clock of Redis", ahead)
		}
	}
}

func TestInvalidSchedulesAreRefused(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	ok := queue.Schedule{Name: "s", Every: queue.Every(time.Hour), Task: queue.NewTask{Payload: 1}}
	with := func(mod func(*queue.Schedule)) []queue.Schedule {
		s := ok
		s.Name = "other"
		mod(&s)
		return []queue.Schedule{ok, s}
	}
	for name, schedules := range map[string][]queue.Schedule{
		"no name":    with(func(s *queue.Schedule) { s.Name = "" }),
		"same name":  with(func(s *queue.Schedule) { s.Name = "s" }),
		"no ticker":  with(func(s *queue.Schedule) { s.Every = nil }),
		"no payload": with(func(s *queue.Schedule) { s.Task.Payload = []byte(nil) }),
		"long type":  with(func(s *queue.Schedule) { s.Task.Type = strings.Repeat("x", 513) }),
		"long name":  with(func(s *queue.Schedule) { s.Name = strings.Repeat("x", 513) }),
	} {
		w := queue.NewWorker(q, nil, queue.WorkerOptions{Schedules: schedules})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if err := w.Run(ctx); err == nil || ctx.Err() != nil {
			t.Errorf("%s: Run = %v, want an error at once", name, err)
		}
		cancel()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := queue.NewWorker(q, nil, queue.WorkerOptions{Schedules: []queue.Schedule{ok}}).Run(ctx); err != nil {
		t.Errorf("Run = %v with a valid schedule", err)
	}
}

func TestTickWithoutAWorkerIsLeftOut(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	const step = 200 * time.Millisecond
	var ids journal[string]
	start := func() func() {
		return startWorker(t, q, func(_ context.Context, task queue.Task) error {
			ids.add(task.ID)
			return nil
		}, queue.WorkerOptions{Schedules: []queue.Schedule{{Name: "s", Every: metre(step), Task: queue.NewTask{Payload: 1}}}})
	}
	first := time.Now()
	stop := start()
	eventually(t, "a tick", func() bool { return ids.len() > 0 })
	stop()
	stopped := time.Now()
	before := ids.len()
	gap := stopped.Add(3 * step)
	eventually(t, "three ticks pass", func() bool { return time.Now().After(gap) })
	again := time.Now()
	start()
	eventually(t, "two more ticks", func() bool { return ids.len() > before+1 })
	all := ids.all()
	if tick := tickOf(t, all[0], "s"); tick.Before(first.Truncate(time.Millisecond)) {
		t.Errorf("the first worker, started at %v, added the tick %v", first, tick)
	}
	for _, id := range all[before:] {
		if tick := tickOf(t, id, "s"); tick.After(stopped.Add(step)) && tick.Before(again.Truncate(time.Millisecond)) {
			t.Errorf("the worker started at %v added the tick %v", again, tick)
		}
	}
}

func TestOfTicksWithoutRedisTheLastIsMadeUpFor(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t), func(o *queue.Options) { o.RedisTimeout = 100 * time.Millisecond })
	const step = 300 * time.Millisecond
	var ids journal[string]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		ids.add(task.ID)
		return nil
	}, queue.WorkerOptions{Schedules: []queue.Schedule{{Name: "s", Every: metre(step), Task: queue.NewTask{Payload: 1}}}})
	eventually(t, "a tick", func() bool { return ids.len() > 0 })
	server.Freeze(t)
	frozen := time.Now()
	eventually(t, "four ticks pass", func() bool { return time.Since(frozen) > 4*step })
	server.Thaw(t)
	thawed := time.Now()
	isAfter := func(id string) bool { return tickOf(t, id, "s").After(thawed) }
	eventually(t, "a tick", func() bool { return slices.ContainsFunc(ids.all(), isAfter) })
	missed := map[string]bool{}
	for _, id := range ids.all() {
		if tick := tickOf(t, id, "s"); tick.After(frozen.Add(step)) && tick.Before(thawed.Add(-step)) {
			missed[id] = true
		}
	}
	// What was asked as Redis froze is answered as it thaws: one more may come.
	if len(missed) > 1 {
		t.Errorf("ticks %v of the time without Redis came, want the last one", missed)
	}
}

func TestScheduleEnds(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	asked := make(chan time.Time, 100)
	warned := make(chan struct{}, 1)
	end := time.Now().Add(300 * time.Millisecond)
	var runs journal[string]
	stop := startWorker(t, q, func(_ context.Context, task queue.Task) error {
		runs.add(task.ID)
		return nil
	}, queue.WorkerOptions{Logger: warnings(warned), Schedules: []queue.Schedule{
		{Name: "ends", Task: queue.NewTask{Payload: 1}, Every: tickerFunc(func(at time.Time) time.Time {
			if at.After(end) {
				asked <- time.Time{}
				return time.Time{}
			}
			return at.Add(100 * time.Millisecond)
		})},
		// One that breaks the rules of a Ticker must not keep Redis busy.
		{Name: "stands still", Task: queue.NewTask{Payload: 1}, Every: tickerFunc(func(at time.Time) time.Time { return at })},
	}})
	<-asked
	<-warned
	stop()
	for _, id := range runs.all() {
		if !strings.HasPrefix(id, "ends@") {
			t.Errorf("task %q was added", id)
		}
	}
}
