package queue_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// add adds one task and reports whether it was dropped.
func add(t *testing.T, q *queue.Queue, task queue.NewTask) (duplicate bool) {
	t.Helper()
	added, err := q.Add(t.Context(), task)
	if err != nil || len(added) != 1 {
		t.Fatalf("Add = %v, %v", added, err)
	}
	return added[0].Duplicate
}

func TestDelayedTaskStartsInTime(t *testing.T) {
	t.Parallel()
	// The clock of Redis is this machine's.
	for name, task := range map[string]func(time.Time) queue.NewTask{
		"Delay": func(time.Time) queue.NewTask { return queue.NewTask{Delay: 700 * time.Millisecond} },
		"At": func(now time.Time) queue.NewTask {
			return queue.NewTask{At: now.Add(700 * time.Millisecond)}
		},
		"both": func(now time.Time) queue.NewTask {
			return queue.NewTask{Delay: 700 * time.Millisecond, At: now.Add(time.Hour)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t)
			starts := make(chan time.Time, 1)
			startWorker(t, q, func(context.Context, queue.Task) error {
				starts <- time.Now()
				return nil
			}, queue.WorkerOptions{})
			awaitWorkers(t, q, 1)
			begin := time.Now()
			n := task(begin)
			n.Payload = 1
			add(t, q, n)
			// Unless the machine was too busy to look before the time had come.
			if got := stats(t, q); got != (counts{Retrying: 1}) && time.Since(begin) < 700*time.Millisecond {
				t.Errorf("Stats() = %+v, want one that is scheduled", got)
			}
			took := (<-starts).Sub(begin)
			if took < 699*time.Millisecond {
				t.Errorf("the task started after %v, want 700 ms", took)
			}
			if took > 10*time.Second { // half a second, and a slow machine
				t.Errorf("the task started only after %v", took)
			}
			awaitStats(t, q, counts{})
		})
	}
}

func TestTimeThatHasPassedIsNow(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	for _, task := range []queue.NewTask{
		{Payload: 1, At: time.Now().Add(-time.Hour)},
		{Payload: 1, At: time.Unix(-5, 0)},
		{Payload: 1, Delay: -time.Hour},
		{Payload: 1, Delay: time.Microsecond},
	} {
		add(t, q, task)
	}
	if got := stats(t, q); got != (counts{Waiting: 4}) {
		t.Errorf("Stats() = %+v, want four that wait", got)
	}
}

func TestFarFutureIsKept(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	at := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	add(t, q, queue.NewTask{Payload: 1, At: at, ID: "a", OnceFor: 1<<63 - 1})
	add(t, q, queue.NewTask{Payload: 1, Delay: 1<<63 - 1, Unique: "b", UniqueFor: 1<<63 - 1})
	page, err := q.List(t.Context(), queue.StateScheduled, "", 10)
	if err != nil || len(page.Tasks) != 2 || !page.Tasks[1].DueAt.Equal(at) {
		t.Errorf("List = %+v, %v, want the second due at %v", page.Tasks, err, at)
	}
}

func TestIDIsAddedOnceAlsoWhenItsTaskIsDone(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	startWorker(t, q, func(context.Context, queue.Task) error { return nil }, queue.WorkerOptions{})
	if add(t, q, queue.NewTask{Payload: 1, ID: "order 42"}) {
		t.Fatal("the first one was dropped")
	}
	awaitStats(t, q, counts{})
	for _, n := range []queue.NewTask{{ID: "order 42"}, {ID: "order 42", Delay: time.Hour}, {ID: "order 42", Unique: "u"}} {
		n.Payload = 2
		if !add(t, q, n) {
			t.Errorf("%+v was added", n)
		}
	}
	if add(t, q, queue.NewTask{Payload: 3, Unique: "u"}) {
		t.Error("a task that was dropped holds its unique key")
	}
	awaitStats(t, q, counts{})
	s, err := q.Stats(t.Context())
	if err != nil || s.Processed != 2 {
		t.Errorf("%d processed, %v, want 2", s.Processed, err)
	}
}

func TestIDIsForgottenAfterOnceFor(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	begin := time.Now()
	n := queue.NewTask{Payload: 1, ID: "a", OnceFor: 300 * time.Millisecond}
	add(t, q, n)
	eventually(t, "the id may come again", func() bool { return !add(t, q, n) })
	if took := time.Since(begin); took < 300*time.Millisecond {
		t.Errorf("the id came again after %v", took)
	}
}

