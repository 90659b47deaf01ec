package queue_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

var allStreams = []string{"again", "tasks:high", "tasks", "tasks:low", "suspects"}

// known are the consumers of a queue's streams, and a time that is not after the last
// command of each.
func known(t *testing.T, server *redistest.Server, q *queue.Queue) map[string]time.Time {
	t.Helper()
	all := map[string]time.Time{}
	for _, stream := range allStreams {
		now, name := time.Now(), ""
		lines := strings.Split(server.CLI(t, "XINFO", "CONSUMERS", own(q, stream), "workers"), "\n")
		for i := 0; i+1 < len(lines); i += 2 {
			switch lines[i] {
			case "name":
				name = lines[i+1]
			case "idle":
				idle, err := strconv.Atoi(lines[i+1])
				if err != nil {
					t.Fatal(err)
				}
				if last := now.Add(-time.Duration(idle) * time.Millisecond); last.After(all[name]) {
					all[name] = last
				}
			}
		}
	}
	return all
}

func TestWorkersThatCrashedAreForgottenAfterTenLeases(t *testing.T) {
	t.Parallel()
	const lease, crashed = 500 * time.Millisecond, 5
	q, server := newQueue(t, func(o *queue.Options) { o.Lease = lease }), redistest.Shared(t)
	var doomed []*child
	for range crashed {
		doomed = append(doomed, startChild(t, server, q, lease, 1, modeHang))
	}
	for i := range crashed {
		enqueue(t, q, fmt.Sprint(i))
	}
	eventually(t, "each to run a task", func() bool {
		for _, c := range doomed {
			if c.count("started ") == 0 {
				return false
			}
		}
		return true
	})
	for _, c := range doomed {
		c.signal(t, syscall.SIGKILL)
		<-c.ended
	}
	before := known(t, server, q)
	if len(before) < crashed {
		t.Fatalf("Redis knows %v before the attack, want %d workers", before, crashed)
	}
	var done journal[string]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		done.add(task.ID)
		return nil
	}, queue.WorkerOptions{})
	eventually(t, "the dead workers to be forgotten", func() bool {
		now := known(t, server, q)
		for name, last := range before {
			if _, there := now[name]; there {
				continue
			}
			// Not before: a command of it might still be on its way.
			if idle := time.Since(last); idle < 10*lease {
				t.Errorf("forgotten %v after its last command, want ten leases of %v", idle, lease)
			}
			delete(before, name)
		}
		return len(before) == 0
	})
	if n := len(known(t, server, q)); n != 1 {
		t.Errorf("Redis knows %d workers, want the one that lives", n)
	}
	awaitStats(t, q, counts{})
	if done.len() != crashed {
		t.Errorf("%d tasks of the dead were carried out, want %d", done.len(), crashed)
	}
}

func TestWorkersThatLeaveAreForgottenAtOnce(t *testing.T) {
	t.Parallel()
	q, server := newQueue(t), redistest.Shared(t)
	for i := range 3 {
		ran := make(chan struct{})
		stop := startWorker(t, q, func(context.Context, queue.Task) error {
			close(ran)
			return nil
		}, queue.WorkerOptions{})
		enqueue(t, q, fmt.Sprint(i))
		<-ran
		stop()
	}
	if left := known(t, server, q); len(left) != 0 {
		t.Errorf("Redis still knows %v", left)
	}
}

func TestAConsumerThatIsMadeAnewByALateCommandKeepsNothing(t *testing.T) {
	t.Parallel()
	const lease = 500 * time.Millisecond
	q, server := newQueue(t, func(o *queue.Options) { o.Lease = lease }), redistest.Shared(t)
	ran := make(chan queue.Task, 10)
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		ran <- task
		return nil
	}, queue.WorkerOptions{})
	awaitWorkers(t, q, 1)
	// What a worker asked that was forgotten long ago.
	if err := q.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	enqueue(t, q, `1`)
	awaitStats(t, q, counts{Waiting: 1})
	eventually(t, "the late command to claim it", func() bool {
		// A wait of the worker that began before the pause may have it first, and gives it back.
		for _, stream := range allStreams {
			if strings.Contains(server.CLI(t, "XREADGROUP", "GROUP", "workers", "forgotten", "STREAMS", own(q, stream), ">"), "payload") {
				return true
			}
		}
		return false
	})
	if err := q.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if task := <-ran; task.Crashes != 0 {
		t.Errorf("%d crashes of a task that never ran", task.Crashes)
	}
	eventually(t, "it to be forgotten once more", func() bool { return known(t, server, q)["forgotten"].IsZero() })
}
