package ratelimit_test

import (
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// Nobody is told of a counter that goes by hand, so a denial must not be believed for
// long.
func TestACounterThatIsDeletedByHandAdmitsSoon(t *testing.T) {
	t.Parallel()
	forEach(t, 1, func(t *testing.T, plain *bed, r ratelimit.Rule) {
		t.Helper()
		b := newMemory(t, plain.client, plain.prefix)
		b.take(t, "s", r)
		b.remembered(t, "s", r)
		b.do(t, "DEL", b.key("s", r))
		began := time.Now()
		for !b.take(t, "s", r).Allowed {
			if time.Since(began) > patience {
				t.Fatal("it is denied for ever")
			}
		}
		if took := time.Since(began); took > time.Second+slack {
			t.Errorf("it took %v", took)
		}
		if res := b.take(t, "s", r); res.Allowed || res.Remembered {
			t.Errorf("after the admission: %+v, want a denial of Redis", res)
		}
	})
}

// scripts is how many scripts the server ran.
func scripts(tb testing.TB, server *redistest.Server) int {
	tb.Helper()
	n := 0
	for _, calls := range regexp.MustCompile(`cmdstat_eval(?:sha)?:calls=(\d+)`).FindAllStringSubmatch(server.CLI(tb, "INFO", "commandstats"), -1) {
		part, err := strconv.Atoi(calls[1])
		if err != nil {
			tb.Fatal(err)
		}
		n += part
	}
	return n
}

// Whoever hammers costs Redis two scripts a second. On a machine that stands still it may
// be more, so of some seconds one must be so.
func TestHammeringReachesRedisAFewTimesASecond(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newMemory(t, server.Client(t), "rate:")
	r := rule("r", 1)
	b.take(t, "s", r)
	b.remembered(t, "s", r)
	var seen []string
	eventually(t, func() bool {
		var denials, asked atomic.Int64
		before, end := scripts(t, server), time.Now().Add(time.Second)
		together(8, func(int) {
			for time.Now().Before(end) {
				res, err := b.Take(t.Context(), "s", r)
				if err != nil || res.Allowed {
					t.Errorf("%+v, %v", res, err)
					return
				}
				denials.Add(1)
				if !res.Remembered {
					asked.Add(1)
				}
			}
		})
		ran := scripts(t, server) - before
		seen = append(seen, fmt.Sprintf("%d of %d denials asked Redis, in %d scripts", asked.Load(), denials.Load(), ran))
		return t.Failed() || denials.Load() >= 1000 && asked.Load() >= 1 && asked.Load() <= 4 && ran <= 5 // and a sign of life
	})
	t.Log(seen)
}

// When a denial has to be confirmed one request asks. The others go on from memory while
// Redis has not answered, but not for long.
func TestOneRequestConfirmsADenialForAll(t *testing.T) {
	t.Parallel()
	var hold atomic.Bool
	asking, answer := make(chan struct{}, 100), make(chan struct{})
	client := &hooked{redistest.Shared(t).Client(t), func([]string) bool {
		if hold.Load() {
			asking <- struct{}{}
			<-answer
		}
		return true
	}}
	b := newMemory(t, client, "")
	r := rule("r", 1)
	b.take(t, "s", r)
	eventually(t, func() bool { // a stalled test is late for the time between
		b.remembered(t, "s", r)
		hold.Store(true)
		var callers sync.WaitGroup
		taken := make(chan ratelimit.Result, 1)
		take := func() {
			callers.Go(func() {
				res, err := b.Take(t.Context(), "s", r)
				if err != nil || res.Allowed {
					t.Errorf("%+v, %v", res, err)
				}
				taken <- res
			})
		}
		fromMemory := false
		began := time.Now()
		for asked := 0; asked < 2; { // the second one when the time is over
			if time.Since(began) > patience {
				t.Fatal("nobody asks")
			}
			take()
			select {
			case res := <-taken:
				fromMemory = fromMemory || asked == 1 && res.Remembered
			case <-asking:
				asked++
			}
		}
		hold.Store(false)
		for range 2 {
			answer <- struct{}{}
			<-taken
		}
		callers.Wait()
		return t.Failed() || fromMemory
	})
}

func TestACostlierRequestIsDeniedFromMemoryToo(t *testing.T) {
	t.Parallel()
	b := newMemory(t, redistest.Shared(t).Client(t), "")
	r := rule("r", 10)
	takeEach(t, b, 7, r)
	eventually(t, func() bool { return takeEach(t, b, 4, r).Remembered })
	// The denial of 4 runs out; from then on the one of 6 is known.
	asked := 0
	eventually(t, func() bool {
		if !takeEach(t, b, 6, r).Remembered {
			asked++
		}
		return asked >= 3 && takeEach(t, b, 6, r).Remembered
	})
}

func TestARememberedDenialAllocatesNothing(t *testing.T) { // not parallel: it counts allocations
	b := newMemory(t, redistest.Shared(t).Client(t), "")
	rules := []ratelimit.Rule{rule("r", 1)}
	b.take(t, "s", rules...)
	ctx := t.Context()
	eventually(t, func() bool { // a run in which Redis was asked says nothing
		b.remembered(t, "s", rules...)
		remembered := true
		allocs := testing.AllocsPerRun(1000, func() {
			res, err := b.Take(ctx, "s", rules...)
			remembered = remembered && err == nil && res.Remembered
		})
		if remembered && allocs != 0 {
			t.Errorf("%v allocations", allocs)
		}
		return remembered
	})
}
