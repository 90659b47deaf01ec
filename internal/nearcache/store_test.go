package nearcache_test

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/speedlayer/speedlayer/internal/nearcache"
)

func put(s *nearcache.Store[int], name string, v int) bool {
	return s.Put(s.Ticket(name), name, v, 100, 1000)
}

func TestPutIsRefusedAfterADrop(t *testing.T) {
	t.Parallel()
	s := nearcache.NewStore[int](1 << 20)
	for what, drop := range map[string]func(){"Drop": func() { s.Drop("a") }, "DropAll": s.DropAll} {
		ticket := s.Ticket("a")
		drop()
		if s.Put(ticket, "a", 1, 0, 1000) {
			t.Errorf("stored behind a %s", what)
		}
	}
	if !put(s, "a", 2) || s.Get([]byte("a"), 0).Value != 2 {
		t.Error("a new ticket is not accepted")
	}
	if s.Get([]byte("a"), 1000) != nil {
		t.Error("an expired item is returned")
	}
	s.Drop("a")
	if s.Get([]byte("a"), 0) != nil {
		t.Error("a dropped item is returned")
	}
}

func TestBoundIsNeverPassed(t *testing.T) {
	t.Parallel()
	for _, bound := range []int64{4 << 10, 1 << 20} {
		s := nearcache.NewStore[int](bound)
		most := int64(0)
		for i := range 50_000 {
			put(s, strconv.Itoa(i), i)
			if i%100 == 0 {
				_, bytes := s.Usage()
				most = max(most, bytes)
			}
		}
		items, bytes := s.Usage()
		if most > bound || bytes > bound || items < 10 || s.Evictions() < 40_000 {
			t.Errorf("bound %d: at most %d bytes, %d items, %d evictions", bound, most, items, s.Evictions())
		}
		s.DropAll()
		if items, bytes = s.Usage(); items != 0 || bytes != 0 {
			t.Errorf("after DropAll: %d items, %d bytes", items, bytes)
		}
	}
}

func TestAScanDoesNotEvictWhatIsRead(t *testing.T) {
	t.Parallel()
	s := nearcache.NewStore[int](4 << 20)
	hot := make([][]byte, 1000)
	for i := range hot {
		hot[i] = fmt.Appendf(nil, "hot:%d", i)
		put(s, string(hot[i]), i)
	}
	hits := 0
	for i := range 200_000 {
		put(s, "scan:"+strconv.Itoa(i), i)
		name := hot[i%len(hot)]
		if s.Get(name, 0) != nil {
			hits++
		} else {
			put(s, string(name), i)
		}
	}
	if hits < 190_000 {
		t.Errorf("%d of 200,000 reads of the working set were hits", hits)
	}
}

// What is only looked at goes as if nobody had; what is read stays.
func TestPeekIsNoRead(t *testing.T) {
	t.Parallel()
	survives := func(look func(s *nearcache.Store[int], name []byte)) bool {
		s := nearcache.NewStore[int](32 << 10) // one shard
		put(s, "a", 1)
		for i := range 1000 {
			look(s, []byte("a"))
			put(s, strconv.Itoa(i), i)
		}
		return s.Peek("a", 0) != nil
	}
	if !survives(func(s *nearcache.Store[int], name []byte) { s.Get(name, 0) }) {
		t.Error("what is read was evicted: the test proves nothing")
	}
	if survives(func(s *nearcache.Store[int], name []byte) { s.Peek(string(name), 0) }) {
		t.Error("what is only looked at was kept")
	}
	s := nearcache.NewStore[int](1 << 20)
	put(s, "a", 7)
	if it := s.Peek("a", 999); it == nil || it.Value != 7 || s.Peek("b", 0) != nil || s.Peek("a", 1000) != nil {
		t.Error("it sees something else than Get")
	}
}

// Every reader checks that no drop that was finished before its Get is undone.
func TestNothingComesBackAfterADrop(t *testing.T) {
	t.Parallel()
	s := nearcache.NewStore[int64](1 << 20)
	var source, floor atomic.Int64 // the present version, and the newest one whose drop is finished
	var stop atomic.Bool
	var readers, writer sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			name := []byte("k")
			for !stop.Load() {
				least := floor.Load()
				if it := s.Get(name, 0); it != nil {
					if it.Value < least {
						t.Errorf("version %d after the drop of %d", it.Value, least)
						return
					}
					continue
				}
				ticket := s.Ticket("k")
				s.Put(ticket, "k", source.Load(), 8, 1000)
			}
		})
	}
	writer.Go(func() {
		for range 50_000 {
			v := source.Add(1)
			s.Drop("k")
			floor.Store(v)
		}
	})
	writer.Wait()
	stop.Store(true)
	readers.Wait()
}

// Readers walk along the chains while they grow; what they find is always theirs.
func TestReadersDuringGrowthFindTheRightItem(t *testing.T) {
	t.Parallel()
	s := nearcache.NewStore[int](8 << 20)
	var stop atomic.Bool
	var hits atomic.Int64
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for i := 0; !stop.Load(); i = (i + 7) % 10_000 {
				if it := s.Get([]byte(strconv.Itoa(i)), 0); it != nil {
					hits.Add(1)
					if it.Value != i || it.Name() != strconv.Itoa(i) {
						t.Errorf("asked for %d, got %d (%s)", i, it.Value, it.Name())
						return
					}
				}
			}
		})
	}
	for range 5 {
		for i := range 10_000 {
			put(s, strconv.Itoa(i), i)
		}
		for i := range 5_000 {
			s.Drop(strconv.Itoa(i))
			if s.Get([]byte(strconv.Itoa(i)), 0) != nil {
				t.Fatal("dropped and still there")
			}
		}
		s.DropAll()
	}
	stop.Store(true)
	readers.Wait()
	if hits.Load() == 0 {
		t.Error("no hit: the test proves nothing")
	}
}

func BenchmarkGet(b *testing.B) {
	s := nearcache.NewStore[int](1 << 20)
	put(s, "cache:user:42", 1)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		name := []byte("cache:user:42")
		for pb.Next() {
			if s.Get(name, 0) == nil {
				b.Error("gone")
			}
		}
	})
}
