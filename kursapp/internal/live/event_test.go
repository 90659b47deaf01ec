package live

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/queue"
)

var localHit = cache.Event{Kind: cache.EventHit, Key: "cache:user:1", Source: cache.SourceLocal}

func TestWhatHappenedBeforeIsInTheHelloAndNotSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := watch(t, Sources{})
		early, _ := subscribe(t, m)
		m.CacheEvent(cache.Event{Kind: cache.EventMiss, Key: "cache:user:1", Reason: cache.ReasonMiss, Duration: 1500 * time.Microsecond})
		m.CacheEvent(cache.Event{Kind: cache.EventLoad, Key: "cache:user:1", Duration: time.Millisecond, Err: errors.New("no rows")})
		late, hello := subscribe(t, m) // before the batch was due
		m.TaskEvent(queue.Event{Kind: queue.EventHandedBack, Queue: "email_queue", TaskID: "7"})

		want := []LogEvent{
			{Seq: 1, Kind: "miss", Key: "cache:user:1", Why: "miss", Took: 1500},
			{Seq: 2, Kind: "load", Key: "cache:user:1", Tier: "database", Took: 1000, Err: "no rows"},
			{Seq: 3, Kind: "task_handed_back", Key: "email_queue/7"},
		}
		same := func(who string, got, want []LogEvent) {
			t.Helper()
			if len(got) != len(want) {
				t.Fatalf("%s got %+v", who, got)
			}
			for i := range got {
				if got[i].T = 0; got[i] != want[i] {
					t.Errorf("%s got %+v, want %+v", who, got[i], want[i])
				}
			}
		}
		same("the hello", hello.Events, want[:2])
		same("who came late", next[Batch](t, late, "events").Events, want[2:])
		batches := append(next[Batch](t, early, "events").Events, next[Batch](t, early, "events").Events...)
		same("who was there", batches, want)
	})
}

func TestAFloodIsBoundedAndHidesNothingRare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := watch(t, Sources{})
		s, _ := subscribe(t, m)
		next[Sample](t, s, "sample") // from here on there is a whole second
		for range 10_000 {
			m.CacheEvent(localHit)
		}
		m.CacheEvent(cache.Event{Kind: cache.EventInvalidated, Key: "cache:user:1"})
		got := next[Batch](t, s, "events")
		if n := len(got.Events); n != frequentPerSecond+1 || got.Events[n-1].Kind != "invalidate" {
			t.Errorf("%d events, the last is %+v", n, got.Events[n-1])
		}
		if got.LeftOut != 10_000-frequentPerSecond {
			t.Errorf("%d were left out", got.LeftOut)
		}
		for range 1000 {
			m.CacheEvent(cache.Event{Kind: cache.EventInvalidated, Key: "cache:user:1"})
		}
		if got := next[Batch](t, s, "events"); len(got.Events) != rarePerSecond-1 || got.LeftOut != 1000-rarePerSecond+1 {
			t.Errorf("%d rare events, %d left out", len(got.Events), got.LeftOut)
		}
		next[Sample](t, s, "sample")
		m.CacheEvent(localHit)
		if got := next[Batch](t, s, "events"); len(got.Events) != 1 || got.LeftOut != 0 {
			t.Errorf("in the next second %+v", got)
		}
	})
}

func TestWhatNobodyWatchesIsKeptForWhoComesLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := watch(t, Sources{})
		for range 3 * keptEvents {
			m.CacheEvent(localHit)
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		_, hello := subscribe(t, m)
		if n := len(hello.Events); n != keptEvents || hello.Events[n-1].Seq != 3*keptEvents || hello.Events[0].Seq != 2*keptEvents+1 {
			t.Errorf("%d events, from %d", n, hello.Events[0].Seq)
		}
	})
}

