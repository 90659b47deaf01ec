package cache_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		os.Exit(childMain())
	}
	goleak.VerifyTestMain(m, redistest.IgnoreLeaks()...)
}

// user is what the tests cache.
type user struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Version int64  `json:"version"`
}

// database is the source of truth of a test: one version number for each key.
type database struct {
	mu       sync.Mutex
	versions map[int64]int64
	loads    atomic.Int64
}

func newDatabase() *database { return &database{versions: map[int64]int64{1: 1}} }

// load is a cache.Loader.
func (d *database) load(_ context.Context, id int64) (user, error) {
	d.loads.Add(1)
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.versions[id]
	if v == 0 {
		return user{}, cache.ErrNotFound
	}
	return user{ID: id, Name: "Max", Version: v}, nil
}

// write makes the next version of a key and returns it.
func (d *database) write(id int64) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.versions[id]++
	return d.versions[id]
}

func (d *database) remove(id int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.versions, id)
}

type users = cache.Cache[int64, user]

// open returns a cache on a client, closed at the test's end.
func open(tb testing.TB, client rueidis.Client, prefix string, load cache.Loader[int64, user], o cache.Options) *users {
	tb.Helper()
	c := cache.New(client, prefix, load, o)
	tb.Cleanup(c.Close)
	return c
}

// patient makes the time for Redis so long that no busy machine exceeds it. Tests
// of what happens then do not use it.
func patient(o cache.Options) cache.Options {
	o.RedisTimeout = cmp.Or(o.RedisTimeout, 20*time.Second)
	o.LoadTimeout = cmp.Or(o.LoadTimeout, 40*time.Second)
	return o
}

// shared returns a patient cache on the shared server under a prefix of its own.
func shared(tb testing.TB, load cache.Loader[int64, user], o cache.Options) (*users, rueidis.Client) {
	tb.Helper()
	client := redistest.Shared(tb).Client(tb)
	return open(tb, client, prefix(tb), load, patient(o)), client
}

func prefix(tb testing.TB) string {
	tb.Helper()
	return strings.TrimSuffix(redistest.Prefix(tb), ":")
}

// cli runs a command through a client and returns the reply as a string, "" for nil.
func cli(tb testing.TB, client rueidis.Client, args ...string) string {
	tb.Helper()
	reply, err := client.Do(context.Background(), client.B().Arbitrary(args...).Build()).ToAny()
	if err != nil && !rueidis.IsRedisNil(err) {
		tb.Fatalf("%v: %v", args, err)
	}
	s, _ := reply.(string)
	return s
}

// pttl returns the TTL of a key in milliseconds; -2: no key, -1: no TTL.
func pttl(tb testing.TB, client rueidis.Client, name string) int64 {
	tb.Helper()
	ms, err := client.Do(context.Background(), client.B().Pttl().Key(name).Build()).AsInt64()
	if err != nil {
		tb.Fatal(err)
	}
	return ms
}

// version returns the version that a read returned, and fails the test on an error.
func version(tb testing.TB, u user, err error) int64 {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	return u.Version
}

// patience is how long a test waits for what must happen. Only a failure takes so
// long, so it is more than any busy machine needs.
const patience = time.Minute

// eventually waits for a condition.
func eventually(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatalf("%v passed and not yet: %s", patience, what)
		}
	}
}

// receive waits for a channel.
func receive[T any](tb testing.TB, what string, ch <-chan T) T {
	tb.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		tb.Fatalf("%v passed and not yet: %s", patience, what)
		panic("unreachable")
	}
}

// read is a Get in a goroutine of its own.
type read struct {
	u   user
	err error
}

func getAsync(ctx context.Context, c *users, id int64) <-chan read {
	ch := make(chan read, 1)
	go func() {
		u, err := c.Get(ctx, id)
		ch <- read{u, err}
	}()
	return ch
}

// gate holds loads up: each announces itself on began and then waits for go on.
type gate struct {
	began chan int64
	goOn  chan struct{}
}

func newGate() *gate { return &gate{began: make(chan int64, 100), goOn: make(chan struct{})} }

// slow is a loader that reads first and returns what it read once it may.
func (g *gate) slow(load cache.Loader[int64, user]) cache.Loader[int64, user] {
	return func(ctx context.Context, id int64) (user, error) {
		u, err := load(ctx, id)
		g.began <- id
		select {
		case <-g.goOn:
			return u, err
		case <-ctx.Done():
			return user{}, ctx.Err()
		}
	}
}

// meddler is a client between cache and Redis in which commands can be held up or
// lost. Commands are named by cache.ScriptName.
type meddler struct {
	rueidis.Client
	mu     sync.Mutex
	before func(name string) error // an error: the command is not sent
	after  func(name string)       // the reply is held back until it returns

	exchanges atomic.Int64 // round trips
}

func (m *meddler) meddle(before func(string) error, after func(string)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before, m.after = before, after
}

func (m *meddler) hooks() (before func(string) error, after func(string)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before, after = m.before, m.after
	if before == nil {
		before = func(string) error { return nil }
	}
	if after == nil {
		after = func(string) {}
	}
	return before, after
}

func (m *meddler) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	return m.DoMulti(ctx, cmd)[0]
}

func (m *meddler) DoMulti(ctx context.Context, multi ...rueidis.Completed) []rueidis.RedisResult {
	m.exchanges.Add(1)
	before, after := m.hooks()
	names := make([]string, len(multi))
	for i, cmd := range multi {
		names[i] = cache.ScriptName(cmd.Commands())
		if err := before(names[i]); err != nil {
			return slices.Repeat([]rueidis.RedisResult{rueidis.NewErrorResult(err)}, len(multi))
		}
	}
	replies := m.Client.DoMulti(ctx, multi...)
	for _, name := range names {
		after(name)
	}
	return replies
}

// errLost is a lost connection, as the breaker understands it.
var errLost = errors.Join(errors.New("lost by the test"), context.DeadlineExceeded)

// events is an Observer that remembers.
type events struct {
	mu  sync.Mutex
	all []cache.Event
	on  func(cache.Event)
}

func (e *events) CacheEvent(ev cache.Event) {
	e.mu.Lock()
	e.all = append(e.all, ev)
	e.mu.Unlock()
	if e.on != nil {
		e.on(ev)
	}
}

// kinds returns what happened, in order, as "miss, load, fill".
func (e *events) kinds() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var s []string
	for _, ev := range e.all {
		s = append(s, ev.Kind.String())
	}
	return strings.Join(s, ", ")
}

func isUnconfirmed(err error) bool { return errors.Is(err, cache.ErrUnconfirmed) }

// breakerLetsPass sends a read, which makes an open breaker probe.
func breakerLetsPass(c *users) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 250*time.Millisecond)
	defer cancel()
	_, _ = c.Get(ctx, 404_404)
	return !c.Stats().BreakerOpen
}

// lossyClient loses the answer to the first run of a script: it was carried out,
// but the caller sees a lost connection.
type lossyClient struct {
	rueidis.Client
	script string
	lost   atomic.Bool
}

func (l *lossyClient) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	script := cache.ScriptName(cmd.Commands())
	reply := l.Client.Do(ctx, cmd)
	if script == l.script && reply.NonRedisError() == nil && !isNoScript(reply) && !l.lost.Swap(true) {
		return rueidis.NewErrorResult(io.EOF)
	}
	return reply
}

func isNoScript(reply rueidis.RedisResult) bool {
	err, ok := rueidis.IsRedisErr(reply.Error())
	return ok && err.IsNoScript()
}
