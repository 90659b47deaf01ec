package queue_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// tap is a client that shows the scripts' calls to a function, which sends them.
type tap struct {
	rueidis.Client
	call func(ctx context.Context, args []string, send func(context.Context) rueidis.RedisResult) rueidis.RedisResult
}

func (c *tap) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	words := slices.Clone(cmd.Commands())
	if !strings.HasPrefix(words[0], "EVAL") {
		return c.Client.Do(ctx, cmd)
	}
	numKeys, err := strconv.Atoi(words[2])
	if err != nil {
		return rueidis.NewErrorResult(err)
	}
	return c.call(ctx, words[3+numKeys:], func(ctx context.Context) rueidis.RedisResult {
		return c.Client.Do(ctx, c.B().Arbitrary(words...).Build())
	})
}

// isClaim tells fetch.lua by its last argument, and isLook held.lua.
func isClaim(args []string) bool { return len(args) == 6 && args[5] == "4194304" }

func isLook(args []string) bool { return len(args) == 2 && args[1] == "500" }

func TestSuspectRunsWhileItsWorkerRunsNothingElse(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	plain := newQueueOn(t, server.Client(t))
	client := &tap{Client: server.Client(t)}
	seen := make(chan struct{}, 100)
	client.call = func(ctx context.Context, args []string, send func(context.Context) rueidis.RedisResult) rueidis.RedisResult {
		result := send(ctx)
		if reply, err := result.ToArray(); isClaim(args) && err == nil {
			if n, err := reply[3].AsInt64(); err == nil && n == 1 {
				seen <- struct{}{} // the worker knows that there is a suspect
			}
		}
		return result
	}
	q := queue.New(client, plain.Name(), queue.Options{RedisTimeout: patience})
	var running atomic.Int64
	neighbours, release := make(chan struct{}, 10), make(chan struct{})
	suspect := make(chan struct{})
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		defer running.Add(-1)
		if n := running.Add(1); string(task.Payload) != `"suspect"` {
			neighbours <- struct{}{}
			<-release
			return nil
		} else if n != 1 {
			t.Errorf("the suspect runs beside %d others", n-1)
		}
		close(suspect)
		select {
		case <-neighbours:
			t.Error("a task was started beside the suspect")
		case <-time.After(time.Second):
		}
		return nil
	}, queue.WorkerOptions{Concurrency: 4})
	enqueue(t, plain, `"before"`, `"before"`)
	<-neighbours
	<-neighbours
	// A task that took down two of three workers.
	server.CLI(t, "XADD", "{"+q.Name()+"}:suspects", "*", "id", "s", "payload", `"suspect"`, "crashes", "2")
	<-seen
	enqueue(t, plain, `"after"`, `"after"`) // while the worker makes room
	close(release)
	<-suspect
	awaitStats(t, plain, counts{})
	if got := len(neighbours); got != 2 {
		t.Errorf("%d tasks ran after the suspect, want 2", got)
	}
}

func TestStopDuringAClaimLosesNoLease(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	plain := newQueueOn(t, server.Client(t))
	enqueue(t, plain, `1`)
	ctx, stop := context.WithCancel(t.Context())
	client := &tap{Client: server.Client(t)}
	client.call = func(ctx context.Context, args []string, send func(context.Context) rueidis.RedisResult) rueidis.RedisResult {
		if !isClaim(args) {
			return send(ctx)
		}
		result := send(context.WithoutCancel(ctx))
		if result.Error() == nil {
			stop() // Redis has carried the claim out, and its answer is on the way
			if ctx.Err() != nil {
				return rueidis.NewErrorResult(ctx.Err())
			}
		}
		return result
	}
	var events journal[queue.Event]
	q := queue.New(client, plain.Name(), queue.Options{RedisTimeout: patience})
	w := queue.NewWorker(q, func(context.Context, queue.Task) error {
		t.Error("a task was started after the stop")
		return nil
	}, queue.WorkerOptions{OnEvent: events.add})
	if err := w.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
	if got := stats(t, plain); got != (counts{Waiting: 1}) {
		t.Errorf("Stats() after the stop = %+v, want the task handed back", got)
	}
	if n := kinds(&events); len(n) != 0 {
		t.Errorf("events %v of a task that never ran, want none", n)
	}
}

