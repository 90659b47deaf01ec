package redisx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

var errGone = fmt.Errorf("read: %w", io.EOF)

func TestBreakerLetsPassUntilRedisIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := redisx.NewBreaker(func(context.Context) error { return nil }, redisx.BreakerOptions{})
		defer b.Close()
		b.Failure(nil)
		b.Failure(context.Canceled)
		b.Failure(errors.New("WRONGTYPE"))
		if !b.Allow() || b.Open() {
			t.Error("opened by errors that do not mean unavailable")
		}
		b.Failure(errGone)
		if b.Allow() || !b.Open() {
			t.Error("not opened by a lost connection")
		}
		b.Success()
		if !b.Allow() || b.Open() {
			t.Error("not closed by a success")
		}
	})
}

func TestBreakerProbesAtIntervalsAndCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var probes atomic.Int64
		var down atomic.Bool
		down.Store(true)
		b := redisx.NewBreaker(func(context.Context) error {
			probes.Add(1)
			if down.Load() {
				return errGone
			}
			return nil
		}, redisx.BreakerOptions{Interval: 500 * time.Millisecond})
		defer b.Close()
		b.Failure(errGone)
		callEvery10ms := func(total time.Duration) {
			for range total / (10 * time.Millisecond) {
				b.Allow()
				time.Sleep(10 * time.Millisecond)
			}
			synctest.Wait()
		}
		callEvery10ms(500 * time.Millisecond)
		if n := probes.Load(); n != 0 {
			t.Errorf("%d probes before the interval passed, want 0", n)
		}
		callEvery10ms(1500 * time.Millisecond)
		if n := probes.Load(); n != 3 {
			t.Errorf("%d probes in 1.5 s, want 3", n)
		}
		down.Store(false)
		callEvery10ms(500 * time.Millisecond)
		if !b.Allow() {
			t.Error("still open after a probe succeeded")
		}
	})
}

func TestBreakerRunsOneProbeAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		b := redisx.NewBreaker(func(ctx context.Context) error {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			<-ctx.Done()
			return ctx.Err()
		}, redisx.BreakerOptions{Interval: 10 * time.Millisecond, Timeout: time.Second})
		defer b.Close()
		b.Failure(errGone)
		for range 500 {
			time.Sleep(10 * time.Millisecond)
			b.Allow()
		}
		if most.Load() != 1 {
			t.Errorf("%d probes at once, want 1", most.Load())
		}
	})
}

func TestBreakerProbeIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		took := make(chan time.Duration, 1)
		b := redisx.NewBreaker(func(ctx context.Context) error {
			began := time.Now()
			<-ctx.Done()
			took <- time.Since(began)
			return ctx.Err()
		}, redisx.BreakerOptions{Timeout: 300 * time.Millisecond})
		defer b.Close()
		b.Failure(errGone)
		time.Sleep(500 * time.Millisecond)
		b.Allow()
		if d := <-took; d != 300*time.Millisecond {
			t.Errorf("the probe ended after %v, want 300ms", d)
		}
	})
}

func TestBreakerCloseEndsTheProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := redisx.NewBreaker(func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}, redisx.BreakerOptions{Timeout: time.Hour})
		b.Failure(errGone)
		time.Sleep(time.Second)
		b.Allow()
		began := time.Now()
		b.Close()
		b.Close()
		if d := time.Since(began); d != 0 {
			t.Errorf("Close took %v", d)
		}
		time.Sleep(time.Second)
		if b.Allow() {
			t.Error("closing the breaker let commands pass")
		}
	})
}

func TestBreakerTellsEachChangeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []string
		b := redisx.NewBreaker(func(context.Context) error { return nil }, redisx.BreakerOptions{
			OnChange: func(open bool, err error) { told = append(told, fmt.Sprint(open, " ", err)) },
		})
		defer b.Close()
		b.Success()
		b.Failure(errGone)
		b.Failure(errGone)
		b.Success()
		b.Success()
		want := []string{"true read: EOF", "false <nil>"}
		if !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

func BenchmarkBreakerAllow(b *testing.B) {
	br := redisx.NewBreaker(func(context.Context) error { return nil }, redisx.BreakerOptions{})
	defer br.Close()
	b.ReportAllocs()
	for b.Loop() {
		if !br.Allow() {
			b.Fatal("open")
		}
	}
}
