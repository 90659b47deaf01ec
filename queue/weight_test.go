package queue_test

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/metrics"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// weigh prints the size of the heap, with what is not collected yet, whenever it has
// grown, and at each SIGUSR1 how much is in use.
func weigh() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	heap := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64() >> 20
	}
	tick := time.NewTicker(time.Millisecond)
	for peak := uint64(0); ; {
		select {
		case <-tick.C:
		case <-asked:
			runtime.GC()
			fmt.Println("live", heap())
		}
		if now := heap(); now > peak {
			peak = now
			fmt.Println("heap", peak)
		}
	}
}

// heavy is the handler of a process that is weighed. It needs the payload to the end.
func (c *crowd) heavy(task queue.Task, slots int) error {
	c.here.Add(1)
	for c.here.Load() < int64(slots) {
		time.Sleep(time.Millisecond) // until all slots have had one, the most that can be held
	}
	time.Sleep(20 * time.Millisecond)
	switch string(task.Payload[:4]) {
	case `"bad`:
		return queue.Permanent(errors.New("never"))
	case `"hng`:
		<-make(chan struct{})
		runtime.KeepAlive(task)
	}
	return nil
}

const heavySlots = 64

// addHeavy adds tasks of 1 MiB, as a producer in another language would: to check them
// for JSON takes this test most of its time.
func addHeavy(t *testing.T, server *redistest.Server, q *queue.Queue, n int, begin string) {
	t.Helper()
	client := server.Client(t)
	payload := `"` + begin + strings.Repeat("x", 1<<20-2-len(begin)) + `"`
	for range n {
		add := client.B().Xadd().Key(own(q, "tasks")).Id("*").FieldValue().FieldValue("payload", payload).Build()
		if err := client.Do(t.Context(), add).Error(); err != nil {
			t.Fatal(err)
		}
	}
}

// awaitLive waits until the process has at most so many MiB in use, and returns how many.
func awaitLive(t *testing.T, c *child, most int) (live int) {
	t.Helper()
	eventually(t, fmt.Sprintf("at most %d MiB in use", most), func() bool {
		before := c.count("live ")
		c.signal(t, syscall.SIGUSR1)
		eventually(t, "an answer", func() bool { return c.count("live ") > before })
		for _, line := range c.lines.all() {
			_, _ = fmt.Sscanf(line, "live %d", &live)
		}
		return live <= most
	})
	return live
}

func TestWorkerHoldsNoMorePayloadsThanSlots(t *testing.T) {
	t.Parallel()
	const tasks = 3 * heavySlots
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t))
	addHeavy(t, server, q, tasks, "hng")
	c := startChild(t, server, q, 0, heavySlots, modeWeigh)
	eventually(t, "all slots to be taken", func() bool { return c.count("started ") == heavySlots })
	// Beside them a few may have come with a wait, and there are the buffers of the client.
	live := awaitLive(t, c, heavySlots+16)
	if live < heavySlots {
		t.Errorf("%d MiB in use with %d payloads of 1 MiB: that was not weighed", live, heavySlots)
	}
	t.Logf("%d MiB in use with %d slots, %d MiB at most on the way", live, heavySlots, peak(c))
	if got := stats(t, q); got != (counts{Waiting: tasks - heavySlots, Running: heavySlots}) {
		t.Errorf("Stats() = %+v, want nothing claimed beyond the slots", got)
	}
}

// peak is how many MiB the heap of a process had at most.
func peak(c *child) (n int) {
	for _, line := range c.lines.all() {
		_, _ = fmt.Sscanf(line, "heap %d", &n)
	}
	return n
}

func TestHeapDoesNotGrowWithTheQueue(t *testing.T) {
	t.Parallel()
	if os.Getenv("SPEEDLAYER_LONG") == "" {
		t.Skip("600 MiB through one worker: make test-long")
	}
	const tasks = 600
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t))
	addHeavy(t, server, q, tasks, "ok")
	c := startChild(t, server, q, 0, heavySlots, modeWeigh)
	for left := int64(tasks); left > 0; {
		eventually(t, "progress", func() bool {
			s := stats(t, q)
			now := s.Waiting + s.Running
			progress := now < left
			left = now
			return progress
		})
	}
	eventually(t, "the events", func() bool { return c.count("event done") == tasks })
	t.Logf("%d tasks of 1 MiB, %d slots: at most %d MiB on the heap", tasks, heavySlots, peak(c))
	// Twice what is in use, for the collector runs when the heap has doubled, and as much
	// again for a machine that does not get to it.
	if n := peak(c); n < heavySlots || n > 4*heavySlots {
		t.Errorf("%d MiB on the heap, want %d to %d", n, heavySlots, 4*heavySlots)
	}
}

func TestResultsThatRedisDoesNotTakeHoldNoPayloads(t *testing.T) {
	t.Parallel()
	const tasks = 2 * heavySlots
	server := redistest.Start(t)
	q := newQueueOn(t, server.Client(t))
	server.CLI(t, "SET", own(q, "dead"), "no sorted set")
	addHeavy(t, server, q, tasks, "bad")
	c := startChild(t, server, q, 0, heavySlots, modeWeigh)
	// Results that are owed hold slots only once they are more than those.
	eventually(t, "more results than slots", func() bool { return c.count("started ") > heavySlots })
	awaitLive(t, c, heavySlots/2)
	if n := c.count("event "); n != 0 {
		t.Errorf("%d results were taken", n)
	}
	server.CLI(t, "DEL", own(q, "dead"))
	eventually(t, "the dead letters", func() bool { return c.count("event dead") == tasks })
}