func TestProducersWithOneIDAddOneTask(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	for _, n := range []queue.NewTask{
		{ID: "a"}, {ID: "b", Delay: time.Hour}, {Unique: "c"}, {Unique: "d", Delay: time.Hour},
	} {
		n.Payload = 1
		var mu sync.Mutex
		added := 0
		var producers sync.WaitGroup
		for range 64 {
			producers.Go(func() {
				a, err := q.Add(t.Context(), n)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if !a[0].Duplicate {
					added++
				}
			})
		}
		producers.Wait()
		if added != 1 {
			t.Errorf("%+v: %d of 64 were added, want 1", n, added)
		}
	}
	if got := stats(t, q); got != (counts{Waiting: 2, Retrying: 2}) {
		t.Errorf("Stats() = %+v, want 2 waiting and 2 scheduled", got)
	}
}

func TestBatchOfOneIDAddsTheFirst(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	added, err := q.Add(t.Context(), queue.NewTask{Payload: 1, ID: "a"}, queue.NewTask{Payload: 2}, queue.NewTask{Payload: 3, ID: "a"})
	if err != nil || len(added) != 3 || added[0].Duplicate || added[1].Duplicate || !added[2].Duplicate {
		t.Errorf("Add = %+v, %v, want the third dropped", added, err)
	}
	if added[0].ID != "a" || added[1].ID == "" || added[2].ID != "a" {
		t.Errorf("the ids are %+v", added)
	}
}

func TestMixedBatchRunsInItsOrder(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	if _, err := q.Add(t.Context(),
		queue.NewTask{Payload: 1, ID: "a"}, queue.NewTask{Payload: 2}, queue.NewTask{Payload: 3, Unique: "b"},
		queue.NewTask{Payload: 4}, queue.NewTask{Payload: 5, At: time.Unix(1, 0)}, queue.NewTask{Payload: 6},
	); err != nil {
		t.Fatal(err)
	}
	var order journal[string]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		order.add(string(task.Payload))
		return nil
	}, queue.WorkerOptions{Concurrency: 1})
	awaitStats(t, q, counts{})
	if got := strings.Join(order.all(), ""); got != "123456" {
		t.Errorf("order %s, want 123456", got)
	}
}

func TestOneInvalidTaskKeepsAllOut(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxPayload = 100 })
	long := strings.Repeat("x", 513)
	for name, invalid := range map[string]queue.NewTask{
		"no JSON":       {Payload: []byte("{")},
		"no payload":    {Payload: []byte(nil)},
		"too large":     {Payload: strings.Repeat("x", 100)},
		"long id":       {Payload: 1, ID: long},
		"long type":     {Payload: 1, Type: long},
		"long unique":   {Payload: 1, Unique: long},
		"not encodable": {Payload: make(chan int)},
	} {
		added, err := q.Add(t.Context(), queue.NewTask{Payload: 1}, queue.NewTask{Payload: 1, ID: "a"}, invalid)
		if !errors.Is(err, queue.ErrPayload) || added != nil {
			t.Errorf("%s: Add = %v, %v, want ErrPayload", name, added, err)
		}
	}
	if got := stats(t, q); got != (counts{}) {
		t.Errorf("Stats() = %+v, want nothing", got)
	}
	if added, err := q.Add(t.Context()); err != nil || len(added) != 0 {
		t.Errorf("Add of nothing = %v, %v", added, err)
	}
}

