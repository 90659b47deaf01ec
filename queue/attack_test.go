package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// waits is a client that shows the commands that wait for a new task to a function,
// which sends them.
type waits struct {
	rueidis.Client
	call func(send func() rueidis.RedisResult) rueidis.RedisResult
}

func (c *waits) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	if cmd.Commands()[0] != "XREADGROUP" {
		return c.Client.Do(ctx, cmd)
	}
	return c.call(func() rueidis.RedisResult { return c.Client.Do(ctx, cmd) })
}

func TestClaimThatStopsHalfWayIsGivenBack(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	plain := newQueueOn(t, server.Client(t))
	client := &tap{Client: server.Client(t)}
	var once sync.Once
	client.call = func(ctx context.Context, args []string, send func(context.Context) rueidis.RedisResult) rueidis.RedisResult {
		if isClaim(args) {
			once.Do(func() {
				enqueue(t, plain, `1`, `2`)
				server.CLI(t, "DEL", "{"+plain.Name()+"}:tasks:low") // read after those two
			})
		}
		return send(ctx)
	}
	runs := make(chan queue.Task, 10)
	startWorker(t, queue.New(client, plain.Name(), queue.Options{RedisTimeout: patience}),
		func(_ context.Context, task queue.Task) error {
			runs <- task
			return nil
		}, queue.WorkerOptions{})
	eventually(t, "runs", func() bool { return len(runs) == 2 })
	awaitStats(t, plain, counts{})
}

func TestDeletedStreamDoesNotKeepDoubtForEver(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	plain := newQueueOn(t, server.Client(t))
	enqueue(t, plain, `1`)
	client := &tap{Client: server.Client(t)}
	var claim, look sync.Once
	client.call = func(ctx context.Context, args []string, send func(context.Context) rueidis.RedisResult) rueidis.RedisResult {
		result := send(ctx)
		if isClaim(args) && result.Error() == nil {
			claim.Do(func() {
				result = rueidis.NewErrorResult(context.DeadlineExceeded)
				server.CLI(t, "DEL", "{"+plain.Name()+"}:suspects")
			})
		}
		if isLook(args) {
			look.Do(func() { server.CLI(t, "DEL", "{"+plain.Name()+"}:again") })
		}
		return result
	}
	startWorker(t, queue.New(client, plain.Name(), queue.Options{RedisTimeout: patience}),
		func(context.Context, queue.Task) error { return nil }, queue.WorkerOptions{})
	awaitStats(t, plain, counts{})
}

func TestWorkerLeavesThoughAStreamIsGone(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	started := make(chan struct{}, 1)
	stop := startWorker(t, q, func(ctx context.Context, _ queue.Task) error {
		started <- struct{}{}
		<-ctx.Done()
		redistest.Shared(t).CLI(t, "DEL", "{"+q.Name()+"}:again")
		<-t.Context().Done()
		return nil
	}, queue.WorkerOptions{Concurrency: 1, DrainTimeout: time.Millisecond})
	enqueue(t, q, `1`)
	<-started
	stop()
	if got := stats(t, q); got != (counts{Waiting: 1}) {
		t.Errorf("Stats() after the stop = %+v, want the task handed back", got)
	}
}

func TestOneWaitThatBringsMoreThanSlotsHoldsNothingBack(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	plain := newQueueOn(t, server.Client(t))
	client := &waits{Client: server.Client(t)}
	var once sync.Once
	client.call = func(send func() rueidis.RedisResult) rueidis.RedisResult {
		once.Do(func() {
			for _, p := range []queue.Priority{queue.PriorityHigh, queue.PriorityNormal, queue.PriorityLow} {
				if _, err := plain.Add(t.Context(), queue.NewTask{Payload: 1, Priority: p}); err != nil {
					t.Error(err)
				}
			}
		})
		return send()
	}
	release := make(chan struct{})
	var runs atomic.Int64
	startWorker(t, queue.New(client, plain.Name(), queue.Options{RedisTimeout: patience}),
		func(context.Context, queue.Task) error {
			runs.Add(1)
			<-release
			return nil
		}, queue.WorkerOptions{Concurrency: 1})
	awaitStats(t, plain, counts{Waiting: 2, Running: 1})
	close(release)
	awaitStats(t, plain, counts{})
	if runs.Load() != 3 {
		t.Errorf("%d runs of 3 tasks", runs.Load())
	}
}

