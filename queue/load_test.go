package queue_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// loadLease is short, so that it is over in a test.
const loadLease = 1500 * time.Millisecond

// load is producers and workers on one queue, and what they saw.
type load struct {
	q            *queue.Queue
	acknowledged journal[string]
	refused      journal[string] // errors of producers
	mu           sync.Mutex
	runs         map[string]int
	stop         func()           // the producers
	startWorker  func(*testing.T) // one more
	release      chan struct{}    // ends the tasks that wait for it
}

// longTask is the payload of a task that runs until it is released.
const longTask = "-1"

// startLoad starts two workers, each with a client of its own, and producers of every
// kind: plain tasks, tasks with an ID, tasks that are due later, and each seventh fails
// at first. Producers pause after an error, as a caller would.
func startLoad(t *testing.T, newClient func() rueidis.Client) *load {
	t.Helper()
	name := redistest.Prefix(t) + "mails"
	o := queue.Options{
		Backoff: func(int) time.Duration { return time.Millisecond }, RedisTimeout: time.Second, Lease: loadLease, Bridge: true,
	}
	l := &load{q: queue.New(newClient(), name, o), runs: map[string]int{}, release: make(chan struct{})}
	l.startWorker = func(t *testing.T) {
		t.Helper()
		startWorker(t, queue.New(newClient(), name, o), l.handle, queue.WorkerOptions{Concurrency: 8})
	}
	for range 2 {
		l.startWorker(t)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var producing sync.WaitGroup
	for kind := range 3 {
		producing.Go(func() {
			for i := kind; ctx.Err() == nil; i += 3 {
				payload := strconv.Itoa(i)
				task := queue.NewTask{Payload: []byte(payload)}
				switch kind {
				case 1:
					task.ID = payload
				case 2:
					task.ID, task.Delay = payload, 10*time.Millisecond
				}
				if _, err := l.q.Add(context.WithoutCancel(ctx), task); err == nil {
					l.acknowledged.add(payload)
				} else {
					l.refused.add(err.Error())
				}
				sleepUntil(ctx, 2*time.Millisecond)
			}
		})
	}
	l.stop = sync.OnceFunc(func() {
		cancel()
		producing.Wait()
	})
	t.Cleanup(l.stop)
	return l
}

// handle fails each seventh task at first, and holds the long one.
func (l *load) handle(_ context.Context, task queue.Task) error {
	payload := string(task.Payload)
	l.mu.Lock()
	l.runs[payload]++
	l.mu.Unlock()
	if payload == longTask {
		<-l.release
	}
	if n, _ := strconv.Atoi(payload); n%7 == 0 && task.Attempt == 1 {
		return errors.New("the first time")
	}
	return nil
}

// sleepUntil paces a producer.
func sleepUntil(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// awaitWork waits until that many tasks more are acknowledged, and a task that was
// added from now on has run. It returns how long the second took.
func (l *load) awaitWork(t *testing.T, more int) time.Duration {
	t.Helper()
	start, before := time.Now(), l.acknowledged.len()
	eventually(t, "producers go on", func() bool { return l.acknowledged.len() > before+more })
	newest := l.acknowledged.all()[before:]
	eventually(t, "workers go on", func() bool { return l.ran(newest) > 0 })
	return time.Since(start)
}

// ran counts the tasks among these that ran.
func (l *load) ran(payloads []string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range payloads {
		if l.runs[p] > 0 {
			n++
		}
	}
	return n
}

// judge waits until the queue is empty and checks that the tasks which must have run
// did. It returns how many runs there were beyond those that were due.
func (l *load) judge(t *testing.T, must []string) (again int) {
	t.Helper()
	l.stop()
	awaitStats(t, l.q, counts{})
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, payload := range must {
		if l.runs[payload] == 0 {
			t.Errorf("task %s was acknowledged and never ran", payload)
		}
	}
	for payload, runs := range l.runs {
		due := 1
		if n, _ := strconv.Atoi(payload); n%7 == 0 {
			due = 2
		}
		again += max(0, runs-due)
	}
	return again
}

// refusals tells how many errors producers saw, and one of them.
func (l *load) refusals() string {
	seen := l.refused.all()
	if len(seen) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d, as %q", len(seen), seen[len(seen)/2])
}

// awaitRefusal waits until producers have met a slot that moves.
func (l *load) awaitRefusal(t *testing.T) {
	t.Helper()
	before := l.refused.len()
	eventually(t, "producers meet a slot that moves", func() bool { return l.refused.len() > before+2 })
}

// acknowledgedByReplica returns the tasks that a replica of the master has for certain:
// those that were acknowledged before a command that the replica has confirmed.
func (l *load) acknowledgedByReplica(t *testing.T, master *redistest.Server) []string {
	t.Helper()
	acknowledged := l.acknowledged.all()
	client, free := master.Client(t).Dedicate()
	defer free()
	key := "{" + l.q.Name() + "}:mark"
	for _, r := range client.DoMulti(t.Context(),
		client.B().Set().Key(key).Value("").ExSeconds(60).Build(),
		client.B().Wait().Numreplicas(1).Timeout(10_000).Build(),
	) {
		if err := r.Error(); err != nil {
			t.Fatal(err)
		}
		if n, err := r.AsInt64(); err == nil && n != 1 {
			t.Fatalf("%d replicas have what was acknowledged", n)
		}
	}
	return acknowledged
}

// long asks for more rounds.
func long() bool { return os.Getenv("SPEEDLAYER_LONG") != "" }