func TestUniqueKeyIsHeldUntilTheTaskIsGone(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) {
		o.MaxAttempts, o.MaxDead = 2, 1
		o.Backoff = func(int) time.Duration { return time.Hour }
	})
	n := queue.NewTask{Payload: "unique", Unique: "report"}
	held := func(when string) {
		t.Helper()
		if !add(t, q, n) {
			t.Fatalf("a second task was added while the first one %s", when)
		}
	}
	outcome := make(chan error)
	running := make(chan struct{})
	worker := func() func() {
		return startWorker(t, q, func(_ context.Context, task queue.Task) error {
			if string(task.Payload) != `"unique"` {
				return queue.Permanent(errors.New("no"))
			}
			running <- struct{}{}
			return <-outcome
		}, queue.WorkerOptions{})
	}
	retry := func(want int) {
		t.Helper()
		page, err := q.List(t.Context(), queue.StateRetrying, "", 10)
		if err != nil || len(page.Tasks) != 1 {
			t.Fatalf("List = %v, %v", page.Tasks, err)
		}
		if n, err := q.Retry(t.Context(), page.Tasks[0].ID); n != want || err != nil {
			t.Fatalf("Retry = %d, %v", n, err)
		}
	}

	add(t, q, n)
	held("waits")
	worker()
	<-running
	held("runs")
	outcome <- errors.New("once more")
	awaitStats(t, q, counts{Retrying: 1})
	held("is to be retried")
	retry(1)
	<-running
	outcome <- nil
	awaitStats(t, q, counts{})

	// Done released it. Now it dies.
	if add(t, q, n) {
		t.Fatal("the key is held by a task that is done")
	}
	<-running
	outcome <- queue.Permanent(errors.New("no"))
	awaitStats(t, q, counts{Dead: 1})
	held("is a dead letter")
	dead, err := listDead(t.Context(), q, 1)
	if err != nil || len(dead) != 1 {
		t.Fatalf("dead letters %v, %v", dead, err)
	}
	if n, err := q.Delete(t.Context(), dead[0].ID); n != 1 || err != nil {
		t.Fatalf("Delete = %d, %v", n, err)
	}

	// Delete released it. Now another dead letter displaces it.
	if add(t, q, n) {
		t.Fatal("the key is held by a task that was deleted")
	}
	<-running
	outcome <- queue.Permanent(errors.New("no"))
	awaitStats(t, q, counts{Dead: 1})
	held("is a dead letter")
	if add(t, q, queue.NewTask{Payload: "displaces"}) {
		t.Fatal("dropped")
	}
	eventually(t, "the key is free", func() bool { return !add(t, q, n) })
	<-running
	outcome <- nil
}

func TestUniqueForEndsEarlier(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	n := queue.NewTask{Payload: "first", Unique: "u", UniqueFor: 300 * time.Millisecond}
	begin := time.Now()
	add(t, q, n)
	n.Payload, n.UniqueFor = "second", 0
	eventually(t, "the key is free", func() bool { return !add(t, q, n) })
	if took := time.Since(begin); took < 300*time.Millisecond {
		t.Errorf("the key was free after %v", took)
	}
	// That the first one is done does not release the second one's key.
	release := make(chan struct{})
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		if string(task.Payload) == `"second"` {
			<-release
		}
		return nil
	}, queue.WorkerOptions{Concurrency: 1})
	awaitStats(t, q, counts{Running: 1})
	if !add(t, q, n) {
		t.Error("the key of a task that runs was released by an older one")
	}
	close(release)
	awaitStats(t, q, counts{})
}

func TestTaskHasAttemptsAndATimeOfItsOwn(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(o *queue.Options) { o.MaxAttempts = 3 })
	var causes journal[string]
	startWorker(t, q, func(ctx context.Context, task queue.Task) error {
		causes.add(string(task.Payload))
		if string(task.Payload) == `"bounded"` {
			<-ctx.Done()
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				t.Errorf("the context ended with %v", ctx.Err())
			}
			return ctx.Err()
		}
		if _, ok := ctx.Deadline(); ok {
			t.Error("a task without a timeout has a deadline")
		}
		return errors.New("no")
	}, queue.WorkerOptions{})
	for _, n := range []queue.NewTask{
		{Payload: "bounded", Timeout: 20 * time.Millisecond, MaxAttempts: 1},
		{Payload: "five", MaxAttempts: 5},
		{Payload: "three"},
	} {
		add(t, q, n)
	}
	awaitStats(t, q, counts{Dead: 3})
	tries := causes.all()
	slices.Sort(tries)
	want := `"bounded" "five" "five" "five" "five" "five" "three" "three" "three"`
	if got := strings.Join(tries, " "); got != want {
		t.Errorf("runs: %s, want %s", got, want)
	}
}

func TestTaskIsNotStartedAfterItsDeadline(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	var events journal[queue.Event]
	for _, n := range []queue.NewTask{
		{Payload: "late", Deadline: time.Now().Add(-time.Second)},
		{Payload: "long ago", Deadline: time.Unix(-1, 0)},
		{Payload: "waits too long", Deadline: time.Now().Add(50 * time.Millisecond), Delay: 100 * time.Millisecond},
	} {
		add(t, q, n)
	}
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		t.Errorf("%s runs", task.Payload)
		return nil
	}, queue.WorkerOptions{OnEvent: events.add})
	awaitStats(t, q, counts{Dead: 3})
	eventually(t, "three events", func() bool { return events.len() == 3 })
	for _, e := range events.all() {
		if e.Kind != queue.EventDead || !errors.Is(e.Err, queue.ErrDeadline) {
			t.Errorf("event %v with %v, want dead with ErrDeadline", e.Kind, e.Err)
		}
	}
	dead, err := listDead(t.Context(), q, 10)
	if err != nil || len(dead) != 3 || dead[0].Error != queue.ErrDeadline.Error() || dead[0].Attempts != 0 {
		t.Errorf("dead letters %+v, %v", dead, err)
	}
}