func TestWaitThatFailsAtOnceMakesNoBusyLoop(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	var tries atomic.Int64
	client := &waits{Client: server.Client(t)}
	client.call = func(func() rueidis.RedisResult) rueidis.RedisResult {
		tries.Add(1)
		return rueidis.NewErrorResult(errors.New("no connection to spare"))
	}
	q := newQueueOn(t, client)
	done := make(chan struct{}, 10)
	startWorker(t, q, func(context.Context, queue.Task) error {
		done <- struct{}{}
		return nil
	}, queue.WorkerOptions{})
	eventually(t, "first wait", func() bool { return tries.Load() > 0 })
	before, since := tries.Load(), time.Now()
	enqueue(t, q, `1`)
	<-done // the polling finds it
	time.Sleep(500 * time.Millisecond)
	// One try in 100 ms, and one for what was done.
	if n, most := tries.Load()-before, int64(time.Since(since)/(100*time.Millisecond))+2; n > most {
		t.Errorf("%d tries in %v, want at most %d", n, time.Since(since), most)
	}
}

func TestFullRedisIsEmptied(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t))
	var runs journal[string]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		runs.add(string(task.Payload))
		return nil
	}, queue.WorkerOptions{})
	eventually(t, "worker", func() bool {
		s, err := q.Stats(t.Context())
		return err == nil && s.Workers == 1
	})
	if err := q.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Add(t.Context(), queue.NewTask{Payload: "due", Delay: time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	server.CLI(t, "LPUSH", q.Name(), `"pushed"`)
	enqueue(t, q, `1`, `2`, `3`)
	// A pause that began during a wait hands back what that brought.
	eventually(t, "tasks that wait", func() bool {
		c := stats(t, q)
		return c.Running == 0 && c.Waiting+c.Retrying == 5
	})
	time.Sleep(600 * time.Millisecond) // longer than one wait takes
	server.CLI(t, "CONFIG", "SET", "maxmemory", "1")
	if err := q.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the streams to be emptied", func() bool { return runs.len() >= 3 })
	server.CLI(t, "CONFIG", "SET", "maxmemory", "0")
	awaitStats(t, q, counts{})
	want := []string{`"due"`, `"pushed"`, `1`, `2`, `3`}
	if got := slices.Sorted(slices.Values(runs.all())); !slices.Equal(got, want) {
		t.Errorf("runs of %v, want each of %v once", got, want)
	}
}

// isRenewal tells renew.lua for the default lease.
func isRenewal(args []string) bool { return len(args) == 2 && args[1] == "6000" }

// strikeOff takes every worker of a queue for dead, as the reaper does first.
func strikeOff(t *testing.T, q *queue.Queue) {
	t.Helper()
	server := redistest.Shared(t)
	for name := range strings.FieldsSeq(server.CLI(t, "ZRANGE", "{"+q.Name()+"}:workers", "0", "-1")) {
		server.CLI(t, "ZADD", "{"+q.Name()+"}:workers", "1", name)
	}
}

// endLeases does what time does: the leases of all workers end now. What they have
// claimed was theirs until then.
func endLeases(t *testing.T, q *queue.Queue) {
	t.Helper()
	server := redistest.Shared(t)
	var seconds, micros int64
	if _, err := fmt.Sscan(server.CLI(t, "TIME"), &seconds, &micros); err != nil {
		t.Fatal(err)
	}
	now := fmt.Sprint(seconds*1000 + micros/1000)
	for name := range strings.FieldsSeq(server.CLI(t, "ZRANGE", own(q, "workers"), "0", "-1")) {
		server.CLI(t, "ZADD", own(q, "workers"), now, name)
	}
}

func TestTaskThatNeverBeganIsPardoned(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	enqueue(t, q, `1`)
	asked, grant := make(chan struct{}), make(chan struct{})
	var limited atomic.Bool
	client := &tap{Client: redistest.Shared(t).Client(t)}
	refused := make(chan struct{}, 100)
	client.call = func(ctx context.Context, args []string, send func(context.Context) rueidis.RedisResult) rueidis.RedisResult {
		result := send(ctx)
		if known, err := result.AsInt64(); isRenewal(args) && err == nil && known == 0 {
			refused <- struct{}{}
		}
		return result
	}
	startWorker(t, queue.New(client, q.Name(), queue.Options{RedisTimeout: patience}), func(context.Context, queue.Task) error {
		t.Error("a task was started that belongs to another worker")
		return nil
	}, queue.WorkerOptions{Limiter: queue.LimiterFunc(func(_ context.Context, n int) (int, time.Duration, error) {
		if limited.Swap(true) {
			return 0, time.Hour, nil
		}
		close(asked)
		<-grant
		return n, 0, nil
	})})
	<-asked
	endLeases(t, q)
	taken, finish := make(chan queue.Task, 1), make(chan struct{})
	t.Cleanup(func() { close(finish) })
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		taken <- task
		<-finish
		return nil
	}, queue.WorkerOptions{DrainTimeout: time.Millisecond})
	var task queue.Task
	select {
	case task = <-taken:
	case <-time.After(patience):
		t.Fatal("nobody has taken the task up")
	}
	if task.Crashes != 1 {
		t.Fatalf("the task was taken up with %d crashes: nothing is there to pardon", task.Crashes)
	}
	<-refused                          // the first worker has tried to renew its lease
	time.Sleep(500 * time.Millisecond) // and has had the time to understand the answer
	close(grant)
	eventually(t, "pardon", func() bool {
		return redistest.Shared(t).CLI(t, "HEXISTS", "{"+q.Name()+"}:crashes", task.ID) == "0"
	})
}

