package bench_test

import (
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/peer"
	"github.com/speedlayer/speedlayer/bench/work"
)

// BenchmarkLocalHit reads one key from memory in one goroutine.
func BenchmarkLocalHit(b *testing.B) {
	local(b, 1, func(b *testing.B, s setting) {
		b.Helper()
		ctx := b.Context()
		b.ReportAllocs()
		for b.Loop() {
			u, err := s.cache.Get(ctx, 1)
			if err != nil || u.ID != 1 || u.Name != "Max" {
				b.Fatalf("%s: %+v (%v)", s.peer.ID, u, err)
			}
		}
	})
}

// BenchmarkLocalHitParallel reads one key from memory on all cores: -cpu 1,2 shows
// whether a second core helps.
func BenchmarkLocalHitParallel(b *testing.B) {
	local(b, 1, func(b *testing.B, s setting) {
		b.Helper()
		s.readParallel(b, 1)
	})
}

// BenchmarkLocalHit10000Parallel reads 10,000 keys from memory on all cores.
func BenchmarkLocalHit10000Parallel(b *testing.B) {
	const keys = 10_000
	local(b, keys, func(b *testing.B, s setting) {
		b.Helper()
		s.readParallel(b, keys)
	})
}

// local measures reads of contestants with keys in memory, and makes sure that
// they are there before and after.
func local(b *testing.B, keys int, measure func(*testing.B, setting)) {
	b.Helper()
	perform(b, work.Local, func(b *testing.B, p peer.Peer) setting {
		b.Helper()
		s := open(b, p, true, keys)
		s.awaitLocal(b, keys)
		return s
	}, measure, func(s setting) {
		s.awaitLocal(b, keys)
		s.cache.Close()
	})
}

// awaitLocal returns when all keys can be read without asking Redis or the source.
// One in a hundred may be missing: an admission policy may turn a key away.
func (s setting) awaitLocal(b *testing.B, keys int) {
	b.Helper()
	const patience = 10 * time.Second
	for began := time.Now(); ; {
		asked, loads := reads(b), s.source.Loads()
		s.getAll(b, keys)
		asked, loads = reads(b)-asked, s.source.Loads()-loads
		if allowed := int64(keys / 100); asked <= allowed && loads <= allowed {
			return
		}
		if time.Since(began) > patience {
			b.Fatalf("%s: %d keys are not in memory after %v: %d reads of Redis, %d loads",
				s.peer.ID, keys, patience, asked, loads)
		}
	}
}