func TestClaimsCarriedOutAfterRedisAnsweredAreGivenBack(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	plain := newQueueOn(t, server.Client(t))
	client := &tap{Client: server.Client(t)}
	var mu sync.Mutex
	var lost bool // the answer to a claim
	var late func(context.Context) rueidis.RedisResult
	client.call = func(ctx context.Context, args []string, send func(context.Context) rueidis.RedisResult) rueidis.RedisResult {
		mu.Lock()
		defer mu.Unlock()
		if isClaim(args) && !lost {
			result := send(ctx)
			if result.Error() == nil { // Redis knows the script from now on
				lost, late = true, send
				return rueidis.NewErrorResult(context.DeadlineExceeded)
			}
			return result
		}
		result := send(ctx)
		if late != nil && isLook(args) && result.Error() == nil {
			// Redis has answered what that claim has brought: nothing. Now it carries
			// the claim out.
			enqueue(t, plain, `"late"`)
			if err := late(context.WithoutCancel(ctx)).Error(); err != nil {
				t.Error(err)
			}
			late = nil
		}
		return result
	}
	q := queue.New(client, plain.Name(), queue.Options{RedisTimeout: patience})
	runs := make(chan queue.Task, 1)
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		runs <- task
		return nil
	}, queue.WorkerOptions{})
	if task := <-runs; string(task.Payload) != `"late"` || task.Crashes != 0 {
		t.Errorf("task %s runs with %d crashes, want none", task.Payload, task.Crashes)
	}
	awaitStats(t, plain, counts{})
}

func TestOneClaimBringsBoundedBytes(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	plain := newQueueOn(t, server.Client(t))
	client := &tap{Client: server.Client(t)}
	var claims journal[int] // payloads per claim
	client.call = func(ctx context.Context, args []string, send func(context.Context) rueidis.RedisResult) rueidis.RedisResult {
		result := send(ctx)
		if reply, err := result.ToArray(); isClaim(args) && err == nil {
			n := 0
			for _, stream := range reply[6:] {
				parts, _ := stream.ToArray()
				entries, _ := parts[1].ToArray()
				n += len(entries)
			}
			if n > 0 {
				claims.add(n)
			}
		}
		return result
	}
	mebibyte := `"` + strings.Repeat("x", 1<<20-2) + `"`
	for range 9 {
		enqueue(t, plain, mebibyte)
	}
	q := queue.New(client, plain.Name(), queue.Options{RedisTimeout: patience})
	startWorker(t, q, func(context.Context, queue.Task) error { return nil }, queue.WorkerOptions{Concurrency: 16})
	awaitStats(t, plain, counts{})
	if got := claims.all(); !slices.Equal(got, []int{4, 4, 1}) {
		t.Errorf("claims brought %v payloads of 1 MiB, want 4, 4 and 1", got)
	}
}

func TestSuspectWaitsForTheResultOfTheLastOne(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	plain := newQueueOn(t, server.Client(t))
	client := &tap{Client: server.Client(t)}
	held := make(chan struct{})
	var stored atomic.Bool
	client.call = func(ctx context.Context, args []string, send func(context.Context) rueidis.RedisResult) rueidis.RedisResult {
		if slices.Contains(args, "first") && !stored.Load() { // done.lua
			<-held
			defer stored.Store(true)
		}
		return send(ctx)
	}
	q := queue.New(client, plain.Name(), queue.Options{RedisTimeout: patience})
	for _, id := range []string{"first", "second"} {
		server.CLI(t, "XADD", own(q, "suspects"), "*", "id", id, "payload", "1", "crashes", "2")
	}
	ran := make(chan string, 2)
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		if task.ID == "second" && !stored.Load() {
			t.Error("a suspect started that may condemn the one before")
		}
		ran <- task.ID
		return nil
	}, queue.WorkerOptions{})
	<-ran
	select {
	case <-ran:
		t.Error("a suspect started that may condemn the one before")
	case <-time.After(300 * time.Millisecond):
	}
	close(held)
	<-ran
	awaitStats(t, plain, counts{})
}
