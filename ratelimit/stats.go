package ratelimit

import (
	"maps"
	"sync"
	"sync/atomic"
)

// maxCountedRules bounds the rules that are counted apart, in case a program makes up
// names. What comes after them is counted under the empty name.
const maxCountedRules = 1000

// Stats is what a limiter counted since it was made.
type Stats struct {
	// BreakerOpen is whether charges are decided without Redis at the moment.
	BreakerOpen bool
	// Remembered is how many denials are in memory.
	Remembered int
	// Instances is how many limiters share this Redis, this one included, as far as it
	// knows: 0 where it never met Redis.
	Instances int64
	// Rules are counted by name, each that was charged at least once. Beyond a thousand
	// names, all others are counted together under the empty one.
	Rules map[string]RuleStats
}

// RuleStats counts the decisions about a rule. A charge that was admitted counts for
// each of its rules, a denial for the one that [Result.Rule] names. Peek counts for
// none, and neither does what was no decision, as the end of a caller's context. A
// Refund takes nothing away.
type RuleStats struct {
	// Admitted and Denied were decided by Redis.
	Admitted, Denied uint64
	// DeniedFromMemory were denied without asking Redis, because it had said so before.
	DeniedFromMemory uint64
	// AdmittedWithoutRedis and DeniedWithoutRedis were decided by Rule.WithoutRedis.
	// FailClosed denies, with ErrUnavailable.
	AdmittedWithoutRedis, DeniedWithoutRedis uint64
}

// Stats returns what was counted so far.
func (l *Limiter) Stats() Stats {
	s := Stats{BreakerOpen: l.breaker.Open(), Remembered: l.denials.count(), Instances: l.presence.seen.Load(), Rules: map[string]RuleStats{}}
	if known := l.counts.of.Load(); known != nil {
		for name, c := range *known {
			s.Rules[name] = RuleStats{
				Admitted: c[admitted].Load(), Denied: c[denied].Load(), DeniedFromMemory: c[deniedFromMemory].Load(),
				AdmittedWithoutRedis: c[admittedWithoutRedis].Load(), DeniedWithoutRedis: c[deniedWithoutRedis].Load(),
			}
		}
	}
	return s
}

// decision is a way in which a charge is decided.
type decision uint8

const (
	admitted decision = iota
	denied
	deniedFromMemory
	admittedWithoutRedis
	deniedWithoutRedis
	decisions
)

// counts counts decisions by the names of rules. To find a name costs no lock and no
// allocation; a new name makes another map.
type counts struct {
	mu sync.Mutex
	of atomic.Pointer[map[string]*ruleCounts]
}

type ruleCounts [decisions]atomic.Uint64

func (c *counts) add(name string, d decision) {
	if known := c.of.Load(); known != nil {
		if rule := (*known)[name]; rule != nil {
			rule[d].Add(1)
			return
		}
	}
	c.rule(name)[d].Add(1)
}

// rule returns the counts of a name that may be new.
func (c *counts) rule(name string) *ruleCounts {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := map[string]*ruleCounts{}
	if before := c.of.Load(); before != nil {
		if len(*before) >= maxCountedRules && (*before)[name] == nil {
			name = ""
		}
		if rule := (*before)[name]; rule != nil {
			return rule
		}
		known = maps.Clone(*before)
	}
	rule := new(ruleCounts)
	known[name] = rule
	c.of.Store(&known)
	return rule
}

// decided counts a decision about a charge.
func (c *counts) decided(charge Charge, r Result, yes, no decision) {
	if !r.Allowed {
		c.add(r.Rule, no)
		return
	}
	for _, rule := range charge.Rules {
		c.add(rule.Name, yes)
	}
}
