package ratelimit_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// newMemory is a bed that remembers denials.
func newMemory(tb testing.TB, client rueidis.Client, prefix string) *bed {
	tb.Helper()
	return newBedOn(tb, client, ratelimit.Options{Prefix: prefix, RememberDenials: 1 << 10})
}

// remembered waits until denials are remembered: tracking begins with the first one.
func (b *bed) remembered(tb testing.TB, subject string, rules ...ratelimit.Rule) ratelimit.Result {
	tb.Helper()
	var res ratelimit.Result
	eventually(tb, func() bool {
		res = b.take(tb, subject, rules...)
		if res.Allowed {
			tb.Fatalf("%+v: want a denial", res)
		}
		return res.Remembered
	})
	return res
}

func TestRememberedDenialsSayWhatRedisWould(t *testing.T) {
	t.Parallel()
	forEach(t, 3, func(t *testing.T, plain *bed, r ratelimit.Rule) {
		t.Helper()
		b := newMemory(t, plain.client, plain.prefix)
		for range 3 {
			b.take(t, "s", r)
		}
		got := b.remembered(t, "s", r)
		want := plain.take(t, "s", r) // later: its times are shorter
		if got.RetryAfter < want.RetryAfter-time.Millisecond || got.RetryAfter > want.RetryAfter+slack {
			t.Errorf("retry after %v, Redis says %v", got.RetryAfter, want.RetryAfter)
		}
		if got.ResetAfter < want.ResetAfter-time.Millisecond || got.ResetAfter > want.ResetAfter+slack {
			t.Errorf("reset after %v, Redis says %v", got.ResetAfter, want.ResetAfter)
		}
		got.RetryAfter, got.ResetAfter, got.Remembered = want.RetryAfter, want.ResetAfter, false
		if got != want {
			t.Errorf("%+v, Redis says %+v", got, want)
		}
		eventually(t, func() bool { // it counts down
			again := b.take(t, "s", r)
			return again.Remembered && again.RetryAfter > 0 && again.RetryAfter < want.RetryAfter
		})
		if res := b.take(t, "other", r); !res.Allowed || res.Remembered {
			t.Errorf("another subject: %+v", res)
		}
		if res := b.peek(t, "s", r); res.Allowed || res.Remembered {
			t.Errorf("peek: %+v", res)
		}
		raised := r
		raised.Limit = 100
		if res := b.take(t, "s", raised); res.Remembered || !res.Allowed && r.Algorithm != ratelimit.GCRA {
			t.Errorf("with a raised limit: %+v", res)
		}
	})
}

// A remembered denial costs Redis nothing.
func TestRememberedDenialsDoNotAskRedis(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	client := &hooked{redistest.Shared(t).Client(t), func([]string) bool { sent.Add(1); return true }}
	b := newMemory(t, client, "")
	r := rule("r", 1)
	b.take(t, "s", r)
	b.remembered(t, "s", r)
	eventually(t, func() bool { // on a machine that stands still some must ask
		before, asked := sent.Load(), int64(0)
		for range 100 {
			if !b.take(t, "s", r).Remembered {
				asked++
			}
		}
		if n := sent.Load() - before; n != asked {
			t.Fatalf("%d commands for %d denials that were not remembered", n, asked)
		}
		return asked == 0
	})
}

func TestResetAndRefundOfAnyLimiterLiftDenials(t *testing.T) {
	t.Parallel()
	forEach(t, 1, func(t *testing.T, plain *bed, r ratelimit.Rule) {
		t.Helper()
		server := redistest.Shared(t)
		own, far := newMemory(t, server.Client(t), plain.prefix), newMemory(t, server.Client(t), plain.prefix)
		for name, lift := range map[string]func(ratelimit.Result){
			"reset":      func(ratelimit.Result) { _ = own.Reset(t.Context(), "s", r) },
			"far reset":  func(ratelimit.Result) { _ = far.Reset(t.Context(), "s", r) },
			"refund":     func(res ratelimit.Result) { own.refund(t, res) },
			"far refund": func(res ratelimit.Result) { far.refund(t, res) },
		} {
			_ = plain.Reset(t.Context(), "s", r)
			var taken ratelimit.Result
			eventually(t, func() bool { taken = own.take(t, "s", r); return taken.Allowed })
			own.remembered(t, "s", r)
			lift(taken)
			if name == "reset" || name == "refund" { // what this limiter lifted is so at once
				if r.Algorithm != ratelimit.GCRA || name == "reset" {
					if res := own.take(t, "s", r); !res.Allowed {
						t.Errorf("%s: %+v", name, res)
					}
				}
				continue
			}
			if r.Algorithm == ratelimit.GCRA && name == "far refund" {
				eventually(t, func() bool { return !own.take(t, "s", r).Remembered })
				continue
			}
			eventually(t, func() bool { return own.take(t, "s", r).Allowed })
		}
		plain.checkTTLs(t)
	})
}

