package bench_test

import (
	"strconv"
	"testing"

	"github.com/speedlayer/speedlayer/bench/peer"
	"github.com/speedlayer/speedlayer/bench/work"
)

// BenchmarkReload changes a user, invalidates it and reads it again: the new name
// must be there. Old names that a contestant is excused for are counted.
func BenchmarkReload(b *testing.B) {
	perform(b, work.Reload, func(b *testing.B, p peer.Peer) setting {
		b.Helper()
		s := open(b, p, p.Local(), 1)
		s.getAll(b, 1)
		return s
	}, reload, func(s setting) { s.cache.Close() })
}

func reload(b *testing.B, s setting) {
	b.Helper()
	forget := s.cache.(peer.Invalidator)
	n, stale, before := 0, 0, s.source.Loads()
	b.ReportAllocs()
	for b.Loop() {
		n++
		name := "Max " + strconv.Itoa(n)
		s.source.Rename(1, name)
		if err := forget.Invalidate(b.Context(), 1); err != nil {
			b.Fatal(err)
		}
		u, err := s.cache.Get(b.Context(), 1)
		if err != nil || u.ID != 1 {
			b.Fatalf("%s: %+v (%v)", s.peer.ID, u, err)
		}
		if u.Name != name {
			stale++
		}
	}
	b.ReportMetric(float64(stale)/float64(n), "stale/op")
	if stale > 0 && s.peer.Stale == "" {
		b.Errorf("%s: %d of %d reads after an invalidation were old", s.peer.ID, stale, n)
	}
	if loads := s.source.Loads() - before; stale == 0 && loads != int64(n) {
		b.Errorf("%s: %d loads for %d invalidations", s.peer.ID, loads, n)
	}
}
