package session_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/session"
)

// The test binary is also a process that has sessions in memory: with childVar set to
// "address prefix staleness" it runs that instead of the tests. Each line of its input,
// "round token token", is two sessions that it looks up all the time from then on; it
// prints reports about them as JSON.
const childVar = "SPEEDLAYER_SESSION_CHILD"

// processStaleness is the MaxStaleness of such processes, which is the default.
const processStaleness = time.Second

// watched is what a process saw of a session: when the last lookup began that found it,
// and that said that there is none, in ns since 1970.
type watched struct{ LastFound, LastMissed int64 }

// report is about one round.
type report struct {
	Round                   int
	Revoked, Lives          watched
	Tried                   int64  // lookups of both sessions that began before are done
	Wrong                   string // an answer that is neither, and not ErrUnavailable either
	LocalHits, RedisLookups uint64
}

func childMain() int {
	var addr, prefix string
	var o session.Options
	var staleness string
	if _, err := fmt.Sscan(os.Getenv(childVar), &addr, &prefix, &staleness); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	o.Prefix, o.RedisTimeout = prefix, 100*time.Millisecond
	var err error
	if o.MaxStaleness, err = time.ParseDuration(staleness); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{addr}, ForceSingleClient: true, PipelineMultiplex: -1, Dialer: net.Dialer{Timeout: patience},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	defer client.Close()
	m := session.New[string, map[string]string](client, o)
	defer m.Close()
	w := &watcher{m: m, stop: func() {}}
	for s := bufio.NewScanner(os.Stdin); s.Scan(); {
		var round int
		var revoked, lives string
		if _, err := fmt.Sscan(s.Text(), &round, &revoked, &lives); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			return 1
		}
		w.begin(round, revoked, lives)
	}
	w.stop()
	return 0
}

// watcher looks two sessions up and reports.
type watcher struct {
	m     *session.Manager[string, map[string]string]
	stop  func()
	mu    sync.Mutex
	r     report
	tried [2]int64
}

func (w *watcher) begin(round int, tokens ...string) {
	w.stop()
	w.r, w.tried = report{Round: round}, [2]int64{}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	w.stop = func() {
		cancel()
		all.Wait()
	}
	for i, token := range tokens {
		all.Go(func() { w.every(ctx, time.Millisecond, func() { w.look(ctx, i, token) }) })
	}
	all.Go(func() { w.every(ctx, 10*time.Millisecond, w.print) })
}

func (w *watcher) every(ctx context.Context, pause time.Duration, do func()) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			do()
		case <-ctx.Done():
			return
		}
	}
}

func (w *watcher) look(ctx context.Context, i int, token string) {
	at := time.Now().UnixNano()
	_, err := w.m.Lookup(ctx, token)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tried[i] = at
	seen := []*watched{&w.r.Revoked, &w.r.Lives}[i]
	switch {
	case err == nil:
		seen.LastFound = at
	case errors.Is(err, session.ErrNotFound):
		seen.LastMissed = at
	case !errors.Is(err, session.ErrUnavailable) && ctx.Err() == nil:
		w.r.Wrong = err.Error()
	}
}

func (w *watcher) print() {
	w.mu.Lock()
	r := w.r
	r.Tried = min(w.tried[0], w.tried[1])
	w.mu.Unlock()
	s := w.m.Stats()
	r.LocalHits, r.RedisLookups = s.LocalHits, s.RedisLookups
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		os.Exit(1) // nobody listens any more
	}
}
