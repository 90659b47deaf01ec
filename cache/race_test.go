package cache_test

import (
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// pair is two patient caches of one key space, as in two processes; commands of the first
// can be meddled with.
func pair(t *testing.T, load cache.Loader[int64, user], o cache.Options) (first, second *users, m *meddler) {
	t.Helper()
	server := redistest.Shared(t)
	m = &meddler{Client: server.Client(t)}
	p := prefix(t)
	return open(t, m, p, load, patient(o)), open(t, server.Client(t), p, load, patient(o)), m
}

// absent fails the test if the old value came back.
func absent(t *testing.T, client rueidis.Client, name string) {
	t.Helper()
	if got := cli(t, client, "GET", name); got != "" {
		t.Errorf("the old value came back: %s", got)
	}
}

func TestInvalidationDuringLoadIsNotUndone(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"by the loading process", "by another process"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			db, g := newDatabase(), newGate()
			first, second, _ := pair(t, g.slow(db.load), cache.Options{})
			old := getAsync(t.Context(), first, 1)
			receive(t, "load of the old value", g.began)

			db.write(1)
			writer := second
			if who == "by the loading process" {
				writer = first
			}
			if err := writer.Invalidate(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			later := getAsync(t.Context(), first, 1)
			if writer == first {
				receive(t, "load of the new value, while the old one goes on", g.began)
			}
			close(g.goOn)
			if r := receive(t, "first reader", old); version(t, r.u, r.err) != 1 {
				t.Errorf("the first reader, who came before, got %+v", r)
			}
			if r := receive(t, "later reader", later); version(t, r.u, r.err) != 2 {
				t.Errorf("a reader that came after the invalidation got %+v", r)
			}
			if u, err := second.Get(t.Context(), 1); version(t, u, err) != 2 {
				t.Errorf("the other process got %+v", u)
			}
		})
	}
}

func TestInvalidationBetweenLoadAndFillIsNotUndone(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"by the loading process", "by another process"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			db := newDatabase()
			loaded, goOn := make(chan struct{}, 10), make(chan struct{})
			first, second, m := pair(t, db.load, cache.Options{Observer: &events{on: func(e cache.Event) {
				if e.Kind == cache.EventLoad {
					loaded <- struct{}{}
					<-goOn
				}
			}}})
			old := getAsync(t.Context(), first, 1)
			receive(t, "load of the old value", loaded)
			db.write(1)
			writer := second
			if who == "by the loading process" {
				writer = first
			}
			if err := writer.Invalidate(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			close(goOn)
			if r := receive(t, "first reader", old); version(t, r.u, r.err) != 1 {
				t.Errorf("the first reader got %+v", r)
			}
			absent(t, m, first.Key(1))
			if s := first.Stats(); s.FillsRefused != 1 || s.Fills != 0 {
				t.Errorf("stats: %+v", s)
			}
			if u, err := first.Get(t.Context(), 1); version(t, u, err) != 2 {
				t.Errorf("a later reader got %+v", u)
			}
		})
	}
}

// The fill is accepted, then another process writes and invalidates, and only then
// the answer to the fill arrives. Who came in between must not get what was filled.
func TestReaderDuringTheAnswerToAFillGetsNothingOld(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	first, second, m := pair(t, db.load, cache.Options{})
	filled, goOn := make(chan struct{}, 1), make(chan struct{})
	m.meddle(nil, func(name string) {
		if name == "fill" {
			m.meddle(nil, nil)
			filled <- struct{}{}
			<-goOn
		}
	})
	old := getAsync(t.Context(), first, 1)
	receive(t, "fill", filled)
	db.write(1)
	if err := second.Invalidate(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	later := getAsync(t.Context(), first, 1)
	eventually(t, "the later reader waits", func() bool { return first.Waiting(1) == 2 })
	close(goOn)
	if r := receive(t, "first reader", old); version(t, r.u, r.err) != 1 {
		t.Errorf("the first reader got %+v", r)
	}
	if r := receive(t, "later reader", later); version(t, r.u, r.err) != 2 {
		t.Errorf("the later reader got %+v", r)
	}
}

// The same with a value that another process had stored and that was found while
// taking the lease.
func TestReaderDuringTheAnswerToALeaseGetsNothingOld(t *testing.T) {
	t.Parallel()
	db := newDatabase()
	first, second, m := pair(t, db.load, cache.Options{})
	found, goOn := make(chan struct{}, 1), make(chan struct{})
	m.meddle(func(name string) error {
		if name == "acquire" { // the first reader has seen that there is no value; now there is one
			if u, err := second.Get(t.Context(), 1); err != nil || u.Version != 1 {
				t.Errorf("second process: %+v, %v", u, err)
			}
		}
		return nil
	}, func(name string) {
		if name == "acquire" {
			m.meddle(nil, nil)
			found <- struct{}{}
			<-goOn
		}
	})
	old := getAsync(t.Context(), first, 1)
	receive(t, "lease", found)
	db.write(1)
	if err := second.Invalidate(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	later := getAsync(t.Context(), first, 1)
	eventually(t, "the later reader waits", func() bool { return first.Waiting(1) == 2 })
	close(goOn)
	if r := receive(t, "first reader", old); version(t, r.u, r.err) != 1 {
		t.Errorf("the first reader got %+v", r)
	}
	if r := receive(t, "later reader", later); version(t, r.u, r.err) != 2 {
		t.Errorf("the later reader got %+v", r)
	}
	if s := first.Stats(); s.Loads != 1 {
		t.Errorf("%d loads, want 1: the value found was for the first reader", s.Loads)
	}
}

// A caller who joined during the load may have the result, if it was accepted.
func TestReaderDuringALoadSharesIt(t *testing.T) {
	t.Parallel()
	db, g := newDatabase(), newGate()
	c, _ := shared(t, g.slow(db.load), cache.Options{})
	a := getAsync(t.Context(), c, 1)
	receive(t, "load", g.began)
	b := getAsync(t.Context(), c, 1)
	eventually(t, "both wait", func() bool { return c.Waiting(1) == 2 })
	close(g.goOn)
	for _, ch := range []<-chan read{a, b} {
		if r := receive(t, "reader", ch); version(t, r.u, r.err) != 1 {
			t.Errorf("got %+v", r)
		}
	}
	if s := c.Stats(); s.Loads != 1 || s.Collapsed != 1 {
		t.Errorf("stats: %+v", s)
	}
}
