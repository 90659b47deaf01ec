package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// Wherever a session and its epoch lie, memory answers for both.
func TestHotLookupsInAClusterAskNobody(t *testing.T) {
	t.Parallel()
	tm := newTeam(t, redistest.StartCluster(t, 3), session.Options{})
	var claims []*claim
	for at := range 3 {
		claims = append(claims, tm.apart(t, at, (at+1)%3), tm.apart(t, at, (at+2)%3))
	}
	tm.heat(t, claims...)
}

// Revocations on any node reach the memories of all managers, also those that begin
// with a change of another node: of RevokeOthers, and of Rotate.
func TestRevocationReachesAllManagersInACluster(t *testing.T) {
	t.Parallel()
	tm := newTeam(t, redistest.StartCluster(t, 3), session.Options{MaxStaleness: time.Second})
	rounds := 5
	if long() {
		rounds = 100
	}
	for name := range revocations(nil, "") {
		var slowest time.Duration
		for i := range rounds {
			c := tm.apart(t, i%3, (i+1+i%2)%3)
			stays := tm.apart(t, (i+1)%3, i%3)
			tm.heat(t, c, stays)
			by := tm.maker
			if i%2 == 1 {
				by = tm.members[i%3]
			}
			if err := c.revoke(func() error { return revocations(c.s, c.token)[name](t.Context(), by) }); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			slowest = max(slowest, tm.awaitOver(t, c))
			if name != "everyone" {
				tm.heat(t, stays)
			}
		}
		t.Logf("%s: %d times, last found in memory %v after it was confirmed", name, rounds, slowest)
	}
	tm.maker.checkKeys(t)
}

// The master of the sessions, of their epochs, or of neither stands still. What the
// other masters confirm counts all the same, memory is silent once it may be too old,
// and nobody is logged out.
func TestFrozenMasterOfACluster(t *testing.T) {
	t.Parallel()
	const sessions, epochs, indexes = 0, 1, 2
	cluster := redistest.StartCluster(t, 3)
	tm := newTeam(t, cluster, session.Options{
		MaxStaleness: time.Second, RedisTimeout: 300 * time.Millisecond, // nobody touches: that empties memories too
	})
	for name, node := range map[string]int{"sessions": sessions, "epochs": epochs, "indexes": indexes} {
		healed := func() { // the Cluster, after the node that was frozen before
			eventually(t, func() bool { _, _, err := tm.maker.tryLogin(t.Context(), "probe"); return err == nil })
		}
		healed()
		c, lives := tm.apart(t, sessions, epochs), tm.apart(t, sessions, epochs)
		tm.heat(t, c, lives)
		end := tm.watch(t, c, lives)
		freeze(t, cluster.Nodes()[node])
		frozen := time.Now()
		way := "revoke"
		if node == sessions {
			way = "revoke all"
		}
		if err := c.revoke(func() error { return revocations(c.s, c.token)[way](t.Context(), tm.maker) }); err != nil {
			t.Logf("%s frozen: the revocation on another node was not confirmed: %v", name, err)
		}
		eventually(t, func() bool { return time.Since(frozen) > tm.bound })
		hits := tm.hits()
		other := cluster.Nodes()[(node+1)%3]
		eventually(t, func() bool { return strings.Contains(other.CLI(t, "CLUSTER", "INFO"), "cluster_state:fail") })
		tm.awaitTries(t, c, lives)
		if n := tm.hits() - hits; n != 0 {
			t.Errorf("%s frozen: %d lookups were answered from memories that may be too old", name, n)
		}
		cluster.Nodes()[node].Thaw(t)
		healed()
		if c.over.Load() == 0 {
			eventually(t, func() bool {
				return c.revoke(func() error { return tm.maker.Revoke(t.Context(), c.token) }) == nil
			})
		}
		tm.awaitOver(t, c)
		tm.heat(t, lives)
		end()
	}
}