func TestDeadlineEndsARun(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	var runs atomic.Int64
	startWorker(t, q, func(ctx context.Context, _ queue.Task) error {
		runs.Add(1)
		<-ctx.Done()
		return ctx.Err()
	}, queue.WorkerOptions{})
	// A machine that is too busy to start the task before its deadline has more time
	// for the next one.
	for dead, left := int64(1), 200*time.Millisecond; runs.Load() == 0; dead, left = dead+1, 2*left {
		add(t, q, queue.NewTask{Payload: 1, Deadline: time.Now().Add(left), Timeout: time.Hour})
		awaitStats(t, q, counts{Dead: dead})
	}
	dead, err := listDead(t.Context(), q, 1)
	if err != nil || len(dead) != 1 || dead[0].Error != queue.ErrDeadline.Error() || dead[0].Attempts != 1 {
		t.Errorf("dead letters %+v, %v, want one attempt and then ErrDeadline", dead, err)
	}
}

func TestHostileNamesAreKeptByteForByte(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	client := cluster.Client(t)
	names := []string{
		"}{", "{other}", "a\nb\r\n", " ", "\x00", "\xff\xfe", "*", "task:x", "%7B", "ä€😀",
		strings.Repeat("}", 512), strings.Repeat("\xff", 512), "+5", "-", "$", "0-0",
	}
	q := newQueueOn(t, client, func(o *queue.Options) { o.MaxAttempts = 2 })
	var runs journal[queue.Task]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		if task.Attempt == 1 {
			return errors.New("once more")
		}
		runs.add(task)
		return queue.Permanent(errors.New("no"))
	}, queue.WorkerOptions{})
	for _, name := range names {
		n := queue.NewTask{Payload: 1, ID: name, Type: name, Unique: name}
		if add(t, q, n) {
			t.Errorf("%q was dropped", name)
		}
		n.ID = "another id"
		if !add(t, q, n) {
			t.Errorf("a second task with unique key %q was added", name)
		}
	}
	awaitStats(t, q, counts{Dead: int64(len(names))})
	for _, task := range runs.all() {
		if task.ID != task.Type || !slices.Contains(names, task.ID) {
			t.Errorf("task %q has type %q", task.ID, task.Type)
		}
	}
	if n, err := q.Delete(t.Context(), names...); n != len(names) || err != nil {
		t.Errorf("Delete = %d, %v, want %d", n, err, len(names))
	}
	// One node holds all of it.
	nodes := 0
	for _, node := range cluster.Nodes() {
		if node.CLI(t, "DBSIZE") != "0" {
			nodes++
		}
	}
	if nodes != 1 {
		t.Errorf("keys on %d nodes, want 1", nodes)
	}
	for _, name := range names {
		if add(t, q, queue.NewTask{Payload: 1, Unique: name, Delay: time.Hour}) {
			t.Errorf("unique key %q is held though its task was deleted", name)
		}
	}
}

type unfitPayload struct{ bad bool }

func (p unfitPayload) MarshalJSON() ([]byte, error) {
	if p.bad {
		return []byte(`{"half":`), nil
	}
	return []byte(`{"whole":1}`), nil
}

// A payload that cannot be encoded must leave nothing in the next one.
func TestPayloadsAreEncodedApart(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	for range 3 {
		if _, err := q.Add(t.Context(), queue.NewTask{Payload: unfitPayload{bad: true}}); !errors.Is(err, queue.ErrPayload) {
			t.Fatalf("a payload that is no JSON: %v", err)
		}
		if err := q.Enqueue(t.Context(), unfitPayload{}); err != nil {
			t.Fatal(err)
		}
		if err := q.Enqueue(t.Context(), map[string]string{"a": "<b> & c"}); err != nil {
			t.Fatal(err)
		}
	}
	page, err := q.List(t.Context(), queue.StateWaiting, "", 10)
	if err != nil || len(page.Tasks) != 6 {
		t.Fatalf("%d tasks (%v), want 6", len(page.Tasks), err)
	}
	for i, task := range page.Tasks {
		if want := []string{`{"whole":1}`, `{"a":"<b> & c"}`}[i%2]; string(task.Payload) != want {
			t.Errorf("payload %d is %s, want %s", i, task.Payload, want)
		}
	}
}
