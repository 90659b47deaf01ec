package durable_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
	"github.com/speedlayer/speedlayer/queue"
)

// processEnv makes the test binary such a process: "address of Redis, queue, DSN".
const processEnv = "SPEEDLAYER_DURABLE_PROCESS"

const (
	slots = 8
	// retention is short, so that the sweep drives again what Redis lost without its
	// identity having changed.
	retention = 2 * time.Second
	lease     = 1500 * time.Millisecond
)

// sink hands durable tasks to the queue.
type sink struct {
	client rueidis.Client
	queue  *queue.Queue
}

// Deliver adds each row once for as long as the queue has it: by Unique and not by ID,
// as a task that Redis lost must be taken again at once.
func (s sink) Deliver(ctx context.Context, rows []outbox.Row) []error {
	tasks := make([]queue.NewTask, len(rows))
	for i, row := range rows {
		tasks[i] = queue.NewTask{ID: row.TaskID(), OnceFor: time.Millisecond, Unique: row.TaskID(), Payload: row.Payload}
	}
	_, err := s.queue.Add(ctx, tasks...)
	errs := make([]error, len(rows))
	for i := range errs {
		errs[i] = err
	}
	return errs
}

func (s sink) Identity(ctx context.Context) (string, error) {
	return outbox.RedisIdentity(ctx, s.client)
}

// runProcess prints "ran <payload>" for each run of a task, and "event <kind>" for what
// became of it.
func runProcess(spec string) error {
	var addr, name, dsn string
	if _, err := fmt.Sscan(spec, &addr, &name, &dsn); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{addr}, ForceSingleClient: true, PipelineMultiplex: -1,
	})
	if err != nil {
		return err
	}
	defer client.Close()
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	source := outboxpgx.NewSource(pool, outboxpgx.Options{Retention: retention})
	defer source.Close()
	q := queue.New(client, name, queue.Options{Lease: lease})
	relay := outbox.NewRelay(source, sink{client, q}, outbox.Options{SweepInterval: 200 * time.Millisecond})
	completer := outbox.NewCompleter(source, nil)
	worker := queue.NewWorker(q, work, queue.WorkerOptions{
		Concurrency: slots,
		OnEvent: func(e queue.Event) {
			fmt.Println("event", e.Kind)
			if e.Kind == queue.EventDone || e.Kind == queue.EventDead {
				completer.Over(e.TaskID)
			}
		},
	})
	// The completer ends after the worker.
	completing, complete := context.WithCancel(context.WithoutCancel(ctx))
	defer complete()
	var running, last sync.WaitGroup
	running.Go(func() { _ = relay.Run(ctx) })
	running.Go(func() { _ = worker.Run(ctx) })
	last.Go(func() { _ = completer.Run(completing) })
	running.Wait()
	complete()
	last.Wait()
	return nil
}

func work(_ context.Context, task queue.Task) error {
	time.Sleep(20*time.Millisecond + rand.N(40*time.Millisecond))
	fmt.Println("ran", string(task.Payload))
	return nil
}

// process is one that runs.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}

	mu    sync.Mutex
	lines []string
}

func startProcess(t *testing.T, spec string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(exe), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), processEnv+"="+spec)
	p.cmd.Stderr = os.Stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			p.mu.Lock()
			p.lines = append(p.lines, s.Text())
			p.mu.Unlock()
		}
		_ = p.cmd.Wait()
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as a crash would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// stop ends it in order.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatal("a process does not end")
	}
}

func (p *process) printed() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.lines...)
}
