package outbox_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/speedlayer/speedlayer/outbox"
)

// run runs the relay until the test's end.
func run(t *testing.T, relay *outbox.Relay) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := relay.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
}

func TestEveryRowIsDeliveredInSpiteOfASinkThatFailsAtRandom(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		count := rapid.Int64Range(1, 300).Draw(rt, "rows")
		batch := rapid.IntRange(1, 50).Draw(rt, "batch")
		seed := rapid.Uint64().Draw(rt, "seed")
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			source := newMemorySource()
			want := make([]int64, count)
			for i := range count {
				want[i] = i + 1
			}
			source.add(want...)
			relay := outbox.NewRelay(source, sinkFunc(func(_ context.Context, rows []outbox.Row) []error {
				results := make([]error, len(rows))
				for i := range rows {
					if random.IntN(3) == 0 {
						results[i] = errors.New("redis is away")
					}
				}
				return results
			}), outbox.Options{BatchSize: batch})
			ctx, stop := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { _ = relay.Run(ctx) })
			for len(source.deliveredIDs()) < len(want) {
				time.Sleep(100 * time.Millisecond)
			}
			stop()
			running.Wait()
			if got := source.deliveredIDs(); !slices.Equal(got, want) {
				t.Errorf("delivered %v, want each of 1 to %d once", got, count)
			}
		})
	})
}

func TestRowsThatTheSinkDidNotConfirmWaitAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource(1, 2, 3)
		var back atomic.Bool
		var reported atomic.Int64
		relay := outbox.NewRelay(source, sinkFunc(func(_ context.Context, rows []outbox.Row) []error {
			results := make([]error, len(rows))
			for i, row := range rows {
				if !back.Load() && row.ID == 2 {
					results[i] = errors.New("redis is away")
				}
			}
			return results
		}), outbox.Options{OnError: func(error) { reported.Add(1) }})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = relay.Run(ctx) })

		time.Sleep(500 * time.Millisecond)
		if got := source.deliveredIDs(); !slices.Equal(got, []int64{1, 3}) {
			t.Errorf("delivered %v while row 2 cannot be, want 1 and 3", got)
		}
		if reported.Load() == 0 {
			t.Error("nobody was told that row 2 is stuck")
		}
		back.Store(true)
		time.Sleep(2 * time.Second)
		if got := source.deliveredIDs(); !slices.Equal(got, []int64{1, 2, 3}) {
			t.Errorf("delivered %v after the sink came back, want 1, 2 and 3", got)
		}
		stop()
		running.Wait()
	})
}

func TestASinkThatLosesCountMarksNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource(1, 2)
		relay := outbox.NewRelay(source, sinkFunc(func(context.Context, []outbox.Row) []error { return nil }), outbox.Options{})
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
		defer stop()
		if err := relay.Run(ctx); err != nil {
			t.Fatalf("Run: %v", err)
		}
		if got := source.deliveredIDs(); len(got) != 0 {
			t.Errorf("rows %v are marked as delivered, but the sink confirmed none", got)
		}
	})
}

func TestAStalledSinkIsCutOffByTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource(1)
		var held time.Duration
		relay := outbox.NewRelay(source, sinkFunc(func(ctx context.Context, rows []outbox.Row) []error {
			start := time.Now()
			<-ctx.Done()
			held = time.Since(start)
			return []error{ctx.Err()}
		}), outbox.Options{Deadline: time.Second})
		ctx, stop := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer stop()
		_ = relay.Run(ctx)
		if held == 0 || held > time.Second {
			t.Errorf("the claim was held for %v, want at most 1 s", held)
		}
	})
}

func TestAnIdleRelayLooksOnceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource()
		relay := outbox.NewRelay(source, sinkFunc(confirmAll), outbox.Options{})
		run(t, relay)
		time.Sleep(time.Second)
		before := source.looks()
		time.Sleep(10 * time.Second)
		if n := source.looks() - before; n != 10 {
			t.Errorf("an idle relay looked %d times in 10 s, want 10", n)
		}
	})
}

func TestASleepingRelayIsWokenByTheSourceAndByWake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource()
		relay := outbox.NewRelay(source, sinkFunc(confirmAll), outbox.Options{})
		run(t, relay)
		time.Sleep(1500 * time.Millisecond)
		source.add(7)
		synctest.Wait()
		if got := source.deliveredIDs(); !slices.Equal(got, []int64{7}) {
			t.Errorf("delivered %v right after the notification, want row 7", got)
		}
		time.Sleep(1500 * time.Millisecond)
		source.mu.Lock()
		source.asleep = false // nobody notifies
		source.mu.Unlock()
		source.add(8)
		relay.Wake()
		synctest.Wait()
		if got := source.deliveredIDs(); !slices.Equal(got, []int64{7, 8}) {
			t.Errorf("delivered %v right after Wake, want row 8 too", got)
		}
	})
}

func TestABusyRelayIsNeverAsleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource()
		relay := outbox.NewRelay(source, sinkFunc(confirmAll), outbox.Options{})
		run(t, relay)
		time.Sleep(time.Second)
		for id := range int64(500) {
			source.add(id)
			time.Sleep(20 * time.Millisecond)
		}
		source.mu.Lock()
		defer source.mu.Unlock()
		if source.notified != 1 {
			t.Errorf("%d writers of one row each 20 ms had to notify, want only the first", source.notified)
		}
		if len(source.delivered) != 500 {
			t.Errorf("%d rows were delivered, want 500", len(source.delivered))
		}
	})
}

func TestAWriterThatStraddlesTheFallingAsleepWaitsForTheFirstShortSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource(1)
		relay := outbox.NewRelay(source, sinkFunc(confirmAll), outbox.Options{})
		run(t, relay)
		for source.mu.Lock(); !source.asleep; source.mu.Lock() {
			source.mu.Unlock()
			time.Sleep(time.Millisecond)
		}
		source.asleep = false // as the writer saw it before
		source.mu.Unlock()
		source.add(2)
		time.Sleep(50 * time.Millisecond)
		synctest.Wait()
		if got := source.deliveredIDs(); !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("delivered %v 50 ms after the commit, want row 2 too", got)
		}
	})
}

func TestAFailingSourceIsTriedAgainWithGrowingPausesThatWakeDoesNotShorten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource()
		source.fail = errors.New("database is away")
		relay := outbox.NewRelay(source, sinkFunc(confirmAll), outbox.Options{MaxBackoff: time.Second})
		run(t, relay)
		for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(time.Millisecond) {
			relay.Wake()
		}
		// 2+4+8+…+512 ms is 9 pauses in a second, then one each second.
		if n := source.looks(); n < 10 || n > 25 {
			t.Errorf("a dead database was asked %d times in 10 s, want about 19", n)
		}
	})
}

func TestOneBadRowDoesNotSlowTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource()
		for id := range int64(1000) {
			source.add(id)
		}
		relay := outbox.NewRelay(source, sinkFunc(func(_ context.Context, rows []outbox.Row) []error {
			results := make([]error, len(rows))
			for i, row := range rows {
				if row.ID == 0 {
					results[i] = errors.New("no such queue")
				}
			}
			return results
		}), outbox.Options{BatchSize: 10})
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		_ = relay.Run(ctx)
		if n := len(source.deliveredIDs()); n != 999 {
			t.Errorf("%d rows were delivered in a second, want the 999 good ones", n)
		}
	})
}
