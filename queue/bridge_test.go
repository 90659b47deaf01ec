package queue_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

func TestWithoutTheBridgeThePlainListIsNotTouched(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	q := newQueue(t, func(o *queue.Options) { o.Bridge = false })
	server.CLI(t, "LPUSH", q.Name(), `"pushed"`)
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		if string(task.Payload) != `"added"` {
			t.Errorf("%s was run", task.Payload)
		}
		return nil
	}, queue.WorkerOptions{})
	for range 20 {
		enqueue(t, q, `"added"`)
		awaitStats(t, q, counts{Waiting: 1})
	}
	if got := server.CLI(t, "LRANGE", q.Name(), "0", "-1"); got != `"pushed"` {
		t.Errorf("the list holds %q", got)
	}
}

func TestBridgeLosesNothingAndKeepsTheOrder(t *testing.T) {
	t.Parallel()
	client := redistest.Shared(t).Client(t)
	q := newQueue(t)
	var got journal[string]
	startWorker(t, q, func(_ context.Context, task queue.Task) error {
		if task.Type != "" || task.Priority != queue.PriorityNormal || task.Attempt != 1 || time.Since(task.CreatedAt) > patience {
			t.Errorf("task %+v", task)
		}
		got.add(string(task.Payload))
		return nil
	}, queue.WorkerOptions{Concurrency: 1})
	const producers, each = 4, 250
	var pushing sync.WaitGroup
	for p := range producers {
		pushing.Go(func() {
			for i := range each {
				push := client.B().Lpush().Key(q.Name()).Element(fmt.Sprintf(`"%d %d"`, p, i)).Build()
				if err := client.Do(t.Context(), push).Error(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	pushing.Wait()
	eventually(t, "all run", func() bool { return got.len() >= producers*each })
	awaitStats(t, q, counts{})
	next := map[string]int{}
	for _, payload := range got.all() {
		p, i, _ := strings.Cut(strings.Trim(payload, `"`), " ")
		if i != strconv.Itoa(next[p]) {
			t.Fatalf("producer %s: payload %s where %d was due", p, i, next[p])
		}
		next[p]++
	}
	for p, n := range next {
		if n != each {
			t.Errorf("producer %s: %d payloads, want %d", p, n, each)
		}
	}
}
