package report

import (
	"fmt"
	"math"
	"slices"
)

// Spread is the median of several measurements and how far they lie apart.
type Spread struct{ Median, Min, Max float64 }

// spreadOf of nothing is all NaN.
func spreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{math.NaN(), math.NaN(), math.NaN()}
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return Spread{median, sorted[0], sorted[len(sorted)-1]}
}

// ratios divides round by round. Rounds that one of them lacks are left out.
func ratios(over, under []float64) Spread {
	var r []float64
	for i := range min(len(over), len(under)) {
		r = append(r, over[i]/under[i])
	}
	return spreadOf(r)
}

// in formats all three with a function of one.
func (s Spread) in(format func(float64) string) string {
	return fmt.Sprintf("%s (%s – %s)", format(s.Median), format(s.Min), format(s.Max))
}

// duration formats nanoseconds with three digits that count.
func duration(ns float64) string {
	switch {
	case ns < 999.5:
		return digits(ns) + " ns"
	case ns < 999.5e3:
		return digits(ns/1e3) + " µs"
	default:
		return digits(ns/1e6) + " ms"
	}
}

// digits formats a number below 1,000 with three digits.
func digits(v float64) string {
	switch {
	case v >= 99.95 || v == 0:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

func times(v float64) string { return digits(v) + "×" }

// count formats a whole number with commas, as "29,600".
func count(v float64) string {
	text := fmt.Sprintf("%.0f", v)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
