package bench_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/work"
)

const (
	crowd   = 1000 // readers of one cold key
	clients = 4    // that they are spread over, as over processes
	// query is how long a load takes: a database that has something to do.
	query = 20 * time.Millisecond
)

// BenchmarkStampede lets a crowd read a cold key at the same moment and counts how
// often the source is asked. The time per operation is that until all have the value.
func BenchmarkStampede(b *testing.B) {
	for _, p := range contestants(work.Stampede) {
		source := &work.Source{Delay: query}
		shared := prefix(p)
		caches := make([]setting, clients)
		for i := range caches {
			caches[i] = setting{p, source, openBeside(b, p, source, shared, p.Local(), 10_000)}
		}
		// An id that nobody has read yet, across all the times that b.Run calls.
		var id int64
		for _, s := range caches {
			if err := s.get(context.Background(), id); err != nil { // connects
				b.Fatal(err)
			}
		}
		b.Run(p.ID, func(b *testing.B) {
			n, before := 0, source.Loads()
			for b.Loop() {
				n++
				id++
				stampede(b, caches, id)
			}
			loads := float64(source.Loads()-before) / float64(n)
			b.ReportMetric(loads, "loads/op")
			if p.ID == "speedlayer" && loads != 1 {
				b.Errorf("%v loads of one cold key, want 1", loads)
			}
		})
		for _, s := range caches {
			s.cache.Close()
		}
	}
}

func stampede(b *testing.B, caches []setting, id int64) {
	b.Helper()
	start := make(chan struct{})
	failed := make(chan error, crowd)
	var group sync.WaitGroup
	for i := range crowd {
		s := caches[i%len(caches)]
		group.Go(func() {
			<-start
			if err := s.get(context.Background(), id); err != nil {
				failed <- fmt.Errorf("reader %d: %w", i, err)
			}
		})
	}
	close(start)
	group.Wait()
	select {
	case err := <-failed:
		b.Fatal(err)
	default:
	}
}
