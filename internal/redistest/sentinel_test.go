package redistest_test

import (
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

func TestSentinelPromotesAReplicaWithTheDataThatItHas(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t, 1)
	master, replica := s.Nodes()[0], s.Nodes()[1]
	c := s.Client(t)
	if c.Mode() != rueidis.ClientModeSentinel {
		t.Errorf("the client's mode is %s", c.Mode())
	}
	master.CLI(t, "SET", "k", "old")
	for deadline := time.Now().Add(20 * time.Second); replica.CLI(t, "GET", "k") != "old"; {
		if time.Now().After(deadline) {
			t.Fatal("the replica does not follow")
		}
	}
	master.CutOff(t, replica)
	if err := c.Do(t.Context(), c.B().Set().Key("k").Value("new").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	master.Kill(t)
	s.AwaitMaster(t, replica)
	if got := replica.CLI(t, "GET", "k"); got != "old" {
		t.Errorf("the promoted replica has %q, want old", got)
	}
}
