package durable_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
	"github.com/speedlayer/speedlayer/queue"
)

// rig is a database, a Redis without persistence and a queue that processes share.
type rig struct {
	server *redistest.Server
	pool   *pgxpool.Pool
	queue  *queue.Queue
	spec   string
	added  int // how many tasks were committed; their payloads count from 1
}

func newRig(t *testing.T) *rig {
	t.Helper()
	dsn := pgtest.Database(t)
	pool, err := pgxpool.New(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := pool.Exec(t.Context(), outboxpgx.Schema()); err != nil {
		t.Fatal(err)
	}
	server := redistest.Start(t)
	const name = "durable"
	return &rig{
		server: server, pool: pool, queue: queue.New(server.Client(t), name, queue.Options{Lease: lease}),
		spec: fmt.Sprintf("%s %s %s", server.Addr(), name, dsn),
	}
}

// commit commits n durable tasks.
func (r *rig) commit(t *testing.T, n int) {
	t.Helper()
	tasks := make([]outbox.Task, n)
	for i := range tasks {
		r.added++
		tasks[i] = outbox.Task{Queue: r.queue.Name(), Payload: r.added, Durable: true}
	}
	if err := outboxpgx.Enqueue(t.Context(), r.pool, tasks...); err != nil {
		t.Fatal(err)
	}
}

// rows is how many tasks the database still keeps.
func (r *rig) rows(t *testing.T) (n int) {
	t.Helper()
	if err := r.pool.QueryRow(t.Context(), `SELECT count(*) FROM speedlayer.outbox`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// fillQueue commits tasks until some wait and some run at the same time.
func (r *rig) fillQueue(t *testing.T, each, running int64) {
	t.Helper()
	r.commit(t, int(each))
	added := time.Now()
	eventually(t, "tasks that wait and tasks that run", func() bool {
		s, err := r.queue.Stats(t.Context())
		if err == nil && s.Waiting >= each/3 && s.Running >= running {
			return true
		}
		if time.Since(added) > time.Second { // they were done before this looked
			r.commit(t, int(each))
			added = time.Now()
		}
		return false
	})
}

// runs counts the runs of each task by its payload, and the events of each kind.
func runs(processes []*process) (byPayload map[string]int, events map[string]int) {
	byPayload, events = map[string]int{}, map[string]int{}
	for _, p := range processes {
		for _, line := range p.printed() {
			var word, what string
			if n, _ := fmt.Sscan(line, &word, &what); n != 2 {
				continue
			}
			if word == "ran" {
				byPayload[what]++
			} else {
				events[what]++
			}
		}
	}
	return byPayload, events
}

func TestDurableTasksSurviveARedisThatLosesEverythingAgainAndAgain(t *testing.T) {
	t.Parallel()
	rounds, each := 4, int64(300)
	if os.Getenv("SPEEDLAYER_LONG") != "" {
		rounds, each = 16, 1000
	}
	r := newRig(t)
	begun := time.Now()
	processes := []*process{startProcess(t, r.spec), startProcess(t, r.spec), startProcess(t, r.spec)}
	alive := append([]*process(nil), processes...)
	flushed, restarted, killed := 0, 0, 0
	for round := range rounds {
		r.fillQueue(t, each, slots)
		switch round % 4 {
		case 0: // another server, without data
			r.server.Kill(t)
			r.server.Restart(t)
			restarted++
			// What repairs this must not repair what comes next as well.
			eventually(t, "every row to go after a restart", func() bool { return r.rows(t) == 0 })
		case 1, 2: // the same one goes on, so that nobody is told
			r.server.Flush(t)
			flushed++
		case 3: // and a process goes with it, and what its completer knew
			r.server.Flush(t)
			alive[0].kill()
			alive[0] = startProcess(t, r.spec)
			processes = append(processes, alive[0])
			flushed++
			killed++
		}
	}
	eventually(t, "every row to go", func() bool { return r.rows(t) == 0 })
	// A second run of a task that was done may still be under way.
	eventually(t, "an empty queue", func() bool {
		s, err := r.queue.Stats(t.Context())
		return err == nil && s.Waiting+s.Running+s.Scheduled+s.Retrying+s.Dead == 0
	})
	for _, p := range alive {
		p.stop(t)
	}

	byPayload, events := runs(processes)
	total := 0
	for i := 1; i <= r.added; i++ {
		n := byPayload[fmt.Sprint(i)]
		total += n
		if n == 0 {
			t.Errorf("task %d was committed and never ran", i)
		}
	}
	if len(byPayload) != r.added {
		t.Errorf("%d different tasks ran, %d were committed", len(byPayload), r.added)
	}
	t.Logf("%d tasks in %d processes, %d x FLUSHALL, %d empty restarts, %d processes killed: %d runs, %d of them beyond the first; events %v; %v",
		r.added, len(alive), flushed, restarted, killed, total, total-r.added, events, time.Since(begun).Round(100*time.Millisecond))
}