func TestTaskThatCameToAWorkerStruckOffMeanwhileRunsOnce(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	plain := newQueueOn(t, server.Client(t))
	own := "{" + plain.Name() + "}:"
	client := &waits{Client: server.Client(t)}
	var once sync.Once
	client.call = func(send func() rueidis.RedisResult) rueidis.RedisResult {
		var result rueidis.RedisResult
		first := false
		once.Do(func() {
			first = true
			enqueue(t, plain, `1`)
			result = send()
			server.CLI(t, "DEL", own+"workers")
			eventually(t, "reaper", func() bool { return server.CLI(t, "XLEN", own+"again") == "1" })
		})
		if first {
			return result
		}
		return send()
	}
	var runs atomic.Int64
	var events journal[queue.Event]
	startWorker(t, queue.New(client, plain.Name(), queue.Options{RedisTimeout: patience}),
		func(context.Context, queue.Task) error {
			runs.Add(1)
			return nil
		}, queue.WorkerOptions{OnEvent: events.add})
	eventually(t, "done", func() bool { return kinds(&events)[queue.EventDone] > 0 })
	awaitStats(t, plain, counts{})
	if n := runs.Load(); n != 1 {
		t.Errorf("%d runs, want one by whoever has the task", n)
	}
}

func TestVerdictOfAWorkerStruckOffIsRefusedBeforeItsTaskHasMoved(t *testing.T) {
	t.Parallel()
	for name, verdict := range map[string]error{
		"done": nil, "failed": errors.New("no"), "dead": queue.Permanent(errors.New("never")),
		"postponed": queue.Postpone(time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t)
			var events journal[queue.Event]
			var runs atomic.Int64
			startWorker(t, q, func(context.Context, queue.Task) error {
				if runs.Add(1) == 1 {
					redistest.Shared(t).CLI(t, "DEL", "{"+q.Name()+"}:workers")
					return verdict
				}
				return nil
			}, queue.WorkerOptions{OnEvent: events.add})
			enqueue(t, q, `1`)
			eventually(t, "done by the next member", func() bool { return runs.Load() == 2 && kinds(&events)[queue.EventDone] > 0 })
			awaitStats(t, q, counts{})
			if n := kinds(&events); n[queue.EventLost] != 1 || n[queue.EventDone] != 1 || n[queue.EventFailed]+n[queue.EventDead]+n[queue.EventPostponed] != 0 {
				t.Errorf("events %v, want one lost and one done", n)
			}
		})
	}
}
