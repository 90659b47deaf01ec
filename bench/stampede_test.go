package bench_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/peer"
	"github.com/speedlayer/speedlayer/bench/work"
)

const (
	crowd   = 1000 // readers of one cold key
	clients = 4    // that they are spread over, as over processes
	// query is how long a load takes: a database that has something to do.
	query = 20 * time.Millisecond
)

// crowded is four clients of a contestant that share a source and a key space.
type crowded struct {
	caches []setting
	source *work.Source
	next   *int64 // an id that nobody has read yet
}

// BenchmarkStampede lets a crowd read a cold key at the same moment and counts how
// often the source is asked. The time per operation is that until all have the value.
func BenchmarkStampede(b *testing.B) {
	perform(b, work.Stampede, func(b *testing.B, p peer.Peer) crowded {
		b.Helper()
		c := crowded{source: &work.Source{Delay: query}, next: new(int64)}
		shared := prefix(p)
		for range clients {
			s := setting{p, c.source, openBeside(b, p, c.source, shared, p.Local(), 10_000)}
			if err := s.get(context.Background(), 0); err != nil { // connects
				b.Fatal(err)
			}
			c.caches = append(c.caches, s)
		}
		return c
	}, func(b *testing.B, c crowded) {
		b.Helper()
		n, before := 0, c.source.Loads()
		for b.Loop() {
			n++
			*c.next++
			stampede(b, c.caches, *c.next)
		}
		loads := float64(c.source.Loads()-before) / float64(n)
		b.ReportMetric(loads, "loads/op")
		if id := c.caches[0].peer.ID; id == "speedlayer" && loads != 1 {
			b.Errorf("%v loads of one cold key, want 1", loads)
		}
	}, func(c crowded) {
		for _, s := range c.caches {
			s.cache.Close()
		}
	})
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
