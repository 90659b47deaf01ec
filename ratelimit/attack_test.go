package ratelimit_test

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

const attackEnv = "RATELIMIT_TEST_ATTACK"

// attacked are rules of a few windows per second.
var attacked = map[string]ratelimit.Rule{
	"fixed":   {Name: "r", Limit: 40, Window: 300 * time.Millisecond},
	"sliding": {Name: "r", Limit: 40, Window: 300 * time.Millisecond, Algorithm: ratelimit.SlidingWindow},
	"shared":  {Name: "r", Limit: 200, Window: 300 * time.Millisecond, Algorithm: ratelimit.SlidingWindow},
	"gcra":    {Name: "r", Limit: 60, Window: 300 * time.Millisecond, Algorithm: ratelimit.GCRA, Burst: 10},
}

// admission is what one client knows of an admitted request: that Redis admitted it
// between two moments, and the window.
type admission struct {
	sent, answered int64 // microseconds
	window         string
}

// attack takes with 64 goroutines and reports each admission, until its input ends.
func attack(target string) {
	addr, name, _ := strings.Cut(target, "/")
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, ForceSingleClient: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	l := ratelimit.New(client, ratelimit.Options{RedisTimeout: 20 * time.Second, RememberDenials: -1})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var mu sync.Mutex
	together(64, func(int) {
		for ctx.Err() == nil {
			sent := time.Now().UnixMicro()
			res, err := l.Take(ctx, "s", attacked[name])
			if ctx.Err() != nil {
				return
			}
			if err != nil || res.Degraded {
				fmt.Fprintln(os.Stderr, res, err)
				os.Exit(1)
			}
			if res.Allowed {
				mu.Lock()
				fmt.Println(sent, time.Now().UnixMicro(), ratelimit.Windows(res)[0])
				mu.Unlock()
			}
		}
	})
}

// Three processes of 64 goroutines each attack one key. By what they know of the time
// no span may hold more than the rule admits in it.
func TestThreeProcessesNeverGetOneMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	for name, r := range attacked {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			var mu sync.Mutex
			var all []admission
			enough := func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(all) > 4*int(r.Limit)
			}
			began := time.Now()
			var ends []io.Closer
			var wg sync.WaitGroup
			for range 3 {
				cmd := exec.CommandContext(t.Context(), os.Args[0])
				cmd.Env = append(os.Environ(), attackEnv+"="+server.Addr()+"/"+name)
				cmd.Stderr = os.Stderr
				in, _ := cmd.StdinPipe()
				out, _ := cmd.StdoutPipe()
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				ends = append(ends, in)
				wg.Go(func() {
					for lines := bufio.NewScanner(out); lines.Scan(); {
						a := parseAdmission(t, lines.Text())
						mu.Lock()
						all = append(all, a)
						mu.Unlock()
					}
					if err := cmd.Wait(); err != nil {
						t.Error(err)
					}
				})
			}
			eventually(t, func() bool { return enough() && time.Since(began) > 2*time.Second })
			for _, end := range ends {
				_ = end.Close()
			}
			wg.Wait()
			checkAdmissions(t, r, all)
			if immortal, _ := withoutTTL(t, server.Client(t), "rate:"); len(immortal) != 0 {
				t.Errorf("keys without TTL: %v", immortal)
			}
		})
	}
}

func parseAdmission(t *testing.T, line string) admission {
	t.Helper()
	fields := strings.Fields(line)
	if len(fields) != 3 {
		t.Errorf("a line %q", line)
		return admission{}
	}
	sent, _ := strconv.ParseInt(fields[0], 10, 64)
	answered, _ := strconv.ParseInt(fields[1], 10, 64)
	return admission{sent, answered, fields[2]}
}

// checkAdmissions looks at every span from one sending to one answer: what was sent
// and answered within it was admitted within it.
func checkAdmissions(t *testing.T, r ratelimit.Rule, all []admission) {
	t.Helper()
	if r.Algorithm == ratelimit.FixedWindow {
		windows := map[string]int64{}
		for _, a := range all {
			windows[a.window]++
		}
		for id, n := range windows {
			if n > r.Limit {
				t.Errorf("window %s admitted %d, limit %d", id, n, r.Limit)
			}
		}
		if first, last := span(all); int64(len(windows)) > (last-first)/r.Window.Microseconds()+2 {
			t.Errorf("%d windows within %d microseconds: they overlap", len(windows), last-first)
		}
		return
	}
	slices.SortFunc(all, func(a, b admission) int { return cmp.Compare(a.answered, b.answered) })
	for _, first := range all {
		n := int64(0)
		for _, a := range all {
			if a.sent < first.sent {
				continue
			}
			n++
			within := a.answered - first.sent
			most := r.Limit
			if r.Algorithm == ratelimit.GCRA {
				most = r.Burst + r.Limit*(within+2)/r.Window.Microseconds()
			} else if within >= r.Window.Microseconds() {
				break
			}
			if n > most {
				t.Fatalf("%d admitted within %d microseconds, want at most %d", n, within, most)
			}
		}
	}
}

func span(all []admission) (first, last int64) {
	first = all[0].sent
	for _, a := range all {
		first, last = min(first, a.sent), max(last, a.answered)
	}
	return first, last
}