func TestEveryKindHasAName(t *testing.T) {
	t.Parallel()
	documented := documented(t, "Kind")
	m := New(Info{})
	for kind := cache.EventHit; kind.String() != "unknown"; kind++ {
		m.CacheEvent(cache.Event{Kind: kind})
		if e := m.events.recent; !slices.Contains(documented, e[len(e)-1].Kind) || int(e[len(e)-1].Seq) != int(kind) {
			t.Errorf("%v is %+v", kind, e[len(e)-1])
		}
	}
	m = New(Info{})
	for kind := queue.EventDone; kind.String() != "unknown"; kind++ {
		m.TaskEvent(queue.Event{Kind: kind})
		if e := m.events.recent; !slices.Contains(documented, e[len(e)-1].Kind) || int(e[len(e)-1].Seq) != int(kind) {
			t.Errorf("%v is %+v", kind, e[len(e)-1])
		}
	}
}

func TestEveryReasonOfAMissIsDocumented(t *testing.T) {
	t.Parallel()
	documented := documented(t, "Why")
	m := New(Info{})
	n := 0
	for why := cache.ReasonMiss; why.String() != "none"; why++ {
		m.CacheEvent(cache.Event{Kind: cache.EventMiss, Reason: why})
		if e := m.events.recent; !slices.Contains(documented, e[len(e)-1].Why) {
			t.Errorf("%v is %+v", why, e[len(e)-1])
		}
		n++
	}
	if n+1 != len(documented) || !slices.Contains(documented, "") {
		t.Errorf("%d reasons and none, and documented are %q", n, documented)
	}
}

// documented returns what the document says that a field of LogEvent may be.
func documented(t *testing.T, field string) []string {
	t.Helper()
	f, ok := reflect.TypeFor[LogEvent]().FieldByName(field)
	if !ok {
		t.Fatalf("LogEvent has no %s", field)
	}
	return strings.Split(f.Tag.Get("enum"), ",")
}

func TestALongErrorIsCutToValidText(t *testing.T) {
	t.Parallel()
	got := short(errors.New(strings.Repeat("ä", 300) + "x"))
	if want := strings.Repeat("ä", 100) + " …"; got != want {
		t.Errorf("%q", got)
	}
	if got := short(errors.New("a" + strings.Repeat("ä", 300))); got != "a"+strings.Repeat("ä", 99)+" …" {
		t.Errorf("%q", got)
	}
}

func TestANilMonitorTakesEvents(t *testing.T) {
	t.Parallel()
	var m *Monitor
	m.CacheEvent(localHit)
	m.TaskEvent(queue.Event{Kind: queue.EventDone})
}

// TestRecordingAllocatesNothing: neither what is kept nor what is left out.
func TestRecordingAllocatesNothing(t *testing.T) {
	m := New(Info{})
	s, err := m.Subscribe()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m.events.frequent.renew(1 << 30)
	m.events.pending = make([]LogEvent, 0, 4096)
	for range keptEvents {
		m.CacheEvent(localHit)
	}
	if n := testing.AllocsPerRun(1000, func() { m.CacheEvent(localHit) }); n != 0 {
		t.Errorf("an event that is kept takes %v allocations", n)
	}
	m.events.frequent.spent.Store(true)
	if n := testing.AllocsPerRun(1000, func() { m.CacheEvent(localHit) }); n != 0 {
		t.Errorf("an event that is left out takes %v allocations", n)
	}
	if n := testing.AllocsPerRun(1000, func() { m.Request(AnsweredLocal, time.Microsecond, false) }); n != 0 {
		t.Errorf("a request takes %v allocations", n)
	}
}

// BenchmarkCacheEvent is what an event costs the goroutine that does the read, in a flood
// as a load test makes it.
func BenchmarkCacheEvent(b *testing.B) {
	for _, bench := range []struct {
		name    string
		watched bool
	}{{"unwatched", false}, {"watched", true}} {
		b.Run(bench.name, func(b *testing.B) {
			m := New(Info{})
			m.events.watched.Store(bench.watched)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					m.CacheEvent(localHit)
				}
			})
		})
	}
}

// BenchmarkRequest is what a request costs, without the look at the clock.
func BenchmarkRequest(b *testing.B) {
	m := New(Info{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Request(AnsweredLocal, 3*time.Microsecond, false)
		}
	})
}

// BenchmarkSample is what each second costs.
func BenchmarkSample(b *testing.B) {
	m := New(Info{})
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		_ = encode(m.sample(now))
	}
}
