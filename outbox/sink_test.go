package outbox_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/outbox"
)

func TestASinkThatPanicsDoesNotEndTheRelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource(1)
		var calls atomic.Int64
		relay := outbox.NewRelay(source, sinkFunc(func(_ context.Context, rows []outbox.Row) []error {
			if calls.Add(1) < 3 {
				panic("boom")
			}
			return make([]error, len(rows))
		}), outbox.Options{})
		run(t, relay)
		time.Sleep(time.Second)
		if got := source.deliveredIDs(); !slices.Equal(got, []int64{1}) {
			t.Errorf("delivered %v, want row 1 with the third call", got)
		}
	})
}

func TestASinkThatIgnoresItsContextHoldsTheClaimNoLongerThanTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource(1)
		release := make(chan struct{})
		defer close(release)
		var calls atomic.Int64
		relay := outbox.NewRelay(source, sinkFunc(func(_ context.Context, rows []outbox.Row) []error {
			if calls.Add(1) == 1 {
				<-release
			}
			return make([]error, len(rows))
		}), outbox.Options{})
		run(t, relay)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := source.deliveredIDs(); !slices.Equal(got, []int64{1}) {
			t.Errorf("delivered %v a second after the first call hung, want row 1 with the second", got)
		}
	})
}

func TestASinkThatAlwaysHangsIsNotCalledWithoutEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource(1)
		release := make(chan struct{})
		defer close(release)
		var calls atomic.Int64
		relay := outbox.NewRelay(source, sinkFunc(func(context.Context, []outbox.Row) []error {
			calls.Add(1)
			<-release
			return nil
		}), outbox.Options{})
		run(t, relay)
		time.Sleep(time.Minute)
		if n := calls.Load(); n < 2 || n > 8 {
			t.Errorf("%d calls hang after a minute, want at most 8", n)
		}
	})
}

// amnesiac is a sink in front of a Redis whose identity the test sets.
type amnesiac struct {
	mu       sync.Mutex
	identity string
	err      error
	rows     []int64
}

func (s *amnesiac) set(identity string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identity, s.err, s.rows = identity, err, nil
}

func (s *amnesiac) has() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := slices.Clone(s.rows)
	slices.Sort(rows)
	return rows
}

func (s *amnesiac) Deliver(_ context.Context, rows []outbox.Row) []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range rows {
		s.rows = append(s.rows, row.ID)
	}
	return make([]error, len(rows))
}

func (s *amnesiac) Identity(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identity, s.err
}

func TestALossOfDataIsRepeatedWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, sink := newMemorySource(1, 2, 3), &amnesiac{identity: "a"}
		var mu sync.Mutex
		var latencies []time.Duration
		relay := outbox.NewRelay(source, sink, outbox.Options{OnDelivered: func(_ outbox.Row, d time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			latencies = append(latencies, d)
		}})
		run(t, relay)
		time.Sleep(3 * time.Second)
		sink.set("b", nil)
		time.Sleep(time.Second)
		if got := sink.has(); !slices.Equal(got, []int64{1, 2, 3}) {
			t.Errorf("a second after the loss Redis knows of %v, want all three", got)
		}
		if n := relay.Stats().Repeated; n != 3 {
			t.Errorf("%d rows were repeated, want 3", n)
		}
		mu.Lock()
		defer mu.Unlock()
		if slices.Max(latencies) > time.Second {
			t.Errorf("latencies %v count the age of repeated rows", latencies)
		}
	})
}

func TestALossThatAnotherRelaySawFirstIsStillRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, sink := newMemorySource(), &amnesiac{identity: "old"}
		relay := outbox.NewRelay(source, sink, outbox.Options{})
		run(t, relay)
		time.Sleep(time.Second)
		if _, err := source.Repeat(t.Context(), "new"); err != nil { // the other relay
			t.Fatal(err)
		}
		source.add(1) // goes to the old master, which is lost
		time.Sleep(100 * time.Millisecond)
		if got := sink.has(); !slices.Equal(got, []int64{1}) {
			t.Fatalf("the old master knows of %v, want row 1", got)
		}
		sink.set("new", nil)
		time.Sleep(time.Second)
		if got := sink.has(); !slices.Equal(got, []int64{1}) {
			t.Errorf("the new master knows of %v, want row 1: the loss was overlooked", got)
		}
	})
}

func TestRelaysThatSeeDifferentNodesDoNotRepeatForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource()
		run(t, outbox.NewRelay(source, &amnesiac{identity: "a b"}, outbox.Options{}))
		run(t, outbox.NewRelay(source, &amnesiac{identity: "a"}, outbox.Options{}))
		time.Sleep(time.Minute)
		source.mu.Lock()
		defer source.mu.Unlock()
		if len(source.told) != 2 {
			t.Errorf("identities %q were compared in a minute, want one for each relay", source.told)
		}
	})
}

func TestAnIdentityThatCannotBeAskedForIsReportedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var reported atomic.Int64
		relay := outbox.NewRelay(newMemorySource(), &amnesiac{err: errors.New("redis is away")},
			outbox.Options{OnError: func(error) { reported.Add(1) }})
		run(t, relay)
		time.Sleep(time.Minute)
		if n := reported.Load(); n != 1 {
			t.Errorf("reported %d times, want once", n)
		}
	})
}

func TestDeliveredRowsAreSweptWhileThereAreAny(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newMemorySource()
		for id := range int64(500) {
			source.add(id)
		}
		run(t, outbox.NewRelay(source, sinkFunc(confirmAll), outbox.Options{}))
		time.Sleep(11 * time.Second)
		source.mu.Lock()
		defer source.mu.Unlock()
		if len(source.kept) != 0 {
			t.Errorf("%d of 500 rows are still kept", len(source.kept))
		}
	})
}
