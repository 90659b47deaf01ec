package ratelimit

import (
	"fmt"
	"strings"
)

// fixedMeter is fixed.lua in memory.
type fixedMeter struct {
	count, ends int64
	window      string // empty: none has begun
}

func (m *fixedMeter) look(r Rule, cost, now int64) state {
	if m.window == "" || now >= m.ends {
		*m = fixedMeter{}
		return r.fixedState(0, cost, 0, "")
	}
	m.ends = min(m.ends, now+r.windowMicros())
	return r.fixedState(m.count, cost, micros(m.ends-now), m.window)
}

func (m *fixedMeter) charge(r Rule, cost, now int64, fresh string) (s state, renewed bool) {
	if renewed = m.window == ""; renewed {
		m.window, m.ends = fresh, now+r.windowMicros()
	}
	m.count += cost
	return r.fixedState(m.count, 0, micros(m.ends-now), m.window), renewed
}

func (m *fixedMeter) refund(window string, cost, _ int64) {
	if m.window == window {
		m.count = max(0, m.count-cost)
	}
}

// slidingMeter is sliding.lua in memory. Its entries lie in one slice, the newest last.
type slidingMeter struct {
	entries []slidingEntry
	total   int64
}

type slidingEntry struct {
	id                 string
	first, last, count int64
}

func (m *slidingMeter) look(r Rule, cost, now int64) state {
	over := 0
	for over < len(m.entries) && m.entries[over].last+r.windowMicros() <= now {
		m.total -= m.entries[over].count
		over++
	}
	m.entries = append(m.entries[:0], m.entries[over:]...)
	if len(m.entries) == 0 {
		return r.slidingState(0, cost, 0, 0, "")
	}
	left := m.entries[len(m.entries)-1].last + r.windowMicros() - now
	retry, excess := left, cost-(r.Limit-m.total)
	for _, e := range m.entries {
		if excess -= e.count; excess <= 0 {
			retry = e.last + r.windowMicros() - now
			break
		}
	}
	return r.slidingState(m.total, cost, micros(left), micros(retry), "")
}

func (m *slidingMeter) charge(r Rule, cost, now int64, fresh string) (s state, renewed bool) {
	n := len(m.entries)
	if n == 0 || now-m.entries[n-1].first >= r.span() && now > m.entries[n-1].first {
		m.entries = append(m.entries, slidingEntry{id: fresh, first: now})
		n++
	}
	newest := &m.entries[n-1]
	newest.last = now
	newest.count += cost
	m.total += cost
	return r.slidingState(m.total, 0, r.window(), 0, newest.id), true
}

func (m *slidingMeter) refund(window string, cost, _ int64) {
	for i := range m.entries {
		if e := &m.entries[i]; e.id == window {
			back := min(cost, e.count)
			e.count -= back
			m.total -= back
			if e.count == 0 { // entries without charges would pile up
				m.entries = append(m.entries[:i], m.entries[i+1:]...)
			}
			return
		}
	}
}

// gcraMeter is gcra.lua in memory.
type gcraMeter struct {
	tat   ticks
	limit int64 // the parts of tat are microseconds divided by it
	given int64
	id    string // empty: the bucket is empty
}

func (m *gcraMeter) look(r Rule, cost, now int64) state {
	if m.limit != r.Limit && m.tat.part > 0 {
		m.tat = ticks{m.tat.us + 1, 0}
	}
	m.limit = r.Limit
	used, full := m.tat, r.drain(r.most())
	used.us -= now
	if used.exceeds(full) {
		used = full
		m.tat = ticks{now + full.us, full.part}
	}
	if m.id == "" || used.us < 0 || used == (ticks{}) {
		*m = gcraMeter{limit: r.Limit, tat: ticks{us: now}}
		used = ticks{}
	}
	return r.gcraState(used, cost, "")
}

func (m *gcraMeter) charge(r Rule, cost, now int64, fresh string) (s state, renewed bool) {
	if m.id == "" {
		m.id, m.limit, m.tat = fresh, r.Limit, ticks{us: now}
	}
	m.tat = m.tat.add(r.drain(cost), r.Limit)
	used := m.tat
	used.us -= now
	return r.gcraState(used, 0, bucketToken(m.tat.us+m.given, m.id)), true
}

func (m *gcraMeter) refund(window string, _, now int64) {
	var ends, limit int64
	var t ticks
	var id string
	if n, _ := fmt.Sscanf(strings.ReplaceAll(window, ":", " "), "g %d %d %d %d %s", &t.us, &t.part, &limit, &ends, &id); n != 5 || id != m.id || m.id == "" {
		return
	}
	left := min(ends-m.given, m.tat.us) - now
	if left <= 0 {
		return
	}
	if limit != m.limit {
		t.part = 0
	}
	if left < t.us+1 {
		t = ticks{min(left, t.us), 0}
	}
	m.tat = m.tat.sub(t, m.limit)
	m.given += t.us
	if t.part > 0 {
		m.given++
	}
}
