package cache_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/internal/redisx"
)

const clusterUsers = 20 // enough to have some on each of three masters

func manyUsers() (db *database, ids []int64) {
	db = newDatabase()
	for id := int64(1); id <= clusterUsers; id++ {
		db.write(id)
		ids = append(ids, id)
	}
	return db, ids
}

func TestLocalTierInACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	db, ids := manyUsers()
	c := near(t, cluster.Client(t), "u", db.load, cache.Options{})
	other := open(t, cluster.Client(t), "u", db.load, patient(cache.Options{}))
	old := map[int64]int64{}
	for _, id := range ids {
		old[id] = warm(t, c, id).Value.Version
		db.write(id)
	}
	if err := other.Invalidate(t.Context(), ids...); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		eventually(t, "another process's change shows", func() bool {
			u, err := c.Get(t.Context(), id)
			return version(t, u, err) == old[id]+1
		})
		if e := warm(t, c, id); e.Value.Version != old[id]+1 {
			t.Errorf("user %d: %+v", id, e)
		}
	}
}

// The client of an application may be made while Redis is away, and turns out to be
// one of a cluster later.
func TestLocalTierOfALazyClientInACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	opt, err := redisx.ParseURL(cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redisx.Open(opt, redisx.LazyOptions{})
	t.Cleanup(client.Close)
	db, ids := manyUsers()
	c := open(t, client, "u", db.load, patient(cache.Options{LocalBytes: 1 << 20}))
	if c.Stats().LocalReady {
		t.Error("ready without Redis")
	}
	eventually(t, "connected", func() bool { return client.TryConnect(t.Context()) == nil })
	ready(t, c)
	for _, id := range ids {
		warm(t, c, id)
	}
}

// While a replica takes over, nobody reads from memory what another process replaced
// more than a second before.
func TestLocalTierThroughAFailover(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	master := cluster.Nodes()[0]
	replica := cluster.AddReplica(t, master)
	db, ids := manyUsers()
	c := near(t, cluster.Client(t), "u", db.load, cache.Options{})
	other := open(t, cluster.Client(t), "u", db.load, cache.Options{})
	for _, id := range ids {
		warm(t, c, id)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	for _, id := range ids {
		all.Go(func() {
			for ctx.Err() == nil {
				v := db.write(id)
				if other.Invalidate(ctx, id) != nil {
					continue
				}
				confirmed := time.Now()
				tick := time.NewTicker(2 * time.Millisecond)
				for ctx.Err() == nil && time.Since(confirmed) < 1500*time.Millisecond {
					began := time.Now()
					e, err := c.Lookup(ctx, id)
					if err == nil && e.Source == cache.SourceLocal && e.Value.Version < v && began.Sub(confirmed) > time.Second {
						t.Errorf("user %d: version %d from memory, %v after %d was confirmed", id, e.Value.Version, began.Sub(confirmed), v)
						return
					}
					<-tick.C
				}
				tick.Stop()
			}
		})
	}
	losses := c.Stats().LocalLosses
	replica.CLI(t, "CLUSTER", "FAILOVER")
	eventually(t, "the failover is noticed", func() bool { return c.Stats().LocalLosses > losses })
	cluster.AwaitMaster(t, replica, cluster.Nodes()...)
	ready(t, c)
	before := c.Stats().LocalHits
	eventually(t, "memory is read again", func() bool { return c.Stats().LocalHits > before+1000 })
	cancel()
	all.Wait()
	for _, id := range ids {
		warm(t, c, id)
	}
}
