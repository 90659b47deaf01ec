package cache_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// isQuestion reports whether a command asks for a value: one alone, or those of
// several readers.
func isQuestion(name string) bool { return name == "GET" || name == "MGET" }

// held lets the first exchange that asks for a value reach Redis and holds its answer
// back until goOn is closed.
func held(m *meddler) (sent <-chan struct{}, goOn chan<- struct{}) {
	first, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	m.meddle(nil, func(name string) {
		if isQuestion(name) {
			mine := false
			once.Do(func() { mine = true; close(first) })
			if mine {
				<-release
			}
		}
	})
	return first, release
}

// A read that begins when a question for its key is on the way must not take part in
// its answer: an invalidation may have come in between.
func TestReadDoesNotJoinAQuestionThatWasSent(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	first, second, m := pair(t, db.load, cache.Options{})
	if _, err := first.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	sent, goOn := held(m)
	old := getAsync(t.Context(), first, 1)
	receive(t, "the question of the first reader", sent)
	db.write(1)
	if err := second.Invalidate(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if u, err := first.Get(t.Context(), 1); version(t, u, err) != 2 {
		t.Errorf("a read behind the invalidation got %+v", u)
	}
	close(goOn)
	if r := receive(t, "the first reader", old); version(t, r.u, r.err) != 1 {
		t.Errorf("the first reader got %+v", r)
	}
}

// Readers of one moment share exchanges, each with its own answer.
func TestReadsOfOneMomentShareExchanges(t *testing.T) {
	t.Parallel()
	const readers, rounds, keys = 64, 50, 200
	load := func(_ context.Context, id int64) (user, error) { return user{ID: id, Version: 1}, nil }
	m := &meddler{Client: redistest.Shared(t).Client(t)}
	c := open(t, m, prefix(t), load, patient(cache.Options{}))
	ids := make([]int64, keys)
	for i := range ids {
		ids[i] = int64(i)
	}
	if err := c.Warm(t.Context(), ids...); err != nil {
		t.Fatal(err)
	}
	// Which reads come at one moment is for the scheduler to say. Where none share,
	// no number of attempts helps.
	for attempt := uint64(1); ; attempt++ {
		before := m.exchanges.Load()
		var wg sync.WaitGroup
		for i := range readers {
			wg.Go(func() {
				for j := range rounds {
					id := int64((i*31 + j*7) % keys)
					if u, err := c.Get(t.Context(), id); err != nil || u.ID != id {
						t.Errorf("asked for %d, got %+v, %v", id, u, err)
					}
				}
			})
		}
		wg.Wait()
		if s := c.Stats(); s.Hits != attempt*readers*rounds {
			t.Errorf("%d hits of %d", s.Hits, attempt*readers*rounds)
		}
		n := m.exchanges.Load() - before
		if n <= readers*rounds/2 {
			return
		}
		if attempt == 20 {
			t.Fatalf("%d exchanges for %d reads: hardly any was shared", n, readers*rounds)
		}
	}
}

// Callers of a batch that Redis does not answer leave when their own time is over,
// and take nobody with them.
func TestReaderLeavesASharedExchangeAlone(t *testing.T) {
	t.Parallel()
	const readers = 20
	db := newDatabase()
	m := &meddler{Client: redistest.Shared(t).Client(t)}
	c := open(t, m, prefix(t), db.load, patient(cache.Options{}))
	if _, err := c.Get(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	goOn := make(chan struct{})
	m.meddle(func(name string) error {
		if isQuestion(name) {
			<-goOn
		}
		return nil
	}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var leave, stay []<-chan read
	for range readers {
		leave = append(leave, getAsync(ctx, c, 1))
		stay = append(stay, getAsync(t.Context(), c, 1))
	}
	exchanges := m.exchanges.Load()
	eventually(t, "a question is on its way", func() bool { return m.exchanges.Load() > exchanges-1 })
	cancel()
	// Those that asked alone stay with their exchange, as long as Redis may take.
	var left atomic.Int64
	for _, ch := range leave {
		go func() {
			if r := <-ch; errors.Is(r.err, context.Canceled) {
				left.Add(1)
			}
		}()
	}
	eventually(t, "readers left", func() bool { return left.Load() > 0 })
	close(goOn)
	for _, ch := range stay {
		if r := receive(t, "a reader that stayed", ch); version(t, r.u, r.err) != 1 {
			t.Errorf("got %+v", r)
		}
	}
	eventually(t, "all readers left", func() bool { return left.Load() == readers })
}

// A value whose decoder panics takes down the reader that decodes it, and the others
// of the exchange load.
type grumpy struct{ Text string }

func (g *grumpy) UnmarshalJSON([]byte) error { panic("boom") }

func (g grumpy) MarshalJSON() ([]byte, error) { return []byte(strconv.Quote(g.Text)), nil }

func TestPanicOfADecoderReachesOneReader(t *testing.T) {
	t.Parallel()
	client := redistest.Shared(t).Client(t)
	c := cache.New(client, prefix(t), func(context.Context, int64) (grumpy, error) { return grumpy{"loaded"}, nil },
		patient(cache.Options{}))
	t.Cleanup(c.Close)
	cli(t, client, "SET", c.Key(1), `"stored"`, "EX", "60")
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			defer func() { _ = recover() }()
			if g, err := c.Get(t.Context(), 1); err == nil && g.Text != "loaded" {
				t.Errorf("got %+v", g)
			}
		})
	}
	wg.Wait()
}

// Readers of different keys of which one is of another type: each has its own answer.
func TestKeysOfOtherTypesAmongMany(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	for id := range int64(6) {
		db.write(id)
	}
	c, client := shared(t, db.load, cache.Options{})
	ids := []int64{0, 1, 2, 3, 4, 5}
	if err := c.Warm(t.Context(), ids...); err != nil {
		t.Fatal(err)
	}
	loads := db.loads.Load()
	cli(t, client, "DEL", c.Key(2), c.Key(4))
	cli(t, client, "RPUSH", c.Key(2), "x")
	cli(t, client, "SET", c.Key(3), "garbage", "EX", "60")
	many, err := c.GetMany(t.Context(), ids)
	if err != nil || len(many) != 6 || db.loads.Load() != loads+3 {
		t.Fatalf("%v, %v, %d loads more", many, err, db.loads.Load()-loads)
	}
	for id, u := range many {
		if u.ID != id {
			t.Errorf("key %d has %+v", id, u)
		}
	}
	if many, err := c.GetMany(t.Context(), ids); err != nil || len(many) != 6 || db.loads.Load() != loads+3 {
		t.Errorf("again: %v, %v, %d loads more", many, err, db.loads.Load()-loads)
	}
}
