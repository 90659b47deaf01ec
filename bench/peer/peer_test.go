package peer_test

import (
	"testing"

	"github.com/speedlayer/speedlayer/bench/peer"
	"github.com/speedlayer/speedlayer/bench/work"
)

func TestEachContestantHasAReasonOrTheAbility(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, p := range peer.All() {
		if p.ID == "" || p.Name == "" || p.Module == "" || p.Open == nil || seen[p.ID] {
			t.Errorf("%+v is incomplete, or its ID is taken", p)
		}
		seen[p.ID] = true
		if len(p.Cannot) == 5 {
			t.Errorf("%s takes part in nothing", p.ID)
		}
	}
}

// TestOnlyPeersMayBeStale: an excuse for speedlayer would hide what it promises.
func TestOnlyPeersMayBeStale(t *testing.T) {
	t.Parallel()
	us := peer.All()[0]
	if us.ID != "speedlayer" || us.Stale != "" || len(us.Cannot) > 0 {
		t.Errorf("speedlayer comes first and has no excuses: %+v", us)
	}
}

func TestAbleLeavesOutThoseWithAReason(t *testing.T) {
	t.Parallel()
	for _, p := range peer.Able(work.Local) {
		if p.ID == "rueidis-get" || p.ID == "bare" {
			t.Errorf("%s has no local tier", p.ID)
		}
	}
	if n := len(peer.Able(work.Local)); n != 5 {
		t.Errorf("%d contestants have a local tier, want 5", n)
	}
}
