package cache_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
)

// The command of the invalidation is lost, the lease in Redis stays valid: the
// process itself must refuse the fill, read past Redis, and repeat the command.
func TestLostInvalidationIsRepeated(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	first, second, m := pair(t, g.slow(db.load), cache.Options{LoadTimeout: 30 * time.Second})
	old := getAsync(t.Context(), first, 1)
	receive(t, "load of the old value", g.began)
	db.write(1)
	m.meddle(func(name string) error {
		if name == "DEL" {
			return errLost
		}
		return nil
	}, nil)
	err := first.Invalidate(t.Context(), 1)
	if !isUnconfirmed(err) {
		t.Fatalf("got %v, want ErrUnconfirmed", err)
	}
	if s := first.Stats(); s.Pending != 1 || s.Unconfirmed != 1 {
		t.Errorf("stats: %+v", s)
	}
	eventually(t, "the breaker lets pass again", func() bool { return breakerLetsPass(first) })
	close(g.goOn)
	if r := receive(t, "first reader", old); version(t, r.u, r.err) != 1 {
		t.Errorf("the first reader got %+v", r)
	}
	absent(t, m, first.Key(1))

	// An older value that was there all the time: a process that reads Redis sees
	// it, the one whose invalidation was lost does not.
	cli(t, m, "SET", first.Key(1), `{"id":1,"name":"Max","version":1}`, "EX", "60")
	if u, err := second.Get(t.Context(), 1); version(t, u, err) != 1 {
		t.Fatalf("no old value in Redis: %+v", u)
	}
	for range 3 {
		e, err := first.Lookup(t.Context(), 1)
		if version(t, e.Value, err) != 2 || e.Source != cache.SourceLoader || e.Reason != cache.ReasonUnavailable {
			t.Errorf("the writing process got %+v", e)
		}
	}
	m.meddle(nil, nil)
	eventually(t, "the repetition is confirmed", func() bool { return first.Stats().Pending == 0 })
	absent(t, m, first.Key(1))
	eventually(t, "the writing process reads Redis again", func() bool {
		e, err := first.Lookup(t.Context(), 1)
		return version(t, e.Value, err) == 2 && e.Source == cache.SourceRedis
	})
	if u, err := second.Get(t.Context(), 1); version(t, u, err) != 2 {
		t.Errorf("the other process got %+v", u)
	}
}

// A flight that began while the invalidation was on its way trusted Redis. Reads
// that begin after the failure must not join it.
func TestReadAfterAFailedInvalidationJoinsNoOlderFlight(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	first, _, m := pair(t, g.slow(db.load), cache.Options{})
	var during <-chan read
	var once sync.Once
	m.meddle(func(name string) error {
		if name != "DEL" {
			return nil
		}
		once.Do(func() {
			during = getAsync(t.Context(), first, 1)
			receive(t, "load during the invalidation", g.began)
		})
		return errLost
	}, nil)
	if err := first.Invalidate(t.Context(), 1); !isUnconfirmed(err) {
		t.Fatalf("got %v, want ErrUnconfirmed", err)
	}
	after := getAsync(t.Context(), first, 1)
	receive(t, "load after the invalidation", g.began)
	close(g.goOn)
	for _, ch := range []<-chan read{during, after} {
		if r := receive(t, "reader", ch); version(t, r.u, r.err) != 1 {
			t.Errorf("got %+v", r)
		}
	}
}

// An earlier repetition is confirmed after a later invalidation failed: that says
// nothing about the later one.
func TestConfirmationOfAnEarlierInvalidationDoesNotCountForALaterOne(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	first, _, m := pair(t, db.load, cache.Options{})
	lose := func(name string) error {
		if name == "DEL" {
			return errLost
		}
		return nil
	}
	m.meddle(lose, nil)
	if err := first.Invalidate(t.Context(), 1); !isUnconfirmed(err) {
		t.Fatalf("got %v, want ErrUnconfirmed", err)
	}
	repeated, goOn := make(chan struct{}), make(chan struct{})
	m.meddle(nil, func(name string) {
		if name == "DEL" {
			m.meddle(lose, nil)
			close(repeated)
			<-goOn
		}
	})
	receive(t, "repetition", repeated)
	cli(t, m.Client, "SET", first.Key(1), `{"id":1,"name":"Max","version":1}`, "EX", "60") // stored behind the repetition
	db.write(1)
	if err := first.Invalidate(t.Context(), 1); !isUnconfirmed(err) {
		t.Fatalf("got %v, want ErrUnconfirmed", err)
	}
	close(goOn)
	eventually(t, "the repetition was counted", func() bool { return first.Stats().Invalidated == 1 })
	eventually(t, "the breaker lets pass again", func() bool { return breakerLetsPass(first) })
	if u, err := first.Get(t.Context(), 1); version(t, u, err) != 2 {
		t.Errorf("got %+v", u)
	}
	m.meddle(nil, nil)
	eventually(t, "the second one is confirmed", func() bool { return first.Stats().Pending == 0 })
	absent(t, m, first.Key(1))
}

