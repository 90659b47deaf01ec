package queue_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// The test binary is also a worker process that tests can kill and freeze: with
// childVar set to "address queue lease concurrency mode" it runs one instead of the
// tests, until SIGTERM. It prints a line "started <id>" for each task that it
// begins, and one for each event.
const childVar = "SPEEDLAYER_QUEUE_CHILD"

// What the handler of a worker process does.
const (
	modeHang   = "hang"   // never returns
	modeFollow = "follow" // returns what a line of standard input says: see follow
	modeWork   = "work"   // takes up to 20 ms
	modeCrowd  = "crowd"  // see crowd
	modeWeigh  = "weigh"  // see weigh and heavy
	modePoison = "poison" // ends the process on a payload that holds "poison", takes a second for one with "slow"
)

func childMain() int {
	var addr, name, lease, mode string
	var concurrency int
	if _, err := fmt.Sscan(os.Getenv(childVar), &addr, &name, &lease, &concurrency, &mode); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	o := queue.Options{}
	var err error
	if o.Lease, err = time.ParseDuration(lease); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{addr}, ForceSingleClient: true, PipelineMultiplex: -1,
		Dialer: net.Dialer{Timeout: patience},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	defer client.Close()
	input := bufio.NewReader(os.Stdin)
	var c crowd
	if mode == modeWeigh {
		go weigh()
	}
	handler := func(_ context.Context, task queue.Task) error {
		fmt.Println("started", task.ID)
		switch payload := string(task.Payload); {
		case mode == modeFollow:
			return follow(input)
		case mode == modeCrowd:
			c.run(task)
		case mode == modeWeigh:
			return c.heavy(task, concurrency)
		case mode == modeHang:
			select {}
		case mode == modeWork:
			time.Sleep(rand.N(20 * time.Millisecond))
		case strings.Contains(payload, "slow"):
			time.Sleep(time.Second)
		case strings.Contains(payload, "poison"):
			os.Exit(3)
		}
		return nil
	}
	w := queue.NewWorker(queue.New(client, name, o), handler, queue.WorkerOptions{
		Concurrency: concurrency, DrainTimeout: time.Millisecond,
		OnEvent: func(e queue.Event) { fmt.Println("event", e.Kind, e.TaskID) },
	})
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	_ = w.Run(ctx)
	return 0
}

// follow returns what the next line of the input asks for.
func follow(input *bufio.Reader) error {
	line, err := input.ReadString('\n')
	switch strings.TrimSpace(line) {
	case "fail":
		return errors.New("failed")
	case "postpone":
		return queue.Postpone(time.Hour)
	case "bury":
		return queue.Permanent(errors.New("never"))
	}
	return err
}

// child is a running worker process.
type child struct {
	cmd   *exec.Cmd
	stdin interface{ Write([]byte) (int, error) }
	lines journal[string]
	ended chan struct{}
}

// startChild starts a worker process. A lease of 0 is the default one.
func startChild(t *testing.T, server *redistest.Server, q *queue.Queue, lease time.Duration, concurrency int, mode string) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: exec.Command(exe), ended: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %v %d %s", childVar, server.Addr(), q.Name(), lease, concurrency, mode))
	c.cmd.Stderr = os.Stderr
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdin = stdin
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.ended)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			c.lines.add(s.Text())
		}
		_ = c.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.ended
	})
	return c
}

// signal sends a signal to the process.
func (c *child) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// count returns how many lines begin with prefix.
func (c *child) count(prefix string) int {
	n := 0
	for _, line := range c.lines.all() {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}
