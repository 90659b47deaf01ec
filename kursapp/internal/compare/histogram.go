package compare

import (
	"math"
	"math/bits"
	"time"
)

const (
	subBits = 5 // 2^subBits buckets for each doubling
	exact   = 2 << subBits
	// buckets reach beyond a quarter of an hour; what takes longer is in the last one.
	buckets = exact + 34<<subBits
)

// Bucket is how many reads took up to LE, and longer than that of the bucket before.
type Bucket struct {
	LE time.Duration
	N  int64
}

// histogram counts reads by how long they took. The zero value is empty.
type histogram struct {
	n        [buckets]int64
	reads    int64
	sum      time.Duration
	min, max time.Duration
}

// index returns the bucket of a duration: one for each nanosecond at first, and then
// such that the upper bits are the same.
func index(d time.Duration) int {
	ns := uint64(max(d, 0))
	if ns < exact {
		return int(ns)
	}
	shift := bits.Len64(ns) - subBits - 1
	return min(exact+(shift-1)<<subBits+int(ns>>shift)-1<<subBits, buckets-1) //nolint:gosec // less than exact after the shift
}

// bounds returns the shortest and the longest duration in a bucket.
func bounds(i int) (least, most time.Duration) {
	if i < exact {
		return time.Duration(i), time.Duration(i)
	}
	shift := (i-exact)>>subBits + 1
	upper := time.Duration((i-exact)&(1<<subBits-1) + 1<<subBits)
	return upper << shift, (upper+1)<<shift - 1
}

// add counts reads that took d each.
func (h *histogram) add(d time.Duration, reads int64) {
	h.n[index(d)] += reads
	if h.reads == 0 || d < h.min {
		h.min = d
	}
	h.max = max(h.max, d)
	h.sum += d * time.Duration(reads)
	h.reads += reads
}

// merge adds what another histogram counted.
func (h *histogram) merge(o *histogram) {
	if o.reads == 0 {
		return
	}
	if h.reads == 0 || o.min < h.min {
		h.min = o.min
	}
	h.max = max(h.max, o.max)
	for i, n := range o.n {
		h.n[i] += n
	}
	h.sum += o.sum
	h.reads += o.reads
}

// percentile returns what a share of the reads, 0 to 1, took at most.
func (h *histogram) percentile(share float64) time.Duration {
	rank := max(1, int64(math.Ceil(share*float64(h.reads))))
	for i, n := range h.n {
		if rank -= n; rank <= 0 {
			least, most := bounds(i)
			return min(max(least+(most-least)/2, h.min), h.max)
		}
	}
	return h.max
}

func (h *histogram) mean() time.Duration {
	if h.reads == 0 {
		return 0
	}
	return h.sum / time.Duration(h.reads)
}

// list returns the buckets that are not empty.
func (h *histogram) list() []Bucket {
	list := []Bucket{}
	for i, n := range h.n {
		if n > 0 {
			_, most := bounds(i)
			list = append(list, Bucket{LE: most, N: n})
		}
	}
	return list
}
