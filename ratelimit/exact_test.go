package ratelimit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// hooked is a client that calls before in front of each command, and does not send
// it where that returns false.
type hooked struct {
	rueidis.Client
	before func(command []string) bool
}

func (h *hooked) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	if command := cmd.Commands(); len(command) > 3 && strings.HasSuffix(command[3], "instances") {
		return h.Client.Do(ctx, cmd) // comes when it likes
	}
	if !h.before(cmd.Commands()) {
		expired, cancel := context.WithTimeout(ctx, -1)
		defer cancel()
		ctx = expired
	}
	return h.Client.Do(ctx, cmd)
}

// 64 goroutines in each of three clients attack one subject across many windows. By
// Redis's clock the windows must not overlap, and none may admit more than the limit.
func TestNeverMoreThanTheLimitPerWindow(t *testing.T) {
	t.Parallel()
	const limit = 40
	server := redistest.Shared(t)
	first := newBed(t)
	beds := []*bed{
		first,
		newBedOn(t, server.Client(t), ratelimit.Options{Prefix: first.prefix}),
		newBedOn(t, server.Client(t), ratelimit.Options{Prefix: first.prefix}),
	}
	window := 300 * time.Millisecond
	rules := []ratelimit.Rule{{Name: "attacked", Limit: limit, Window: window}, rule("beside", 1_000_000)}

	var mu sync.Mutex
	admitted := map[string]int{}
	total := 0
	start := time.Now()
	// Two seconds, and on a slow machine until there was something to see.
	goOn := func() bool {
		mu.Lock()
		defer mu.Unlock()
		weak := len(admitted) < 2 || total < 2*limit
		return time.Since(start) < 2*time.Second || weak && time.Since(start) < patience
	}
	began := redisNow(t, first.client)
	together(3*64, func(i int) {
		for goOn() {
			res, err := beds[i%3].Take(t.Context(), "s", rules...)
			if err != nil || res.Degraded {
				t.Errorf("take: %+v, %v", res, err)
				return
			}
			if !res.Allowed {
				continue
			}
			mu.Lock()
			admitted[ratelimit.Windows(res)[0]]++
			total++
			mu.Unlock()
		}
	})
	took := redisNow(t, first.client).Sub(began)

	for id, n := range admitted {
		if n > limit {
			t.Errorf("window %s admitted %d, limit %d", id, n, limit)
		}
	}
	if most := int(took/window) + 1; len(admitted) > most {
		t.Errorf("%d windows of %v within %v: they overlap", len(admitted), window, took)
	}
	if len(admitted) < 2 || total < 2*limit {
		t.Errorf("%d admitted in %d windows: the attack was too weak", total, len(admitted))
	}
	if n := first.count(t, "s", rules[1]); n != int64(total) {
		t.Errorf("the rule beside counted %d for %d admitted requests: denials were charged", n, total)
	}
	first.checkTTLs(t)
}

func TestConcurrentTakesAdmitExactlyTheLimit(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	hundred, wide := rule("hundred", 100), rule("wide", 1000)
	var admitted atomic.Int64
	together(64, func(int) {
		for range 10 {
			if b.take(t, "s", wide, hundred).Allowed {
				admitted.Add(1)
			}
		}
	})
	if n := admitted.Load(); n != 100 {
		t.Errorf("admitted %d of 640, want 100", n)
	}
	if w, h := b.count(t, "s", wide), b.count(t, "s", hundred); w != 100 || h != 100 {
		t.Errorf("counted %d and %d, want 100 each", w, h)
	}
}

