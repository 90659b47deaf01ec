package bench_test

import (
	"testing"

	"github.com/speedlayer/speedlayer/bench/peer"
	"github.com/speedlayer/speedlayer/bench/work"
)

// readers is how many goroutines read at once in the rows about Redis.
const readers = 64

// BenchmarkRedisHit reads one key from Redis.
func BenchmarkRedisHit(b *testing.B) {
	overRedis(b, work.Redis, 1, func(b *testing.B, s setting) int {
		b.Helper()
		atOnce(b, readers)
		s.readParallel(b, 1)
		return b.N / readers // those who ask for the same at the same time may share
	})
}

// BenchmarkRedisHit10000 reads 10,000 keys from Redis.
func BenchmarkRedisHit10000(b *testing.B) {
	const keys = 10_000
	overRedis(b, work.Redis, keys, func(b *testing.B, s setting) int {
		b.Helper()
		atOnce(b, readers)
		s.readParallel(b, keys)
		return b.N * 9 / 10
	})
}

// BenchmarkRedisMany100 reads 100 keys from Redis with one call.
func BenchmarkRedisMany100(b *testing.B) {
	const keys = 100
	ids := make([]int64, keys)
	for i := range ids {
		ids[i] = int64(i) + 1
	}
	overRedis(b, work.Many, keys, func(b *testing.B, s setting) int {
		b.Helper()
		many := s.cache.(peer.Many)
		n := 0
		b.ReportAllocs()
		for b.Loop() {
			users, err := many.GetMany(b.Context(), ids)
			if err != nil || len(users) != keys {
				b.Fatalf("%s: %d users (%v)", s.peer.ID, len(users), err)
			}
			for i := range users {
				if users[i].ID != ids[i] || users[i].Email == "" {
					b.Fatalf("%s: user %d is %+v", s.peer.ID, ids[i], users[i])
				}
			}
			n++
		}
		return n
	})
}

// overRedis measures reads of keys that lie in Redis, by contestants without a local
// tier. measure returns how many reads Redis must have seen at least: whoever answers
// from memory fails.
func overRedis(b *testing.B, kind work.Kind, keys int, measure func(*testing.B, setting) int) {
	b.Helper()
	perform(b, kind, func(b *testing.B, p peer.Peer) setting {
		b.Helper()
		s := open(b, p, false, keys)
		s.getAll(b, keys) // loads and stores
		return s
	}, func(b *testing.B, s setting) {
		b.Helper()
		before := reads(b)
		b.ResetTimer()
		expected := measure(b, s)
		b.StopTimer()
		if asked := reads(b) - before; asked < int64(expected) {
			b.Errorf("%s: Redis saw %d reads, want at least %d", s.peer.ID, asked, expected)
		}
	}, func(s setting) {
		s.getAll(b, keys)
		// A few more are allowed: a machine that stands still for a second looks like a
		// Redis that does not answer.
		if n := s.source.Loads(); n > int64(keys+max(1, keys/100)) {
			b.Errorf("%s: %d loads of %d keys that lie in Redis", s.peer.ID, n, keys)
		}
		s.cache.Close()
	})
}
