package queue_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

const (
	neighbours = 50
	// crowded is how often a worker dies with all of them: whatever dies once more is
	// given up.
	crowded = 2
)

// crowd makes a poison strike when that does the most harm: while all its neighbours run
// in the same process, as often as they can be there. Only alone do they end.
type crowd struct{ here atomic.Int64 }

func (c *crowd) run(task queue.Task) {
	n := c.here.Add(1)
	defer c.here.Add(-1)
	poison, kills := strings.CutPrefix(string(task.Payload), `"poison `)
	switch {
	case task.Crashes < crowded && !kills:
		select {}
	case task.Crashes >= crowded && n > 1:
		fmt.Println("together", task.ID) // a suspect beside others
	case task.Crashes >= crowded && !kills:
		time.Sleep(20 * time.Millisecond)
	}
	if !kills {
		return
	}
	for task.Crashes < crowded && c.here.Load() <= neighbours {
		time.Sleep(time.Millisecond)
	}
	if poison == `exits"` {
		os.Exit(3)
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func TestPoisonAmongFiftyNeighboursDiesAlone(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"exits", "kills"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t)
			ids := map[string]string{} // of the neighbours, and their payloads
			var tasks []queue.NewTask
			for i := range neighbours + 1 {
				n := queue.NewTask{ID: fmt.Sprint("n", i), Payload: i}
				if i == neighbours/2 {
					n = queue.NewTask{ID: "poison", Payload: "poison " + way}
				} else {
					ids[n.ID] = fmt.Sprint(i)
				}
				tasks = append(tasks, n)
			}
			if _, err := q.Add(t.Context(), tasks...); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			// As a service manager would, another process starts whenever one has died.
			children := startUntilQuiet(t, q)
			took := time.Since(begun)

			dead, err := q.List(t.Context(), queue.StateDead, "", 100)
			if err != nil {
				t.Fatal(err)
			}
			if len(dead.Tasks) != 1 || dead.Tasks[0].ID != "poison" || dead.Tasks[0].Crashes != crowded+1 {
				t.Errorf("dead letters %+v, want the poison after %d crashes", dead.Tasks, crowded+1)
			}
			var done []string
			for _, c := range children {
				for _, line := range c.lines.all() {
					if id, ok := strings.CutPrefix(line, "event done "); ok {
						done = append(done, id)
						delete(ids, id)
					}
					if strings.HasPrefix(line, "together") {
						t.Errorf("a suspect did not run alone: %s", line)
					}
				}
			}
			if len(ids) != 0 {
				t.Errorf("neighbours %v were not carried out", ids)
			}
			if slices.Sort(done); len(slices.Compact(done)) != neighbours {
				t.Errorf("%d tasks were done, want the %d neighbours", len(done), neighbours)
			}
			// Each death costs a lease and a look of the reaper, each neighbour a turn alone.
			t.Logf("%d processes, %v", len(children), took.Round(time.Millisecond))
			if took > 90*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// startUntilQuiet keeps one worker process running until nothing waits or runs.
func startUntilQuiet(t *testing.T, q *queue.Queue) (children []*child) {
	t.Helper()
	const lease = 3 * time.Second // a process that stands still on a busy machine is no crash
	for len(children) < 10 {
		c := startChild(t, redistest.Shared(t), q, lease, neighbours+10, modeCrowd)
		children = append(children, c)
		quiet := false
		ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
		for !quiet && ctx.Err() == nil {
			select {
			case <-c.ended:
				cancel()
			case <-time.After(10 * time.Millisecond):
				quiet = stats(t, q) == (counts{Dead: 1})
			case <-ctx.Done():
				t.Fatalf("a process neither ends nor finishes: %+v", stats(t, q))
			}
		}
		cancel()
		if quiet {
			c.signal(t, syscall.SIGTERM) // the lines of what it has done are printed before
			<-c.ended
			return children
		}
	}
	t.Fatal("processes die without end")
	return nil
}
