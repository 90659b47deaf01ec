package outbox_test

import (
	"context"
	"errors"
	"fmt"
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

// memorySource is a table in memory: rows wait, are claimed, are delivered.
type memorySource struct {
	mu        sync.Mutex
	waiting   []outbox.Row
	delivered []int64
	takes     int
	fail      error
}

func (s *memorySource) add(ids ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.waiting = append(s.waiting, outbox.Row{ID: id, Kind: outbox.KindInvalidate, Target: "cache:user", Key: fmt.Sprint(id)})
	}
}

func (s *memorySource) Take(ctx context.Context, limit int, deliver func(context.Context, []outbox.Row) []error) (int, int, error) {
	s.mu.Lock()
	s.takes++
	if s.fail != nil {
		defer s.mu.Unlock()
		return 0, 0, s.fail
	}
	n := min(limit, len(s.waiting))
	claimed := slices.Clone(s.waiting[:n])
	s.waiting = slices.Delete(s.waiting, 0, n)
	s.mu.Unlock()
	if n == 0 {
		return 0, 0, nil
	}
	results := deliver(ctx, claimed)
	s.mu.Lock()
	defer s.mu.Unlock()
	done := 0
	for i, row := range claimed {
		if results[i] == nil {
			s.delivered = append(s.delivered, row.ID)
			done++
		} else {
			s.waiting = append(s.waiting, row)
		}
	}
	return n, done, nil
}

func (s *memorySource) deliveredIDs() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := slices.Clone(s.delivered)
	slices.Sort(ids)
	return ids
}

type sinkFunc func(context.Context, []outbox.Row) []error

func (f sinkFunc) Deliver(ctx context.Context, rows []outbox.Row) []error { return f(ctx, rows) }

func confirmAll(_ context.Context, rows []outbox.Row) []error { return make([]error, len(rows)) }

func TestEveryRowIsDeliveredInSpiteOfASinkThatFailsAtRandom(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		count := rapid.Int64Range(1, 300).Draw(rt, "rows")
		batch := rapid.IntRange(1, 50).Draw(rt, "batch")
		seed := rapid.Uint64().Draw(rt, "seed")
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			source := &memorySource{}
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
		source := &memorySource{}
		source.add(1, 2, 3)
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
		source := &memorySource{}
		source.add(1, 2)
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
		source := &memorySource{}
		source.add(1)
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

func TestWakeDeliversAtOnceAndIdlePollsOnceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &memorySource{}
		relay := outbox.NewRelay(source, sinkFunc(confirmAll), outbox.Options{})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = relay.Run(ctx) })
		time.Sleep(10*time.Second + 500*time.Millisecond)
		source.mu.Lock()
		takes := source.takes
		source.mu.Unlock()
		if takes != 11 {
			t.Errorf("an idle relay looked %d times in 10.5 s, want 11", takes)
		}
		source.add(7)
		relay.Wake()
		synctest.Wait()
		if got := source.deliveredIDs(); !slices.Equal(got, []int64{7}) {
			t.Errorf("delivered %v right after Wake, want row 7", got)
		}
		stop()
		running.Wait()
	})
}

func TestAFailingSourceIsTriedAgainWithGrowingPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &memorySource{fail: errors.New("database is away")}
		relay := outbox.NewRelay(source, sinkFunc(confirmAll), outbox.Options{})
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		_ = relay.Run(ctx)
		// 2+4+8+…+512 ms is 9 pauses in a second, then one each second.
		if source.takes < 10 || source.takes > 25 {
			t.Errorf("a dead database was asked %d times in 10 s, want about 19", source.takes)
		}
	})
}

func TestWakeDoesNotShortenTheBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &memorySource{fail: errors.New("database is away")}
		relay := outbox.NewRelay(source, sinkFunc(confirmAll), outbox.Options{})
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		var running sync.WaitGroup
		running.Go(func() { _ = relay.Run(ctx) })
		for ctx.Err() == nil {
			relay.Wake()
			time.Sleep(time.Millisecond)
		}
		running.Wait()
		if source.takes > 25 {
			t.Errorf("a dead database was asked %d times in 10 s because rows kept coming, want about 19", source.takes)
		}
	})
}

func TestOneBadRowDoesNotSlowTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &memorySource{}
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
