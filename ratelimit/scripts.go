package ratelimit

import (
	_ "embed" // the scripts
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

//go:embed lua/take_fixed.lua
var takeFixedSource string

//go:embed lua/take_fixed_rules.lua
var takeFixedRulesSource string

//go:embed lua/take.lua
var takeSource string

//go:embed lua/fixed.lua
var fixedSource string

//go:embed lua/sliding.lua
var slidingSource string

//go:embed lua/gcra.lua
var gcraSource string

//go:embed lua/gcra_state.lua
var gcraStateSource string

//go:embed lua/take_gcra.lua
var takeGCRASource string

//go:embed lua/clock.lua
var clockSource string

//go:embed lua/refund.lua
var refundSource string

//go:embed lua/reset.lua
var resetSource string

//go:embed lua/instances.lua
var instancesSource string

// scripts are the scripts of a limiter. There is a take for each set of algorithms,
// because a script is set up anew with each call, and most need one algorithm only.
type scripts struct {
	takeFixed      *redisx.Script
	takeFixedRules *redisx.Script
	takeGCRA       *redisx.Script
	take           [1 << 3]*redisx.Script // by the set's bits
	refund         *redisx.Script
	instances      *redisx.Script
	reset          *redisx.Script
}

// production reads Redis's clock; tests have scripts with another one.
var production = newScripts(clockSource)

func newScripts(clock string) *scripts {
	s := &scripts{
		takeFixed:      redisx.NewScript(takeFixedSource),
		takeFixedRules: redisx.NewScript(takeFixedRulesSource),
		takeGCRA:       redisx.NewScript(clock + gcraStateSource + takeGCRASource),
		refund:         redisx.NewScript(clock + refundSource),
		instances:      redisx.NewScript(instancesSource),
		reset:          redisx.NewScript(resetSource),
	}
	for set := 1<<FixedWindow + 1; set < len(s.take); set++ { // fixed windows alone have scripts of their own
		var b strings.Builder
		b.WriteString(clock)
		b.WriteString("local algorithms = {}\n")
		for algorithm, source := range []string{FixedWindow: fixedSource, SlidingWindow: slidingSource, GCRA: gcraStateSource + gcraSource} {
			if set&(1<<algorithm) != 0 {
				b.WriteString(source)
			}
		}
		b.WriteString(takeSource)
		s.take[set] = redisx.NewScript(b.String())
	}
	return s
}

// kind is the script that makes a charge: charges of one kind may share one.
type kind uint8

const (
	mixed      kind = iota // take.lua makes all
	onlyFixed              // one rule with a fixed window
	fixedRules             // several of them
	onlyGCRA               // one rule with GCRA
	kinds
)

func (c Charge) kind() kind {
	switch {
	case slices.ContainsFunc(c.Rules, func(r Rule) bool { return r.Algorithm != FixedWindow }):
		if len(c.Rules) == 1 && c.Rules[0].Algorithm == GCRA {
			return onlyGCRA
		}
		return mixed
	case len(c.Rules) == 1:
		return onlyFixed
	}
	return fixedRules
}

// forCharges returns the script that makes the charges, all of one kind, and its keys
// and arguments.
func (s *scripts) forCharges(id string, charges []question) (script *redisx.Script, keys, args []string) {
	set, rules := 0, 0
	for _, q := range charges {
		rules += len(q.Rules)
		for _, r := range q.Rules {
			set |= 1 << r.Algorithm
		}
	}
	keys = charges[0].keys
	if len(charges) > 1 {
		keys = make([]string, 0, rules)
		for _, q := range charges {
			keys = append(keys, q.keys...)
		}
	}
	args = append(make([]string, 0, 1+2*len(charges)+6*rules), id)
	for i := 0; i < len(charges); {
		q, run := charges[i], 1
		for i+run < len(charges) && q.alike(charges[i+run].Charge) {
			run++
		}
		args = q.arguments(args, run)
		i += run
	}
	switch charges[0].kind() {
	case onlyFixed:
		return s.takeFixed, keys, args
	case fixedRules:
		return s.takeFixedRules, keys, args
	case onlyGCRA:
		return s.takeGCRA, keys, args
	}
	return s.take[set], keys, args
}

// alike says that two charges have the same arguments, which then are sent once.
func (c Charge) alike(other Charge) bool {
	return c.Cost == other.Cost && c.kind() != mixed && slices.Equal(c.Rules, other.Rules)
}

// arguments appends the arguments for so many such charges.
func (c Charge) arguments(args []string, run int) []string {
	kind := c.kind()
	switch kind {
	case onlyFixed:
		args = append(args, number(int64(run)), number(c.Cost))
	case fixedRules:
		args = append(args, number(int64(run)), number(c.Cost), number(int64(len(c.Rules))))
	case onlyGCRA:
		args = append(args, number(int64(run)))
	default:
		args = append(args, number(c.Cost), number(int64(len(c.Rules))))
	}
	for _, r := range c.Rules {
		if kind == mixed {
			args = append(args, r.Algorithm.String())
		}
		args = append(args, number(r.Limit))
		switch r.Algorithm {
		case FixedWindow:
			args = append(args, number(r.windowMillis()))
		case SlidingWindow:
			args = append(args, number(r.windowMicros()), number(r.span()))
		case GCRA:
			cost, full := r.drain(c.Cost), r.drain(r.most())
			args = append(args, number(cost.us), number(cost.part), number(full.us), number(full.part))
		}
	}
	return args
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// parseTake reads a script's reply.
func parseTake(reply []rueidis.RedisMessage, charges []question) ([]answer, error) {
	answers := make([]answer, len(charges))
	rules := 0
	for _, q := range charges {
		rules += len(q.Rules)
	}
	width := 4
	if k := charges[0].kind(); k == onlyFixed || k == fixedRules {
		width = 3
	}
	if want := len(charges) + width*rules; len(reply) != want {
		return nil, fmt.Errorf("a reply of %d elements, want %d", len(reply), want)
	}
	states := make([]state, rules) // one allocation for all
	for i, q := range charges {
		allowed, err := reply[0].AsInt64()
		if err != nil {
			return nil, err
		}
		reply = reply[1:]
		a := answer{states: states[:len(q.Rules):len(q.Rules)], allowed: allowed == 1}
		states = states[len(q.Rules):]
		cost := q.Cost
		if a.allowed {
			cost = 0 // nothing was refused, though a second such charge may be
		}
		for j, r := range q.Rules {
			if a.states[j], err = parseState(reply[:width], r, cost); err != nil {
				return nil, err
			}
			reply = reply[width:]
		}
		answers[i] = a
	}
	return answers, nil
}

// parseState reads what a script reports of one rule: numbers, and a token.
func parseState(reply []rueidis.RedisMessage, r Rule, cost int64) (state, error) {
	var n [3]int64
	var err error
	last := len(reply) - 1
	for i, m := range reply[:last] {
		if n[i], err = m.AsInt64(); err != nil {
			return state{}, err
		}
	}
	window, err := reply[last].ToString()
	if err != nil {
		return state{}, err
	}
	switch r.Algorithm {
	case SlidingWindow:
		return r.slidingState(n[0], cost, micros(n[1]), micros(n[2]), window), nil
	case GCRA:
		return r.gcraState(ticks{n[0], n[1]}, cost, bucketToken(n[2], window)), nil
	default:
		return r.fixedState(n[0], cost, time.Duration(n[1])*time.Millisecond, window), nil
	}
}
