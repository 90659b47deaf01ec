package crash_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
	"github.com/speedlayer/speedlayer/queue"
)

// childVar makes the test binary a relay: "database, address of Redis, queue, holds,
// concurrent". It relays until SIGTERM. Where holds is not 0, it stops in one of so many batches
// after Redis has them and before they are marked, says "holding <row> …" on standard
// output and waits for its end, or for the deadline of the batch.
const childVar = "SPEEDLAYER_CRASH_CHILD"

// relayName is the application name of the relays' connections.
const relayName = "crash-relay"

func runChild(args string) error {
	var database, addr, name string
	var holds int
	var concurrent bool
	if _, err := fmt.Sscan(args, &database, &addr, &name, &holds, &concurrent); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return err
	}
	config.ConnConfig.RuntimeParams["application_name"] = relayName
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{addr}, ForceSingleClient: true, PipelineMultiplex: -1,
		Dialer: net.Dialer{Timeout: time.Second},
	})
	if err != nil {
		return err
	}
	defer client.Close()
	source := outboxpgx.NewSource(pool, outboxpgx.Options{Concurrent: concurrent})
	defer source.Close()
	sink := &childSink{client: client, queue: queue.New(client, name, queue.Options{}), holds: holds}
	return outbox.NewRelay(source, sink, outbox.Options{}).Run(ctx)
}

// childSink enqueues tasks as an application does, and counts in Redis how often it
// delivered each row.
type childSink struct {
	client rueidis.Client
	queue  *queue.Queue
	holds  int
}

// Keys of Redis in which relays count deliveries.
const (
	deliveredTasks = "delivered:tasks" // by payload
	deliveredKeys  = "delivered:keys"  // by key of an invalidation
)

func (s *childSink) Deliver(ctx context.Context, rows []outbox.Row) []error {
	results := make([]error, len(rows))
	fail := func(err error) []error {
		for i := range results {
			results[i] = err
		}
		return results
	}
	var tasks []queue.NewTask
	counts := make(rueidis.Commands, len(rows))
	for i, row := range rows {
		if row.Kind != outbox.KindTask {
			counts[i] = s.client.B().Hincrby().Key(deliveredKeys).Field(row.Key).Increment(1).Build()
			continue
		}
		counts[i] = s.client.B().Hincrby().Key(deliveredTasks).Field(string(row.Payload)).Increment(1).Build()
		task := queue.NewTask{ID: row.TaskID(), Type: row.Key, Payload: row.Payload}
		if row.Durable {
			task.Unique = row.TaskID()
		}
		tasks = append(tasks, task)
	}
	if len(tasks) > 0 {
		if _, err := s.queue.Add(ctx, tasks...); err != nil {
			return fail(err)
		}
	}
	for _, r := range s.client.DoMulti(ctx, counts...) {
		if r.Error() != nil {
			return fail(r.Error())
		}
	}
	if s.holds > 0 && rand.IntN(s.holds) == 0 {
		var line strings.Builder
		line.WriteString("holding")
		for _, row := range rows {
			line.WriteString(" " + strconv.FormatInt(row.ID, 10))
		}
		fmt.Println(line.String())
		<-ctx.Done()
	}
	return results
}

func (s *childSink) Identity(ctx context.Context) (string, error) {
	return outbox.RedisIdentity(ctx, s.client)
}

// relay is a running process.
type relay struct {
	cmd   *exec.Cmd
	holds chan []int64 // rows that Redis has and the database does not know of
	ended chan struct{}
}

func (r *rig) startRelay(t *testing.T, holds int, concurrent bool) *relay {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &relay{cmd: exec.CommandContext(context.WithoutCancel(t.Context()), exe), holds: make(chan []int64, 100), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %s %d %t", childVar, r.database, r.redis.Addr(), r.queue.Name(), holds, concurrent))
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
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if rest, ok := strings.CutPrefix(lines.Text(), "holding "); ok {
				var rows []int64
				for field := range strings.FieldsSeq(rest) {
					id, _ := strconv.ParseInt(field, 10, 64)
					rows = append(rows, id)
				}
				p.holds <- rows
			}
		}
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() { p.end(syscall.SIGKILL) })
	return p
}

func (p *relay) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// end ends the process and waits for that.
func (p *relay) end(s syscall.Signal) {
	p.signal(s)
	<-p.ended
}
