package cache_test

import (
	"context"
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

// BenchmarkBareParallel is GET and PTTL pipelined without anything around them:
// what HitParallel is measured against.
func BenchmarkBareParallel(b *testing.B) {
	client := redistest.Shared(b).Client(b)
	key := prefix(b)
	cli(b, client, "SET", key, `{"id":1,"name":"Max","version":1}`, "EX", "600")
	b.ReportAllocs()
	b.SetParallelism(parallelism)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			replies := client.DoMulti(context.Background(),
				client.B().Get().Key(key).Build(), client.B().Pttl().Key(key).Build())
			if replies[0].Error() != nil || replies[1].Error() != nil {
				b.Error("no reply")
				return
			}
		}
	})
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
