package limits_test

import (
	"testing"

	"github.com/speedlayer/speedlayer/bench/limits"
)

// plenty is more than is charged while it is measured.
const plenty = 10_000_000

func rules(names ...string) []limits.Rule {
	rs := make([]limits.Rule, len(names))
	for i, name := range names {
		rs[i] = limits.Rule{Name: name, Limit: plenty, Window: limits.Long}
	}
	return rs
}

// BenchmarkAdmitMany64 is a request that is admitted, of one of 10,000 subjects.
func BenchmarkAdmitMany64(b *testing.B) {
	work{kind: limits.Admit, goroutines: 64, subjects: 10_000, rules: rules("api")}.perform(b)
}

// BenchmarkAdmitOne64 is the same with one subject for all, as a limit on a whole service
// has.
func BenchmarkAdmitOne64(b *testing.B) {
	work{kind: limits.Admit, goroutines: 64, subjects: 1, rules: rules("api")}.perform(b)
}

// BenchmarkAdmit1 is what one request waits for that has no company.
func BenchmarkAdmit1(b *testing.B) {
	work{kind: limits.Admit, goroutines: 1, subjects: 1, rules: rules("api")}.perform(b)
}

// BenchmarkThreeRules64 charges under three rules at once, or one after the other.
func BenchmarkThreeRules64(b *testing.B) {
	work{kind: limits.Admit3, goroutines: 64, subjects: 10_000, rules: rules("second", "minute", "hour")}.perform(b)
}

// once admits one request.
func once() []limits.Rule { return []limits.Rule{{Name: "api", Limit: 1, Window: limits.Long}} }

// BenchmarkDenied64 is a request that is refused: what an attacker sends, and what must
// cost least.
func BenchmarkDenied64(b *testing.B) {
	work{kind: limits.Deny, goroutines: 64, subjects: 1000, rules: once(), denied: true}.perform(b)
}

// BenchmarkDenied1 is the same with one subject in one goroutine.
func BenchmarkDenied1(b *testing.B) {
	work{kind: limits.Deny, goroutines: 1, subjects: 1, rules: once(), denied: true}.perform(b)
}
