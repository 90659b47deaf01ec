package ratelimit_test

import (
	"fmt"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

func checkRules(t *testing.T, b *bed, want map[string]ratelimit.RuleStats) {
	t.Helper()
	if got := b.Stats().Rules; !maps.Equal(got, want) {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

func TestDecisionsAreCountedByRule(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), ratelimit.Options{ProbeInterval: time.Hour})
	local, open, closed := rule("local", 3), rule("open", 9), rule("closed", 9)
	open.WithoutRedis, closed.WithoutRedis = ratelimit.FailOpen, ratelimit.FailClosed
	checkRules(t, b, map[string]ratelimit.RuleStats{})
	for range 3 {
		b.take(t, "s", local, open)
	}
	b.take(t, "s", local, open) // local refuses
	b.take(t, "s", closed)
	b.peek(t, "s", closed)
	want := map[string]ratelimit.RuleStats{
		"local": {Admitted: 3, Denied: 1}, "open": {Admitted: 3}, "closed": {Admitted: 1},
	}
	checkRules(t, b, want)
	if b.Stats().BreakerOpen {
		t.Error("the breaker is open")
	}

	server.Kill(t)
	for range 4 { // three are admitted
		b.take(t, "s", local)
	}
	b.take(t, "s", open)
	b.take(t, "s", open)
	_, _ = b.Take(t.Context(), "s", local, closed)
	want["local"] = ratelimit.RuleStats{Admitted: 3, Denied: 1, AdmittedWithoutRedis: 3, DeniedWithoutRedis: 1}
	want["open"] = ratelimit.RuleStats{Admitted: 3, AdmittedWithoutRedis: 2}
	want["closed"] = ratelimit.RuleStats{Admitted: 1, DeniedWithoutRedis: 1}
	checkRules(t, b, want)
	if !b.Stats().BreakerOpen {
		t.Error("the breaker is closed")
	}
}

func TestDenialsFromMemoryAreCountedApart(t *testing.T) {
	t.Parallel()
	b := newMemory(t, redistest.Shared(t).Client(t), "")
	r := rule("r", 1)
	b.take(t, "s", r)
	var want ratelimit.RuleStats
	want.Admitted = 1
	eventually(t, func() bool {
		for range 100 {
			if b.take(t, "s", r).Remembered {
				want.DeniedFromMemory++
			} else {
				want.Denied++
			}
		}
		return want.DeniedFromMemory >= 100
	})
	checkRules(t, b, map[string]ratelimit.RuleStats{"r": want})
	if n := b.Stats().Remembered; n != 1 {
		t.Errorf("%d denials are in memory, want 1", n)
	}
}

// No decision is lost where many are made at once, of rules that are new.
func TestDecisionsAreCountedConcurrently(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	var failed atomic.Int64
	together(16, func(i int) {
		for j := range 50 {
			if _, err := b.Take(t.Context(), fmt.Sprint(i), rule(fmt.Sprint("r", j), 1000)); err != nil {
				failed.Add(1)
			}
		}
	})
	if failed.Load() != 0 {
		t.Fatal("charges failed")
	}
	want := map[string]ratelimit.RuleStats{}
	for j := range 50 {
		want[fmt.Sprint("r", j)] = ratelimit.RuleStats{Admitted: 16}
	}
	checkRules(t, b, want)
}

func TestRulesThatAreCountedAreBounded(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), ratelimit.Options{ProbeInterval: time.Hour})
	server.Kill(t) // without Redis it is quick
	for i := range 1100 {
		r := rule(fmt.Sprint("r", i), 1)
		r.WithoutRedis = ratelimit.FailOpen
		b.take(t, "s", r)
	}
	rules := b.Stats().Rules
	if len(rules) != 1001 || rules["r999"].AdmittedWithoutRedis != 1 || rules[""].AdmittedWithoutRedis != 100 {
		t.Errorf("%d rules, %d under no name; want 1001 and 100", len(rules), rules[""].AdmittedWithoutRedis)
	}
}
