package cache_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// The test binary is also one process of a stampede: with childVar set to "address
// prefix callers localBytes" it reads one cold key with so many callers at once
// instead of running the tests.
const childVar = "SPEEDLAYER_CACHE_CHILD"

// What the processes of a stampede agree on, behind their prefix: how many loads
// there were, how many callers wait, and that the load may end.
const (
	loadsKey   = ":loads"
	waitingKey = ":waiting"
	goOnKey    = ":go-on"
)

func childMain() int {
	if err := stampede(os.Getenv(childVar)); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	return 0
}

func stampede(order string) error {
	var addr, prefix string
	var callers int
	var localBytes int64
	if _, err := fmt.Sscan(order, &addr, &prefix, &callers, &localBytes); err != nil {
		return err
	}
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{addr}, ForceSingleClient: true, Dialer: net.Dialer{Timeout: 5 * time.Second},
	})
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := cache.New(client, prefix, func(ctx context.Context, id int64) (user, error) {
		if err := client.Do(ctx, client.B().Incr().Key(prefix+loadsKey).Build()).Error(); err != nil {
			return user{}, err
		}
		return user{ID: id, Name: "Max", Version: 1}, until(ctx, func() (bool, error) {
			n, err := client.Do(ctx, client.B().Exists().Key(prefix+goOnKey).Build()).AsInt64()
			return n == 1, err
		})
	}, patient(cache.Options{LocalBytes: localBytes}))
	defer c.Close()
	if localBytes > 0 {
		if err := until(ctx, func() (bool, error) { return c.Stats().LocalReady, nil }); err != nil {
			return err
		}
	}
	return rush(ctx, client, c, prefix, callers)
}

// rush reads the key with all callers and tells when all of them wait.
func rush(ctx context.Context, client rueidis.Client, c *users, prefix string, callers int) error {
	var wg sync.WaitGroup
	wrong := make(chan string, callers)
	for range callers {
		wg.Go(func() {
			if u, err := c.Get(ctx, 1); err != nil || u != (user{1, "Max", 1}) {
				wrong <- fmt.Sprintf("a caller got %+v, %v", u, err)
			}
		})
	}
	if err := until(ctx, func() (bool, error) { return c.Waiting(1) == callers, nil }); err != nil {
		return fmt.Errorf("%d of %d callers wait: %w", c.Waiting(1), callers, err)
	}
	if err := client.Do(ctx, client.B().Incrby().Key(prefix+waitingKey).Increment(int64(callers)).Build()).Error(); err != nil {
		return err
	}
	wg.Wait()
	if n := len(wrong); n > 0 {
		return fmt.Errorf("%d callers: %s", n, <-wrong)
	}
	return nil
}

// until waits for a condition.
func until(ctx context.Context, condition func() (bool, error)) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := condition(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// 10,000 callers in eight processes want one cold key at the same moment; half of the
// processes hear of the end of the load by push, the others look for it.
func TestStampedeOfManyProcessesCausesOneLoad(t *testing.T) {
	t.Parallel()
	const processes, callers = 8, 1250
	server, p := redistest.Shared(t), prefix(t)
	client := server.Client(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var children [processes]*exec.Cmd
	var output [processes]bytes.Buffer
	for i := range children {
		cmd := exec.CommandContext(t.Context(), exe)
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d %d", childVar, server.Addr(), p, callers, i%2<<20))
		cmd.Stdout, cmd.Stderr = &output[i], &output[i]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		children[i] = cmd
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	waited := until(ctx, func() (bool, error) {
		return cli(t, client, "GET", p+waitingKey) == fmt.Sprint(processes*callers), nil
	})
	cli(t, client, "SET", p+goOnKey, "1", "EX", "60")
	for i, cmd := range children {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v\n%s", i, err, output[i].String())
		}
	}
	if waited != nil {
		t.Fatal(waited)
	}
	if n := cli(t, client, "GET", p+loadsKey); n != "1" {
		t.Errorf("%s loads", n)
	}
}
