package nearcache_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/nearcache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// memory is a local tier as small as can be, above a tracker: numbers under the keys
// "n:0" and up, which a writer counts up and readers check against the promise.
type memory struct {
	t       *testing.T
	store   *nearcache.Store[int64]
	tracker *nearcache.Tracker
	client  rueidis.Client
	ready   atomic.Bool
	losses  atomic.Int64
	seen    int64 // the losses when it last worked
	hits    atomic.Int64
	stale   atomic.Int64
	written []written
}

// written is what is known about a key.
type written struct {
	mu   sync.Mutex
	acks []ack
}

type ack struct {
	at    int64
	value int64
}

const bound = 500 * time.Millisecond

// remember starts a tracker, a writer and readers on so many keys.
func remember(t *testing.T, reader, writer rueidis.Client, keys int) *memory {
	t.Helper()
	m := &memory{t: t, store: nearcache.NewStore[int64](1 << 20), client: reader, written: make([]written, keys)}
	m.tracker = nearcache.NewTracker(reader, nearcache.TrackerOptions{
		Prefixes: []string{"n:"}, MaxStaleness: bound, OnChange: m.store.Drop, OnGap: m.store.DropAll,
		OnState: func(err error) {
			if err != nil {
				m.losses.Add(1)
			}
			m.ready.Store(err == nil)
			t.Log("state:", err)
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { m.write(ctx, writer) })
	// One that reads from memory all the time, and enough others that those who wait
	// for a dead node do not hold up the rest.
	all.Go(func() { m.check(ctx) })
	for i := range 2 * keys {
		all.Go(func() { m.fill(ctx, i%keys) })
	}
	t.Cleanup(func() {
		cancel()
		all.Wait()
		m.tracker.Close()
		if n := m.stale.Load(); n > 0 {
			t.Errorf("%d stale hits", n)
		}
	})
	return m
}

func key(i int) string { return "n:" + strconv.Itoa(i) }

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// write gives each key higher and higher numbers, and remembers which are confirmed.
func (m *memory) write(ctx context.Context, c rueidis.Client) {
	for n := int64(1); ctx.Err() == nil; n++ {
		var all sync.WaitGroup
		for i := range m.written {
			all.Go(func() {
				each, cancel := context.WithTimeout(ctx, bound/2)
				defer cancel()
				if c.Do(each, c.B().Set().Key(key(i)).Value(strconv.FormatInt(n, 10)).Build()).Error() == nil {
					w := &m.written[i]
					w.mu.Lock()
					w.acks = append(w.acks, ack{m.tracker.Now(), n})
					w.mu.Unlock()
				}
			})
		}
		all.Wait()
		pause(ctx, 20*time.Millisecond)
	}
}

// least is what a hit at this time must return at least.
func (w *written) least(now int64) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range slices.Backward(w.acks) {
		if a.at < now-int64(bound) {
			return a.value
		}
	}
	return 0
}

func (m *memory) check(ctx context.Context) {
	for ctx.Err() == nil {
		for i := range m.written {
			now := m.tracker.Now()
			if !m.tracker.Fresh(now) {
				continue
			}
			it := m.store.Get([]byte(key(i)), now)
			if it == nil {
				continue
			}
			m.hits.Add(1)
			if least := m.written[i].least(now); it.Value < least && m.stale.Add(1) < 10 {
				m.t.Errorf("%s: %d from memory, %d was confirmed more than %v before", key(i), it.Value, least, bound)
			}
		}
		pause(ctx, time.Millisecond)
	}
}

// fill reads what is not in memory, as package cache does: a permit first, then the
// question.
func (m *memory) fill(ctx context.Context, i int) {
	for ; ctx.Err() == nil; pause(ctx, 5*time.Millisecond) {
		now := m.tracker.Now()
		fresh := m.tracker.Fresh(now)
		if fresh && m.store.Get([]byte(key(i)), now) != nil {
			continue
		}
		ticket := m.store.Ticket(key(i))
		each, cancel := context.WithTimeout(ctx, bound)
		n, err := m.client.Do(each, m.client.B().Get().Key(key(i)).Build()).AsInt64()
		cancel()
		if err == nil && fresh {
			m.store.Put(ticket, key(i), n, 8, m.tracker.Now()+int64(time.Hour))
		}
	}
}

// works waits until the tracker is ready and every key was found in memory.
func (m *memory) works(what string) {
	m.t.Helper()
	within(m.t, what+": ready", m.ready.Load)
	for i := range m.written {
		within(m.t, fmt.Sprintf("%s: a hit of %s", what, key(i)), func() bool {
			now := m.tracker.Now()
			return m.tracker.Fresh(now) && m.store.Get([]byte(key(i)), now) != nil
		})
	}
	m.seen = m.losses.Load()
}

// lost waits until freshness has ended since it last worked, for however short a time.
func (m *memory) lost(what string) {
	m.t.Helper()
	within(m.t, what+": not fresh", func() bool {
		return m.losses.Load() > m.seen || !m.tracker.Fresh(m.tracker.Now())
	})
}

// passes waits until so much time has passed for the readers.
func (m *memory) passes(d time.Duration) { pause(context.Background(), d) }

func within(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%v passed and not yet: %s", patience, what)
		}
	}
}

// clusterMemory is a memory on a cluster of three masters.
func clusterMemory(t *testing.T) (*memory, *redistest.Cluster) {
	t.Helper()
	cluster := redistest.StartCluster(t, 3)
	m := remember(t, cluster.Client(t), cluster.Client(t), 12)
	m.works("at first")
	return m, cluster
}
