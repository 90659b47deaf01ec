package ratelimit

import (
	"math/big"

	"pgregory.net/rapid"
)

// span is from one number to another one, both included: what an implementation may say.
type span struct{ from, to int64 }

func (s span) has(n int64) bool { return s.from <= n && n <= s.to }

// modelMeter is a rule's model for one subject.
type modelMeter interface {
	// retry is the time until cost is admitted; 0: now.
	retry(cost, now int64) span
	remaining(now int64) span
	charge(cost, now int64) (refund func(now int64))
	// check objects to charges that are kept beyond the rule.
	check(t *rapid.T)
}

// slidingLog keeps each charge.
type slidingLog struct {
	r       Rule
	charges []*loggedCharge
}

type loggedCharge struct{ at, n int64 }

func (m *slidingLog) used(now int64) (n int64) {
	for _, c := range m.charges {
		if c.at+m.r.Window.Microseconds() > now {
			n += c.n
		}
	}
	return n
}

func (m *slidingLog) wait(cost, now int64) int64 {
	if m.used(now)+cost <= m.r.Limit {
		return 0
	}
	for _, c := range m.charges { // in the order of time
		if at := c.at + m.r.Window.Microseconds(); at > now && m.used(at)+cost <= m.r.Limit {
			return at - now
		}
	}
	return -1
}

func (m *slidingLog) retry(cost, now int64) span {
	wait := m.wait(cost, now)
	return span{wait, wait}
}

func (m *slidingLog) remaining(now int64) span {
	left := m.r.Limit - m.used(now)
	return span{left, left}
}

func (m *slidingLog) charge(cost, now int64) func(int64) {
	c := &loggedCharge{now, cost}
	m.charges = append(m.charges, c)
	return func(int64) { c.n = 0 }
}

func (m *slidingLog) check(t *rapid.T) {
	for _, c := range m.charges {
		if n := m.used(c.at) - m.used(c.at+m.r.Window.Microseconds()); n > m.r.Limit && c.n > 0 {
			t.Fatalf("%d charges within a window", n)
		}
	}
}

// bucket is GCRA in rational numbers. Where a charge drains in whole microseconds, an
// implementation must do exactly the same. Where not, its refunds may be rounded, but
// only so that it denies for some microseconds more, which behind counts, and never so
// that it admits before its time.
type bucket struct {
	r      Rule
	tat    *big.Rat
	given  *big.Rat
	period int
	kept   slidingLog // for check alone

	behind  int64 // an implementation's bucket is empty so many microseconds later at most
	rounded int64 // refunds since it was certainly empty
}

func rat(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

func (m *bucket) drain(n int64) *big.Rat {
	return new(big.Rat).Quo(rat(n*m.r.Window.Microseconds()), rat(m.r.Limit))
}

func (m *bucket) used(now int64) *big.Rat {
	if m.tat == nil || m.tat.Cmp(rat(now)) <= 0 {
		return new(big.Rat)
	}
	return new(big.Rat).Sub(m.tat, rat(now))
}

func ceil(r *big.Rat) int64 {
	n := new(big.Int).Add(r.Num(), new(big.Int).Sub(r.Denom(), big.NewInt(1)))
	return n.Div(n, r.Denom()).Int64()
}

func (m *bucket) burst() int64 {
	if m.r.Burst > 0 {
		return m.r.Burst
	}
	return m.r.Limit
}

func (m *bucket) wait(cost, now int64) int64 {
	excess := new(big.Rat).Add(m.used(now), m.drain(cost))
	excess.Sub(excess, m.drain(m.burst()))
	return max(0, ceil(excess))
}

// A bucket that is behind is as an exact one was before.
func (m *bucket) retry(cost, now int64) span {
	return span{m.wait(cost, now), m.wait(cost, now-m.behind)}
}

func (m *bucket) room(now int64) int64 {
	n := int64(0)
	for n < m.burst() && m.wait(n+1, now) == 0 {
		n++
	}
	return n
}

func (m *bucket) remaining(now int64) span { return span{m.room(now - m.behind), m.room(now)} }

func (m *bucket) charge(cost, now int64) func(int64) {
	if m.used(now-m.behind).Sign() == 0 {
		m.behind, m.rounded = 0, 0
	}
	if m.used(now).Sign() == 0 {
		m.tat, m.given = rat(now), new(big.Rat)
		m.period++
	}
	m.tat = new(big.Rat).Add(m.tat, m.drain(cost))
	ends, period := new(big.Rat).Add(m.tat, m.given), m.period
	kept := m.kept.charge(cost, now)
	return func(now int64) {
		kept(now)
		left := new(big.Rat).Sub(ends, m.given)
		if left.Cmp(m.tat) > 0 {
			left.Set(m.tat)
		}
		left.Sub(left, rat(now))
		if period != m.period || left.Sign() <= 0 {
			return
		}
		// It may see a microsecond less of it, and so much less as it took earlier refunds
		// for greater than they were. What it sees as a whole charge it gives in full.
		unseen := 1 + m.rounded
		whole := new(big.Rat).Sub(left, rat(unseen)).Cmp(new(big.Rat).Add(m.drain(cost), rat(1))) >= 0
		if left.Cmp(m.drain(cost)) > 0 {
			left = m.drain(cost)
		}
		m.tat = new(big.Rat).Sub(m.tat, left)
		m.given = new(big.Rat).Add(m.given, left)
		if !m.drain(1).IsInt() {
			m.rounded++
			if !whole {
				m.behind += unseen
			}
		}
	}
}

func (m *bucket) check(t *rapid.T) {
	for i, first := range m.kept.charges {
		n := int64(0)
		for _, last := range m.kept.charges[i:] {
			n += last.n
			most := new(big.Rat).Quo(rat((last.at-first.at)*m.r.Limit), rat(m.r.Window.Microseconds()))
			if first.n > 0 && rat(n).Cmp(most.Add(most, rat(m.burst()))) > 0 {
				t.Fatalf("%d charges of %+v within %d microseconds", n, m.r, last.at-first.at)
			}
		}
	}
}
