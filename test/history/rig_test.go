package history_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/internal/supervise"
)

// owners is how many workers a rig begins with.
const owners = 3

// rig is one scenario: servers, workers with a way of their own to Redis each, and
// what the workers told so far.
type rig struct {
	t       *testing.T
	redis   *redistest.Server
	dsn     string
	prefix  string
	control net.Listener
	workers []*process
	plant   string
	reading sync.WaitGroup

	mu      sync.Mutex
	history []event
	calls   map[int]net.Conn // of the workers that have told something
}

// process is a worker as the rig sees it.
type process struct {
	*supervise.Process
	replies, pushes *proxy
	killed          bool
}

// newRig starts a scenario of its own. Its workers work from the start.
func newRig(t *testing.T, plant string, redis ...redistest.Option) *rig {
	t.Helper()
	r := &rig{t: t, plant: plant, redis: redistest.Start(t, redis...), dsn: pgtest.Database(t), prefix: "history", calls: map[int]net.Conn{}}
	r.query(`CREATE TABLE history_rows (id int PRIMARY KEY, version bigint NOT NULL, gone bool NOT NULL)`)
	r.query(`INSERT INTO history_rows SELECT id, 1, false FROM generate_series(0, $1::int - 1) id`, keysOfRig)
	var err error
	if r.control, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.control.Close()
		r.reading.Wait()
	})
	r.reading.Go(r.accept)
	for range owners {
		r.launch()
	}
	return r
}

// query runs one statement and returns its first column.
func (r *rig) query(statement string, args ...any) []int64 {
	r.t.Helper()
	conn, err := pgx.Connect(r.t.Context(), r.dsn)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close(r.t.Context())
	rows, err := conn.Query(r.t.Context(), statement, args...)
	if err != nil {
		r.t.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		r.t.Fatal(err)
	}
	return values
}

// launch starts the next worker.
func (r *rig) launch() {
	r.t.Helper()
	p := &process{replies: newProxy(r.t, r.redis.Addr()), pushes: newProxy(r.t, r.redis.Addr())}
	s, err := json.Marshal(settings{
		Worker: len(r.workers), Control: r.control.Addr().String(), Database: r.dsn, Prefix: r.prefix,
		Replies: p.replies.addr(), Pushes: p.pushes.addr(),
		Plant: r.plant, FillSHA: fillSHA(r.t),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	path, err := os.Executable()
	if err != nil {
		r.t.Fatal(err)
	}
	r.workers = append(r.workers, p)
	p.Process, err = supervise.Start(r.t.Context(), supervise.Command{
		Path: path, Env: append(os.Environ(), workerEnv+"="+string(s)), Stderr: r.t.Output(),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(p.Kill)
}

// accept takes the workers' calls.
func (r *rig) accept() {
	for {
		conn, err := r.control.Accept()
		if err != nil {
			return
		}
		r.reading.Go(func() { r.record(conn) })
	}
}

// record takes down what one worker tells, until it is gone.
func (r *rig) record(conn net.Conn) {
	defer conn.Close()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return // a killed worker's last words
		}
		r.mu.Lock()
		r.calls[e.Worker] = conn
		r.history = append(r.history, e)
		r.mu.Unlock()
	}
}

// told returns the history from the n-th event on. What was told does not change
// any more.
func (r *rig) told(n int) []event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.history[n:len(r.history):len(r.history)]
}

func (r *rig) length() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.history)
}

// until waits until enough has happened from now on among some workers, or all.
func (r *rig) until(what string, enough func(tally) bool, workers ...int) {
	r.t.Helper()
	r.untilSince(r.length(), what, enough, workers...)
}

// untilSince is until, from an event in the past on.
func (r *rig) untilSince(from int, what string, enough func(tally) bool, workers ...int) {
	r.t.Helper()
	var n tally
	eventually(r.t, func() bool {
		r.alive()
		n = count(r.told(from), workers...)
		return enough(n)
	}, func() string { return fmt.Sprintf("%s; since then %+v", what, n) })
	r.t.Logf("%s: %+v", what, n)
}

// alive fails the test when a worker ended by itself.
func (r *rig) alive() {
	r.t.Helper()
	for i, p := range r.workers {
		select {
		case <-p.Done():
			if !p.killed {
				r.t.Fatalf("worker %d ended: %v", i, p.Err())
			}
		default:
		}
	}
}