func TestRememberedDenialsEnd(t *testing.T) {
	t.Parallel()
	for _, a := range algorithms {
		t.Run(a.String(), func(t *testing.T) {
			t.Parallel()
			b := newMemory(t, redistest.Shared(t).Client(t), "")
			r := ratelimit.Rule{Name: "r", Limit: 1, Window: 2 * time.Second, Algorithm: a}
			remembered := false
			for began := time.Now(); !remembered && time.Since(began) < patience; {
				b.take(t, "s", r)
				res := b.take(t, "s", r)
				if remembered = res.Remembered; !remembered {
					continue
				}
				waitUntil(t.Context(), time.Now().Add(res.RetryAfter))
				if again := b.take(t, "s", r); !again.Allowed {
					t.Fatalf("after %v: %+v", res.RetryAfter, again)
				}
			}
			if !remembered {
				t.Error("nothing was remembered")
			}
		})
	}
}

// A lower cost may be admitted where a higher one was denied.
func TestOnlyAtLeastTheCostThatWasDeniedIsDeniedFromMemory(t *testing.T) {
	t.Parallel()
	b := newMemory(t, redistest.Shared(t).Client(t), "")
	r := rule("r", 10)
	takeEach(t, b, 7, r)
	eventually(t, func() bool { return takeEach(t, b, 5, r).Remembered })
	if res := takeEach(t, b, 6, r); res.Allowed {
		t.Errorf("6: %+v", res)
	}
	if res := takeEach(t, b, 4, r); res.Allowed || res.Remembered {
		t.Errorf("4: %+v", res)
	}
	if res := takeEach(t, b, 3, r); !res.Allowed {
		t.Errorf("3: %+v", res)
	}
}

func TestALostConnectionAndAFlushForgetDenials(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newMemory(t, server.Client(t), "rate:")
	r := rule("r", 1)
	b.take(t, "s", r)
	b.remembered(t, "s", r)
	server.Flush(t)
	eventually(t, func() bool { return b.take(t, "s", r).Allowed })
	b.remembered(t, "s", r)
	server.Kill(t)
	eventually(t, func() bool { res := b.take(t, "s", r); return !res.Remembered && res.Degraded })
	server.Restart(t)
	eventually(t, func() bool { return !b.take(t, "fresh", rule("wide", 1000)).Degraded })
}

func TestDenialsAreBounded(t *testing.T) {
	t.Parallel()
	b := newBedOn(t, redistest.Shared(t).Client(t), ratelimit.Options{RememberDenials: 128})
	r := rule("r", 1)
	b.take(t, "s", r)
	b.remembered(t, "s", r)
	for i := range 1000 {
		subject := string(rune('a'+i%26)) + time.Duration(i).String()
		b.take(t, subject, r)
		b.take(t, subject, r)
	}
	if n := b.Stats().Remembered; n == 0 || n > 128 {
		t.Errorf("%d denials are remembered, want at most 128", n)
	}
}

func TestCancelledCallersGetNoDenialFromMemory(t *testing.T) {
	t.Parallel()
	b := newMemory(t, redistest.Shared(t).Client(t), "")
	r := rule("r", 1)
	b.take(t, "s", r)
	b.remembered(t, "s", r)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Take(ctx, "s", r); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

func BenchmarkRememberedDenial(b *testing.B) {
	bed := newMemory(b, redistest.Shared(b).Client(b), "")
	rules := []ratelimit.Rule{rule("r", 1)}
	bed.take(b, "192.0.2.1", rules...)
	bed.remembered(b, "192.0.2.1", rules...)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bed.Take(ctx, "192.0.2.1", rules...); err != nil {
			b.Fatal(err)
		}
	}
}
