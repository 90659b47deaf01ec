package queue_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// attempt is one run of a task in the history: who began it, and whether Redis accepted
// that it is done.
type attempt struct {
	worker   int
	accepted bool
}

// history is what the worker processes have printed, by task.
func history(children []*child) map[string][]attempt {
	h := map[string][]attempt{}
	for worker, c := range children {
		mine := map[string]int{} // index of the last run by this worker
		for _, line := range c.lines.all() {
			if id, ok := strings.CutPrefix(line, "started "); ok {
				mine[id] = len(h[id])
				h[id] = append(h[id], attempt{worker: worker})
			}
			if id, ok := strings.CutPrefix(line, "event done "); ok {
				h[id][mine[id]].accepted = true
			}
		}
	}
	return h
}

// checkHistory asserts that every task was begun, and that Redis accepted no task as
// done twice. It returns how many runs there were beyond one for each task.
func checkHistory(t *testing.T, h map[string][]attempt, ids []string) (duplicates int) {
	t.Helper()
	wrong := 0
	for _, id := range ids {
		accepted := 0
		for _, a := range h[id] {
			if a.accepted {
				accepted++
			}
		}
		duplicates += max(0, len(h[id])-1)
		// The line of an accepted one is missing where its process was killed between
		// the answer and the line.
		if (len(h[id]) == 0 || accepted > 1) && wrong < 10 {
			wrong++
			t.Errorf("task %s: %d runs, %d of them accepted as done: %+v", id, len(h[id]), accepted, h[id])
		}
	}
	return duplicates
}

func TestHistoryOfKilledAndFrozenWorkersAndARestart(t *testing.T) {
	t.Parallel()
	tasks, kills := 5000, 4
	if long() {
		tasks, kills = 100_000, 40
	}
	const lease = 1500 * time.Millisecond
	begun := time.Now()
	server := redistest.Start(t, redistest.WithAppendOnly())
	q := newQueueOn(t, server.Client(t), func(o *queue.Options) { o.Bridge = false })
	start := func() *child { return startChild(t, server, q, lease, 16, modeWork) }
	children := []*child{start(), start(), start()}
	alive := []int{0, 1, 2}

	var ids []string
	addSome := func(n int) {
		for len(ids) < tasks && n > 0 {
			batch := make([]queue.NewTask, min(n, 250, tasks-len(ids)))
			for i := range batch {
				batch[i] = queue.NewTask{Payload: 1, ID: fmt.Sprint("t", len(ids)+i)}
			}
			// With an ID the call can be repeated where the answer was lost.
			eventually(t, "add", func() bool { _, err := q.Add(t.Context(), batch...); return err == nil })
			for _, b := range batch {
				ids = append(ids, b.ID)
			}
			n -= len(batch)
		}
	}
	running := func(c *child) func() bool {
		seen := c.count("started ")
		return func() bool { return c.count("started ") > seen || len(ids) == tasks && stats(t, q).Waiting == 0 }
	}
	each := tasks/(kills+2) + 1

	for range kills {
		addSome(each)
		i := rand.N(len(alive))
		c := children[alive[i]]
		eventually(t, "work", running(c))
		c.signal(t, syscall.SIGKILL)
		children = append(children, start())
		alive[i] = len(children) - 1
	}

	// One stands still past its lease, while it runs tasks.
	addSome(each)
	frozen := children[alive[0]]
	eventually(t, "work", running(frozen))
	frozen.signal(t, syscall.SIGSTOP)
	key := "{" + q.Name() + "}:workers"
	eventually(t, "the frozen worker's end", func() bool {
		return !strings.Contains(server.CLI(t, "ZRANGE", key, "0", "-1"), fmt.Sprintf("-%d-", frozen.cmd.Process.Pid))
	})
	frozen.signal(t, syscall.SIGCONT)

	addSome(each / 2)
	server.Kill(t)
	server.Restart(t)
	addSome(tasks)

	// What waits now is no more than the last part, but the machine may be busy with
	// other tests: only a standstill is a failure.
	for left := int64(tasks); left > 0; {
		eventually(t, "progress", func() bool {
			s, err := q.Stats(t.Context())
			now := s.Waiting + s.Running + s.Retrying + s.Dead
			if err != nil || now >= left {
				return false
			}
			left = now
			return true
		})
	}
	awaitStats(t, q, counts{})
	for _, i := range alive {
		children[i].signal(t, syscall.SIGTERM)
	}
	for _, c := range children {
		select {
		case <-c.ended:
		case <-time.After(patience):
			t.Fatal("a worker does not end")
		}
	}
	h := history(children)
	duplicates := checkHistory(t, h, ids)
	lost := 0
	for _, c := range children {
		lost += c.count("event lost")
	}
	t.Logf("%d tasks, %d workers killed, one frozen, one restart of Redis: %d runs, %d of them beyond the first, %d verdicts refused, in %v",
		len(ids), kills, len(ids)+duplicates, duplicates, lost, time.Since(begun).Round(time.Second))
	if unknown := len(h) - len(slices.Compact(slices.Sorted(slices.Values(ids)))); unknown != 0 {
		t.Errorf("%d tasks ran that nobody added", unknown)
	}
}
