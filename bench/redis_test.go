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
	overRedis(b, work.Redis, 1, func(b *testing.B, s setting) {
		b.Helper()
		atOnce(b, readers)
		s.readParallel(b, 1)
	})
}

// BenchmarkRedisHit10000 reads 10,000 keys from Redis.
func BenchmarkRedisHit10000(b *testing.B) {
	const keys = 10_000
	overRedis(b, work.Redis, keys, func(b *testing.B, s setting) {
		b.Helper()
		atOnce(b, readers)
		s.readParallel(b, keys)
	})
}

// BenchmarkRedisMany100 reads 100 keys from Redis with one call.
func BenchmarkRedisMany100(b *testing.B) {
	const keys = 100
	ids := make([]int64, keys)
	for i := range ids {
		ids[i] = int64(i) + 1
	}
	overRedis(b, work.Many, keys, func(b *testing.B, s setting) {
		b.Helper()
		many := s.cache.(peer.Many)
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
		}
	})
}

// overRedis measures reads of keys that lie in Redis, by contestants without a local
// tier. Whoever answers from memory fails, and whoever asks the source.
func overRedis(b *testing.B, kind work.Kind, keys int, measure func(*testing.B, setting)) {
	b.Helper()
	perform(b, kind, func(b *testing.B, p peer.Peer) setting {
		b.Helper()
		s := open(b, p, false, keys)
		s.getAll(b, keys) // loads and stores
		return s
	}, measure, func(s setting) {
		s.getAll(b, keys)
		before := reads(b)
		s.getAll(b, keys)
		if asked := reads(b) - before; asked < int64(max(1, keys*9/10)) {
			b.Errorf("%s: Redis saw %d reads of %d keys: they come from memory", s.peer.ID, asked, keys)
		}
		// A few more are allowed: a machine that stands still for a second looks like a
		// Redis that does not answer.
		if n := s.source.Loads(); n > int64(keys+max(1, keys/100)) {
			b.Errorf("%s: %d loads of %d keys that lie in Redis", s.peer.ID, n, keys)
		}
		s.cache.Close()
	})
}
