package bench_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/speedlayer/speedlayer/bench/peer"
	"github.com/speedlayer/speedlayer/bench/redisserver"
	"github.com/speedlayer/speedlayer/bench/work"
)

var (
	// rotate lets another contestant begin, so that over several runs none always
	// comes first.
	rotate = flag.Int("rotate", 0, "which contestant begins")
	// redis is the one server of this process.
	redis    *redisserver.Server
	prefixes atomic.Int64
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if redis, err = redisserver.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer redis.Stop()
	return m.Run()
}

// contestants are those who can do a kind of work, in this run's order.
func contestants(kind work.Kind) []peer.Peer {
	able := peer.Able(kind)
	n := *rotate % len(able)
	return append(able[n:len(able):len(able)], able[:n]...)
}

// setting is a contestant at work: its cache, and the source behind it.
type setting struct {
	peer   peer.Peer
	source *work.Source
	cache  peer.Cache
}

// open gives a contestant an empty key space.
func open(b *testing.B, p peer.Peer, local bool, keys int) setting {
	b.Helper()
	s := setting{peer: p, source: &work.Source{}}
	s.cache = openBeside(b, p, s.source, prefix(p), local, keys)
	return s
}

func openBeside(b *testing.B, p peer.Peer, source *work.Source, prefix string, local bool, keys int) peer.Cache {
	b.Helper()
	c, err := p.Open(peer.Options{
		Addr: redis.Addr(), Prefix: prefix, Load: source.Load, Local: local, Keys: keys,
	})
	if err != nil {
		b.Fatalf("%s: %v", p.ID, err)
	}
	return c
}

func prefix(p peer.Peer) string { return fmt.Sprintf("bench-%s-%d", p.ID, prefixes.Add(1)) }

// perform runs a sub-benchmark for each contestant. What it prepares is made with the
// first call of the sub-benchmark, not before: a contestant that -bench leaves out
// costs nothing and is in no profile. finish is called where it took part.
func perform[T any](b *testing.B, kind work.Kind, prepare func(*testing.B, peer.Peer) T, measure func(*testing.B, T), finish func(T)) {
	b.Helper()
	for _, p := range contestants(kind) {
		var prepared *T
		b.Run(p.ID, func(b *testing.B) {
			if prepared == nil {
				prepared = new(prepare(b, p))
			}
			b.ResetTimer()
			measure(b, *prepared)
		})
		if prepared != nil {
			finish(*prepared)
		}
	}
}

// reads is how many values Redis was asked for so far.
func reads(b *testing.B) int64 {
	b.Helper()
	n, err := redis.Reads(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// get reads a user and says what is wrong with it.
func (s setting) get(ctx context.Context, id int64) error {
	u, err := s.cache.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("%s: user %d: %w", s.peer.ID, id, err)
	}
	if want := s.source.Want(id); u != want {
		return fmt.Errorf("%s: user %d is %+v, want %+v", s.peer.ID, id, u, want)
	}
	return nil
}

// getAll reads the users from 1 to keys, 64 at a time.
func (s setting) getAll(b *testing.B, keys int) {
	b.Helper()
	var next atomic.Int64
	done := make(chan error)
	const readers = 64
	for range readers {
		go func() {
			for {
				id := next.Add(1)
				if id > int64(keys) {
					done <- nil
					return
				}
				if err := s.get(context.Background(), id); err != nil {
					done <- err
					return
				}
			}
		}()
	}
	var failed error
	for range readers {
		if err := <-done; err != nil {
			failed = err
		}
	}
	if failed != nil {
		b.Fatal(failed)
	}
}

// readParallel is the loop of the parallel rows: each goroutine walks through the
// keys in a stride of its own. It looks at the id and the length of what it gets;
// before and after, getAll compares everything.
func (s setting) readParallel(b *testing.B, keys int) {
	b.Helper()
	ctx := context.Background()
	var goroutines atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		n := uint64(goroutines.Add(1)) * 7919
		for pb.Next() {
			n += 6151 // prime to both numbers of keys
			id := int64(n%uint64(keys)) + 1
			u, err := s.cache.Get(ctx, id)
			if err != nil || u.ID != id || len(u.Email) < len("max@example.com") {
				b.Errorf("%s: user %d is %+v (%v)", s.peer.ID, id, u, err)
				return
			}
		}
	})
}

// atOnce makes RunParallel use about n goroutines, whatever the number of cores.
func atOnce(b *testing.B, n int) {
	b.Helper()
	b.SetParallelism(max(1, n/runtime.GOMAXPROCS(0)))
}

// TestRowsHaveBenchmarks: a row whose benchmark was renamed would be missing in
// the table.
func TestRowsHaveBenchmarks(t *testing.T) {
	t.Parallel()
	for _, row := range work.Rows() {
		if benchmarks[row.Benchmark] == nil {
			t.Errorf("row %q names %s, which is not in the list", row.Title, row.Benchmark)
		}
	}
	for _, p := range peer.All() {
		for name := range p.Remarks {
			if benchmarks[name] == nil {
				t.Errorf("%s has a remark about %s, which is not in the list", p.ID, name)
			}
		}
	}
}

// benchmarks are those that the table has rows for.
var benchmarks = map[string]func(*testing.B){
	"BenchmarkLocalHit":              BenchmarkLocalHit,
	"BenchmarkLocalHitParallel":      BenchmarkLocalHitParallel,
	"BenchmarkLocalHit10000Parallel": BenchmarkLocalHit10000Parallel,
	"BenchmarkRedisHit":              BenchmarkRedisHit,
	"BenchmarkRedisHit10000":         BenchmarkRedisHit10000,
	"BenchmarkRedisMany100":          BenchmarkRedisMany100,
	"BenchmarkReload":                BenchmarkReload,
	"BenchmarkStampede":              BenchmarkStampede,
}
