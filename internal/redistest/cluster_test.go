package redistest_test

import (
	"strconv"
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

func TestClusterServesAllSlots(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	c := cluster.Client(t)
	if c.Mode() != rueidis.ClientModeCluster {
		t.Errorf("the client's mode is %s", c.Mode())
	}
	for i := range 100 {
		key := "k" + strconv.Itoa(i)
		if err := c.Do(t.Context(), c.B().Set().Key(key).Value("v").Build()).Error(); err != nil {
			t.Fatalf("SET %s: %v", key, err)
		}
	}
	for _, node := range cluster.Nodes() {
		if n := node.CLI(t, "DBSIZE"); n == "0" {
			t.Errorf("node %s got no key", node.Addr())
		}
	}
}