// busy waits until reads were answered from all tiers and writes confirmed.
func (r *rig) busy(what string, reads, writes int, workers ...int) {
	r.t.Helper()
	r.busySince(r.length(), what, reads, writes, workers...)
}

func (r *rig) busySince(from int, what string, reads, writes int, workers ...int) {
	r.t.Helper()
	r.untilSince(from, what, func(n tally) bool {
		return n.Local >= reads && n.Redis >= reads && n.Database >= reads && n.Confirmed >= writes
	}, workers...)
}

func (r *rig) command(worker int, do string) {
	r.t.Helper()
	var conn net.Conn
	eventually(r.t, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		conn = r.calls[worker]
		return conn != nil
	}, func() string { return fmt.Sprintf("worker %d calls", worker) })
	if err := json.NewEncoder(conn).Encode(command{Do: do}); err != nil {
		r.t.Fatalf("tell worker %d to %s: %v", worker, do, err)
	}
}

// kill ends a worker as kill -9 does.
func (r *rig) kill(worker int) {
	r.workers[worker].killed = true
	r.workers[worker].Kill()
}

// stop lets the workers come to their end, with everything confirmed, and returns
// the whole history.
func (r *rig) stop() record {
	r.t.Helper()
	running := 0
	for i, p := range r.workers {
		if !p.killed {
			r.command(i, doStop)
			running++
		}
	}
	eventually(r.t, func() bool { return count(r.told(0)).Stopped == running },
		func() string { return "all workers have stopped" })
	for i, p := range r.workers {
		<-p.Done() // bounded by the test's own timeout
		if err := p.Err(); err != nil {
			r.t.Errorf("worker %d: %v", i, err) // a data race, for example
		}
	}
	return r.snapshot()
}

// snapshot returns what was told so far. The rows are read afterwards, so that no
// read can have seen more than they say.
func (r *rig) snapshot() record {
	r.t.Helper()
	events := r.told(0)
	final := r.query(`SELECT version FROM history_rows ORDER BY id`)
	return record{events: events, final: final}
}

// recovered waits until all invalidations are confirmed that the fault has delayed,
// and every worker works with all tiers again.
func (r *rig) recovered() {
	r.t.Helper()
	eventually(r.t, func() bool {
		r.alive()
		return r.settled()
	}, func() string { return "all invalidations are confirmed" })
	from := r.length()
	r.quietKeyIsLocal(from, now()+int64(maxStaleness))
	for i, p := range r.workers {
		if !p.killed {
			r.busySince(from, fmt.Sprintf("worker %d recovered", i), 30, 10, i)
		}
	}
}

// healthy waits until all tiers work, and every worker knows the quiet key locally.
func (r *rig) healthy() {
	r.t.Helper()
	from := r.length()
	r.busy("health", 100, 30)
	r.quietKeyIsLocal(from, 0)
}

// quietKeyIsLocal waits until every worker had a local hit of the quiet key after an
// instant, since the n-th event. Whoever has missed that it changed shows it then.
func (r *rig) quietKeyIsLocal(n int, after int64) {
	r.t.Helper()
	eventually(r.t, func() bool {
		hit := map[int]bool{}
		for _, e := range r.told(n) {
			if e.Kind == kindRead && e.Key == quietKey && e.Source == "local" && e.Start > after {
				hit[e.Worker] = true
			}
		}
		return len(hit) == len(r.workers)-r.killed()
	}, func() string { return "every worker knows the quiet key locally" })
}

// settled reports whether each cache has told that none of its failed invalidations
// is open.
func (r *rig) settled() bool {
	open, settled := map[int]int64{}, map[int]int64{}
	for _, e := range r.told(0) {
		switch {
		case e.Kind == kindWrite && !e.Confirmed:
			open[e.who()] = max(open[e.who()], e.End)
		case e.Kind == kindSettled:
			settled[e.who()] = max(settled[e.who()], e.Start)
		}
	}
	for who, failed := range open {
		if settled[who] < failed {
			return false
		}
	}
	return true
}

// killed is how many workers the test has killed.
func (r *rig) killed() int {
	n := 0
	for _, p := range r.workers {
		if p.killed {
			n++
		}
	}
	return n
}
