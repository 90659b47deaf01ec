package outboxpgx_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

// recorder is a sink that confirms everything and remembers it.
type recorder struct {
	mu       sync.Mutex
	keys     map[string]int // how often each was delivered
	ids      []int64
	identity string
	largest  int
	arrived  chan struct{} // one signal for several deliveries
}

func newRecorder() *recorder {
	return &recorder{keys: map[string]int{}, identity: "a", arrived: make(chan struct{}, 1)}
}

func (r *recorder) Deliver(_ context.Context, rows []outbox.Row) []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, row := range rows {
		r.keys[row.Key]++
		r.ids = append(r.ids, row.ID)
	}
	r.largest = max(r.largest, len(rows))
	select {
	case r.arrived <- struct{}{}:
	default:
	}
	return make([]error, len(rows))
}

func (r *recorder) Identity(context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.identity, nil
}

func (r *recorder) lose(identity string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.identity, r.keys = identity, map[string]int{}
}

func (r *recorder) times(key string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[key]
}

func (r *recorder) distinct() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.keys)
}

// patience is how long a test waits for what must happen.
const patience = time.Minute

// await waits until the recorder fulfils the condition.
func (r *recorder) await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	timeout := time.After(patience)
	for !condition() {
		select {
		case <-r.arrived:
		case <-timeout:
			if !condition() {
				t.Fatalf("not within %v: %s", patience, what)
			}
		}
	}
}

// await waits until condition holds.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for timeout := time.After(patience); !condition(); {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("waited too long: %s", what)
		}
	}
}

func newSource(t *testing.T, pool *pgxpool.Pool, o outboxpgx.Options) *outboxpgx.Source {
	t.Helper()
	source := outboxpgx.NewSource(pool, o)
	t.Cleanup(source.Close)
	return source
}

// run runs a relay until the test's end or until stop.
func run(t *testing.T, source outbox.Source, sink outbox.Sink, o outbox.Options) (relay *outbox.Relay, stop func()) {
	t.Helper()
	relay = outbox.NewRelay(source, sink, o)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := relay.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	stop = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(stop)
	return relay, stop
}

// value returns what a query for one value finds.
func value[T any](tb testing.TB, pool *pgxpool.Pool, sql string, args ...any) T {
	tb.Helper()
	var v T
	if err := pool.QueryRow(tb.Context(), sql, args...).Scan(&v); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	return v
}

const asleep = `SELECT coalesce(asleep_until > clock_timestamp(), false) FROM speedlayer.outbox_relay`

// awaitAsleep waits until writers would send a NOTIFY.
func awaitAsleep(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	await(t, "the relay falls asleep", func() bool { return value[bool](t, pool, asleep) })
}
