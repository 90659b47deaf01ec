package ratelimit_test

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/ratelimit"
)

func wideRules(n int) []ratelimit.Rule {
	rules := make([]ratelimit.Rule, n)
	for i := range rules {
		rules[i] = ratelimit.Rule{Name: "r" + strconv.Itoa(i), Limit: ratelimit.MaxLimit, Window: time.Hour}
	}
	return rules
}

func BenchmarkTake(b *testing.B) {
	for name, rules := range map[string][]ratelimit.Rule{
		"admitted": wideRules(1), "admitted-3-rules": wideRules(3), "denied": {rule("denied", 1)},
	} {
		b.Run(name, func(b *testing.B) {
			bed := newBed(b)
			bed.take(b, "s", rules...)
			b.ReportAllocs()
			for b.Loop() {
				bed.take(b, "s", rules...)
			}
		})
	}
}

// BenchmarkTakeParallel is 64 goroutines that share a connection, beside a bare INCR.
func BenchmarkTakeParallel(b *testing.B) {
	bed := newBed(b)
	var subjects atomic.Int64
	run := func(name string, f func(subject string)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(32) // × GOMAXPROCS
			b.RunParallel(func(pb *testing.PB) {
				subject := strconv.FormatInt(subjects.Add(1), 10)
				for pb.Next() {
					f(subject)
				}
			})
		})
	}
	one, three := wideRules(1), wideRules(3)
	run("INCR", func(s string) {
		if err := bed.client.Do(b.Context(), bed.client.B().Incr().Key(bed.prefix+s).Build()).Error(); err != nil {
			b.Error(err)
		}
	})
	run("Take", func(s string) { bed.take(b, s, one...) })
	run("Take-sliding", func(s string) { bed.take(b, s, with(one[0], ratelimit.SlidingWindow)) })
	run("Take-GCRA", func(s string) { bed.take(b, s, with(one[0], ratelimit.GCRA)) })
	run("Take-3-rules", func(s string) { bed.take(b, s, three...) })
}

func BenchmarkClientPrefix(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ratelimit.ClientPrefix("[2001:db8:1:2:3:4:5:6]:443")
	}
}