// Nothing that goes to Redis depends on the process's clock.
func TestNoTimeOfTheClientReachesRedis(t *testing.T) {
	t.Parallel()
	var sent [][]string
	client := &hooked{redistest.Shared(t).Client(t), func(command []string) bool {
		sent = append(sent, slices.Clone(command))
		return true
	}}
	b := newBedOn(t, client, ratelimit.Options{})
	r := ratelimit.Rule{Name: "r", Limit: 5, Window: time.Minute}
	res := b.take(t, "s", r)
	id := ratelimit.Windows(res)[0]
	b.refund(t, res)
	b.peek(t, "s", r)
	b.peek(t, "s", ratelimit.Rule{Name: "sliding", Limit: 500, Window: time.Minute, Algorithm: ratelimit.SlidingWindow})
	b.peek(t, "s", ratelimit.Rule{Name: "gcra", Limit: 7, Burst: 3, Window: time.Minute, Algorithm: ratelimit.GCRA})
	key := b.prefix + "r:{s}"
	for i, want := range [][]string{
		{"1", key, id, "1", "1", "5", "60000"},
		{"2", key, ratelimit.LiftKey(b.prefix, "s"), "1", id},
		{"1", key, "", "1", "1", "5", "60000"},
		{"1", b.prefix + "sliding:{s}", "", "1", "1", "sliding", "500", "60000000", "937500"},
		{"1", b.prefix + "gcra:{s}", "", "1", "7", "8571428", "4", "25714285", "5"},
	} {
		sent = slices.DeleteFunc(sent, func(c []string) bool { return c[0] == "EVAL" }) // the same again, where the script was new
		if got := sent[i]; got[0] != "EVALSHA" || !slices.Equal(got[2:], want) {
			t.Errorf("command %d = %q, want EVALSHA … %q", i, got, want)
		}
	}
}

const hammerEnv = "RATELIMIT_TEST_HAMMER"

// hammer takes and refunds as fast as it can, until it is killed.
func hammer(addr string) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, ForceSingleClient: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	l := ratelimit.New(client, ratelimit.Options{})
	for range 16 {
		go func() {
			for {
				r := ratelimit.Rule{Name: "r", Limit: 3, Window: time.Hour}
				other := ratelimit.Rule{Name: "other", Limit: 1 << 30, Window: time.Hour}
				sliding := ratelimit.Rule{Name: "sliding", Limit: 1 << 30, Window: time.Hour, Algorithm: ratelimit.SlidingWindow}
				gcra := ratelimit.Rule{Name: "gcra", Limit: 1 << 30, Window: time.Hour, Algorithm: ratelimit.GCRA}
				res, _ := l.Take(context.Background(), strconv.Itoa(rand.IntN(100_000)), r, other, sliding, gcra)
				if rand.IntN(3) == 0 {
					_ = l.Refund(context.Background(), res)
				}
			}
		}()
	}
	select {}
}

// Clients that are killed in the middle of their work leave no key without TTL and
// no rule charged without its neighbour.
func TestKilledClientsLeaveNoImmortalKey(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	total := 0
	for range 5 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), hammerEnv+"="+server.Addr())
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool {
			n, err := client.Do(t.Context(), client.B().Dbsize().Build()).AsInt64()
			if err != nil {
				t.Fatal(err)
			}
			return n > int64(total)+500
		})
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		var immortal []string
		if immortal, total = withoutTTL(t, client, "rate:"); len(immortal) != 0 {
			t.Fatalf("%d of %d keys have no TTL: %v", len(immortal), total, immortal[0])
		}
	}
	for subject := range 1000 {
		a, _ := client.Do(t.Context(), client.B().Hget().Key(fmt.Sprintf("rate:r:{%d}", subject)).Field("count").Build()).AsInt64()
		b, _ := client.Do(t.Context(), client.B().Hget().Key(fmt.Sprintf("rate:other:{%d}", subject)).Field("count").Build()).AsInt64()
		text, _ := client.Do(t.Context(), client.B().Get().Key(fmt.Sprintf("rate:sliding:{%d}", subject)).Build()).ToString()
		var c int64
		_, _ = fmt.Sscanf(text, "sliding %d", &c)
		if a != b || a != c {
			t.Fatalf("subject %d: rules counted %d, %d and %d", subject, a, b, c)
		}
	}
}
