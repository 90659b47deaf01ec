package report

import (
	"fmt"
	"strings"

	"github.com/speedlayer/speedlayer/bench/web"
)

// target is something that speedlayer wants to reach.
type target struct {
	what     string
	want     string
	measured Spread
	format   func(float64) string
	met      func(median float64) bool
}

func atLeast(limit float64) func(float64) bool { return func(v float64) bool { return v >= limit } }
func atMost(limit float64) func(float64) bool  { return func(v float64) bool { return v <= limit } }

// Rows of work.Rows that targets are about.
const (
	rowLocal = iota
	rowOneCore
	rowTwoCores
	_
	rowRedis
	rowRedis10000
	rowMany
	rowReload
	rowStampede
)

func targets(r *Results, w web.Result) []target {
	ns := func(row int, id string) []float64 { return r.metric(row, id, "ns/op") }
	ofBare := func(row int) Spread { return ratios(ns(row, "bare-ttl"), ns(row, us)) }
	ts := []target{
		{"Local hit", "≤ 150 ns", spreadOf(ns(rowLocal, us)), duration, atMost(150)},
		{"Local hit, allocations", "0", spreadOf(r.metric(rowLocal, us, "allocs/op")), count, atMost(0)},
		{"Local hit, faster than `DoCache` + `json.Unmarshal`", "≥ 3×", ratios(ns(rowLocal, "rueidis-docache"), ns(rowLocal, us)), times, atLeast(3)},
		{"Local hits of one key with the second core", "-", ratios(ns(rowOneCore, us), ns(rowTwoCores, us)), times, nil},
		{"Redis hits of one key, of bare `GET`+`PTTL`", "≥ 0.9", ofBare(rowRedis), digits, atLeast(0.9)},
		{"Redis hits of 10,000 keys, of bare `GET`+`PTTL`", "≥ 0.9", ofBare(rowRedis10000), digits, atLeast(0.9)},
		{"100 keys from Redis, of bare `MGET`+`PTTL`", "-", ofBare(rowMany), digits, nil},
		{"Old values after an invalidation", "0", spreadOf(r.metric(rowReload, us, "stale/op")), count, atMost(0)},
		{"Loads in a stampede", "1", spreadOf(r.metric(rowStampede, us, "loads/op")), count, atMost(1)},
	}
	if len(w.Rates) > 0 {
		bare := w.Rates[web.NetHTTP]
		ts = append(ts, target{"HTTP from memory, of bare net/http", "≥ 0.9", ratios(w.Rates[web.KursappLocal], bare), digits, atLeast(0.9)})
		if !w.NoRedisTier {
			ts = append(ts, target{"HTTP from Redis, of bare net/http", "≥ 0.55", ratios(w.Rates[web.KursappRedis], bare), digits, atLeast(0.55)})
		}
	}
	return ts
}

func targetTable(ts []target) string {
	var b strings.Builder
	b.WriteString("| target | wanted | median (min – max) | |\n|---|--:|--:|---|\n")
	for _, t := range ts {
		verdict := ""
		switch {
		case t.met == nil:
		case t.met(t.measured.Median):
			verdict = "met"
		default:
			verdict = "**missed**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", t.what, t.want, t.measured.in(t.format), verdict)
	}
	return b.String()
}
