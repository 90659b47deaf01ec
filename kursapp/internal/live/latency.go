package live

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Answer says who answered a request. The zero value stands for all requests that read
// no user, and for those refused before anybody was asked.
type Answer uint8

// Who answered.
const (
	AnsweredOtherwise Answer = iota
	AnsweredLocal
	AnsweredRedis
	AnsweredDatabase
	AnsweredStale
	AnsweredNot // a read that failed

	answers
)

// A histogram has eight buckets for each doubling, from 128 ns on; what took less, or
// more than two minutes, is in the first or last one.
const (
	firstExponent = 7
	lastExponent  = 36
	buckets       = (lastExponent - firstExponent + 1) * 8
)

// traffic counts requests by who answered and how long it took.
type traffic struct {
	took   [answers][buckets]atomic.Uint64
	failed atomic.Uint64
}

// Request counts a request of the course: one that the dashboard would not make by
// itself. failed says that the server failed it. It is for the path of every request.
func (m *Monitor) Request(by Answer, took time.Duration, failed bool) {
	m.traffic.took[by][bucketOf(took)].Add(1)
	if failed {
		m.traffic.failed.Add(1)
	}
}

func bucketOf(d time.Duration) int {
	n := uint64(max(d, 1<<firstExponent))
	exponent := bits.Len64(n) - 1
	if exponent > lastExponent {
		return buckets - 1
	}
	return (exponent-firstExponent)*8 + int(n>>(exponent-3)&7)
}

// middle is the middle of a bucket.
func middle(bucket int) time.Duration {
	width := time.Duration(1) << (bucket/8 + firstExponent - 3)
	return time.Duration(8+bucket%8)*width + width/2
}

// histogram is the requests of one second.
type histogram [buckets]uint64

func (h *histogram) add(o *histogram) {
	for i := range o {
		h[i] += o[i]
	}
}

func (h *histogram) count() (n uint64) {
	for _, c := range h {
		n += c
	}
	return n
}

// quantile is in microseconds, and at least 1: h has n requests, of which there are some.
func (h *histogram) quantile(n, percent uint64) int64 {
	rank := (n*percent + 99) / 100
	for i, c := range h {
		if c >= rank {
			return max(1, int64((middle(i)+time.Microsecond/2)/time.Microsecond))
		}
		rank -= c
	}
	return 0
}

func (h *histogram) latency() *Latency {
	n := h.count()
	if n == 0 {
		return nil
	}
	return &Latency{N: n, P50: h.quantile(n, 50), P99: h.quantile(n, 99)}
}

// trafficMeter takes what traffic counted since it last did.
type trafficMeter struct {
	took   [answers]histogram
	failed uint64
}

func (t *trafficMeter) take(from *traffic) (since [answers]histogram, failed uint64) {
	for a := range since {
		for i := range since[a] {
			now := from.took[a][i].Load()
			since[a][i] = now - t.took[a][i]
			t.took[a][i] = now
		}
	}
	now := from.failed.Load()
	failed = now - t.failed
	t.failed = now
	return since, failed
}

// measure puts the requests of a second into its sample.
func (t *trafficMeter) measure(from *traffic, s *Sample) {
	since, failed := t.take(from)
	s.Reads = Reads{
		Local: since[AnsweredLocal].count(), Redis: since[AnsweredRedis].count(), Database: since[AnsweredDatabase].count(),
		Stale: since[AnsweredStale].count(), Error: since[AnsweredNot].count(),
	}
	s.Latency = Latencies{
		Local: since[AnsweredLocal].latency(), Redis: since[AnsweredRedis].latency(), Database: since[AnsweredDatabase].latency(),
	}
	s.HTTP.Errors = failed
	var all histogram
	for a := range since {
		all.add(&since[a])
	}
	if l := all.latency(); l != nil {
		s.HTTP.N, s.HTTP.P50, s.HTTP.P99 = l.N, &l.P50, &l.P99
	}
}
