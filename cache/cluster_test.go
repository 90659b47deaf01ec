package cache_test

import (
	"testing"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// In a cluster every script and every command must keep to one slot, and many keys
// at once must reach their nodes.
func TestClusterIsServed(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	db := newDatabase()
	var ids []int64
	for id := int64(1); id <= 50; id++ {
		db.write(id)
		ids = append(ids, id)
	}
	c := open(t, cluster.Client(t), "cache:user", db.load, patient(cache.Options{}))
	other := open(t, cluster.Client(t), "cache:user", db.load, patient(cache.Options{}))
	for round := range 2 {
		many, err := c.GetMany(t.Context(), ids)
		if err != nil || len(many) != 50 {
			t.Fatalf("round %d: %d values, %v", round, len(many), err)
		}
	}
	if s := c.Stats(); s.Loads != 50 || s.Fills != 50 || s.Hits != 50 {
		t.Errorf("stats: %+v", s)
	}
	for _, id := range ids {
		db.write(id)
	}
	if err := c.Invalidate(t.Context(), ids...); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		want := int64(2)
		if id == 1 {
			want = 3
		}
		if u, err := other.Get(t.Context(), id); version(t, u, err) != want {
			t.Errorf("user %d: %+v", id, u)
		}
	}
	if e, err := c.Refresh(t.Context(), 7); version(t, e.Value, err) != 2 || e.TTL == 0 {
		t.Errorf("refreshed: %+v", e)
	}
}
