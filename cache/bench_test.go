package cache_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// parallelism times the number of cores is how many goroutines read at once: 64 on
// two cores.
const parallelism = 32

func BenchmarkHit(b *testing.B) {
	c, _ := shared(b, newDatabase().load, cache.Options{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Get(b.Context(), 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHitParallel(b *testing.B) {
	c, _ := shared(b, newDatabase().load, cache.Options{})
	if _, err := c.Get(b.Context(), 1); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetParallelism(parallelism)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Get(context.Background(), 1); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// manyKeys is how many keys are read where it is not one.
const manyKeys = 10_000

// BenchmarkHitKeysParallel reads many keys, so that hardly any two reads of one
// moment are of the same.
func BenchmarkHitKeysParallel(b *testing.B) {
	c, _ := shared(b, func(_ context.Context, id int64) (user, error) {
		return user{ID: id, Name: "Max", Version: 1}, nil
	}, cache.Options{})
	ids := make([]int64, manyKeys)
	for i := range ids {
		ids[i] = int64(i)
	}
	if err := c.Warm(b.Context(), ids...); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetParallelism(parallelism)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for id := rand.Int64N(manyKeys); pb.Next(); id = (id + 7919) % manyKeys {
			if u, err := c.Get(context.Background(), id); err != nil || u.ID != id {
				b.Error(u, err)
				return
			}
		}
	})
}

// BenchmarkBareHit is what Hit is measured against.
func BenchmarkBareHit(b *testing.B) {
	client, key := bare(b)
	b.ReportAllocs()
	for b.Loop() {
		readBare(b, client, key)
	}
}

// BenchmarkBareParallel is GET and PTTL pipelined without anything around them:
// what HitParallel is measured against. It does not matter here how many keys there
// are.
func BenchmarkBareParallel(b *testing.B) {
	client, key := bare(b)
	b.ReportAllocs()
	b.SetParallelism(parallelism)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			readBare(b, client, key)
		}
	})
}

func bare(b *testing.B) (client rueidis.Client, key string) {
	b.Helper()
	client, key = redistest.Shared(b).Client(b), prefix(b)
	cli(b, client, "SET", key, `{"id":1,"name":"Max","version":1}`, "EX", "600")
	return client, key
}

func readBare(b *testing.B, client rueidis.Client, key string) {
	b.Helper()
	replies := client.DoMulti(context.Background(),
		client.B().Get().Key(key).Build(), client.B().Pttl().Key(key).Build())
	if replies[0].Error() != nil || replies[1].Error() != nil {
		b.Error("no reply")
	}
}

func BenchmarkGetMany100(b *testing.B) {
	c, _ := shared(b, func(_ context.Context, id int64) (user, error) { return user{ID: id}, nil }, cache.Options{})
	ids := make([]int64, 100)
	for i := range ids {
		ids[i] = int64(i)
	}
	b.ReportAllocs()
	for b.Loop() {
		if many, err := c.GetMany(b.Context(), ids); err != nil || len(many) != 100 {
			b.Fatal(len(many), err)
		}
	}
}

func BenchmarkInvalidateAndLoad(b *testing.B) {
	c, _ := shared(b, newDatabase().load, cache.Options{})
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Invalidate(b.Context(), 1); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Get(b.Context(), 1); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWithoutRedisParallel is what a read costs beside the loader while the
// breaker is open.
func BenchmarkWithoutRedisParallel(b *testing.B) {
	m := &meddler{Client: redistest.Shared(b).Client(b)}
	m.meddle(func(string) error { return rueidis.ErrClosing }, nil)
	c := open(b, m, prefix(b), newDatabase().load, cache.Options{})
	b.ReportAllocs()
	b.SetParallelism(parallelism)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Get(context.Background(), 1); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
