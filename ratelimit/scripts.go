package ratelimit

import (
	_ "embed" // the scripts
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

//go:embed lua/take_fixed.lua
var takeFixedSource string

//go:embed lua/take.lua
var takeSource string

//go:embed lua/fixed.lua
var fixedSource string

//go:embed lua/sliding.lua
var slidingSource string

//go:embed lua/gcra.lua
var gcraSource string

//go:embed lua/clock.lua
var clockSource string

//go:embed lua/refund.lua
var refundSource string

// scripts are the scripts of a limiter. There is a take for each set of algorithms,
// because a script is set up anew with each call, and most need one algorithm only.
type scripts struct {
	takeFixed *redisx.Script
	take      [1 << 3]*redisx.Script // by the set's bits
	refund    *redisx.Script
}

// production reads Redis's clock; tests have scripts with another one.
var production = newScripts(clockSource)

func newScripts(clock string) *scripts {
	s := &scripts{takeFixed: redisx.NewScript(takeFixedSource), refund: redisx.NewScript(clock + refundSource)}
	for set := 1; set < len(s.take); set++ {
		var b strings.Builder
		if set != 1<<FixedWindow {
			b.WriteString(clock)
		}
		b.WriteString("local algorithms = {}\n")
		for algorithm, source := range []string{FixedWindow: fixedSource, SlidingWindow: slidingSource, GCRA: gcraSource} {
			if set&(1<<algorithm) != 0 {
				b.WriteString(source)
			}
		}
		b.WriteString(takeSource)
		s.take[set] = redisx.NewScript(b.String())
	}
	return s
}

// forCharge returns the script for a charge, and its arguments.
func (s *scripts) forCharge(c Charge, id string) (*redisx.Script, []string) {
	args := make([]string, 0, 2+6*len(c.Rules))
	args = append(args, number(c.Cost), id)
	if len(c.Rules) == 1 && c.Rules[0].Algorithm == FixedWindow {
		return s.takeFixed, append(args, number(c.Rules[0].Limit), number(c.Rules[0].windowMillis()))
	}
	set := 0
	for _, r := range c.Rules {
		set |= 1 << r.Algorithm
		args = append(args, r.Algorithm.String(), number(r.Limit))
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
	return s.take[set], args
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// parseTake reads the reply of take.lua.
func parseTake(reply []rueidis.RedisMessage, c Charge) ([]state, bool, error) {
	if len(reply) != 1+4*len(c.Rules) {
		return nil, false, fmt.Errorf("a reply of %d elements for %d rules", len(reply), len(c.Rules))
	}
	allowed, err := reply[0].AsInt64()
	if err != nil {
		return nil, false, err
	}
	cost := c.Cost
	if allowed == 1 {
		cost = 0 // nothing was refused, though a second such charge may be
	}
	states := make([]state, len(c.Rules))
	for i, r := range c.Rules {
		var n [3]int64
		for j := range n {
			if n[j], err = reply[1+4*i+j].AsInt64(); err != nil {
				return nil, false, err
			}
		}
		window, err := reply[4+4*i].ToString()
		if err != nil {
			return nil, false, err
		}
		switch r.Algorithm {
		case SlidingWindow:
			states[i] = r.slidingState(n[0], cost, micros(n[1]), micros(n[2]), window)
		case GCRA:
			states[i] = r.gcraState(ticks{n[0], n[1]}, cost, window)
		default:
			states[i] = r.fixedState(n[0], cost, time.Duration(n[1])*time.Millisecond, window)
		}
	}
	return states, allowed == 1, nil
}