// Callers that a refused load leaves over get a flight of their own beside that of
// newer callers. An invalidation that is lost must stop that flight's fill too.
func TestLostInvalidationStopsEveryFlight(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	first, _, m := pair(t, g.slow(db.load), cache.Options{})
	a := getAsync(t.Context(), first, 1)
	receive(t, "first load", g.began)
	late := getAsync(t.Context(), first, 1)
	eventually(t, "both wait", func() bool { return first.Waiting(1) == 2 })
	if err := first.Invalidate(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	// The newer callers' flight hangs before it has the lease.
	hangs, goOn := make(chan struct{}), make(chan struct{})
	m.meddle(func(name string) error {
		if name == "acquire" {
			m.meddle(nil, nil)
			close(hangs)
			<-goOn
		}
		return nil
	}, nil)
	newer := getAsync(t.Context(), first, 1)
	receive(t, "the newer flight", hangs)

	g.goOn <- struct{}{}
	receive(t, "first reader", a)
	receive(t, "load for the one left over", g.began)
	db.write(1)
	m.meddle(func(name string) error {
		if name == "DEL" {
			return errLost
		}
		return nil
	}, nil)
	if err := first.Invalidate(t.Context(), 1); !isUnconfirmed(err) {
		t.Fatalf("got %v, want ErrUnconfirmed", err)
	}
	g.goOn <- struct{}{}
	if r := receive(t, "the one left over", late); version(t, r.u, r.err) != 1 {
		t.Errorf("got %+v", r)
	}
	absent(t, m, first.Key(1))
	close(goOn)
	close(g.goOn)
	receive(t, "newer reader", newer)
}

// More unconfirmed keys than are remembered: then none is trusted.
func TestTooManyLostInvalidationsBypassEverything(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	const life = 5 * time.Second
	first, _, m := pair(t, db.load, cache.Options{TTL: life, LeaseTTL: time.Second})
	first.LimitUnconfirmed(3)
	lose := func(name string) error {
		if name == "DEL" {
			return errLost
		}
		return nil
	}
	m.meddle(lose, nil)
	var end time.Time // of the life of anything that is as old as the lost invalidations
	for id := int64(1); id <= 5; id++ {
		db.write(id)
		end = time.Now().Add(life)
		if err := first.Invalidate(t.Context(), id); !isUnconfirmed(err) {
			t.Fatalf("got %v, want ErrUnconfirmed", err)
		}
	}
	if s := first.Stats(); s.Pending != 3 {
		t.Errorf("%d keys remembered, want 3", s.Pending)
	}
	m.meddle(nil, nil)
	eventually(t, "the remembered ones are repeated", func() bool { return first.Stats().Pending == 0 })
	eventually(t, "the breaker lets pass again", func() bool { return breakerLetsPass(first) })
	cli(t, m, "SET", first.Key(5), `{"id":5,"name":"Max","version":0}`, "PXAT", strconv.FormatInt(end.UnixMilli(), 10))
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for time.Now().Before(end) {
		if u, err := first.Get(t.Context(), 5); version(t, u, err) != 1 {
			t.Fatalf("the old value was read: %+v", u)
		}
		<-tick.C
	}
	eventually(t, "Redis is trusted again once everything old has expired", func() bool {
		e, err := first.Lookup(t.Context(), 5)
		return version(t, e.Value, err) == 1 && e.Source == cache.SourceRedis
	})
}
