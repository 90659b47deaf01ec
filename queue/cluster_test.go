package queue_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// home is a queue's slot and the master that has its keys.
func home(t *testing.T, nodes []*redistest.Server, q *queue.Queue) (slot string, at int) {
	t.Helper()
	slot = nodes[0].CLI(t, "CLUSTER", "KEYSLOT", q.Name())
	for i, node := range nodes {
		if node.CLI(t, "CLUSTER", "COUNTKEYSINSLOT", slot) != "0" {
			return slot, i
		}
	}
	t.Fatalf("no node has a key of %s", q.Name())
	return "", 0
}

// TestQueueGoesOnWhileItsSlotMoves moves the slot as a person does who reshards: keys
// go one by one, and while a queue's keys are on two nodes Redis refuses its scripts.
// The last time that takes longer than a lease, which workers cannot renew meanwhile.
func TestQueueGoesOnWhileItsSlotMoves(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	l := startLoad(t, func() rueidis.Client { return cluster.Client(t) })
	l.awaitWork(t, 20)
	nodes := cluster.Nodes()
	name, at := home(t, nodes, l.q)
	slot, err := strconv.Atoi(name)
	if err != nil {
		t.Fatal(err)
	}
	rounds := 3
	if long() {
		rounds = 60
	}
	var slowest time.Duration
	for round := range rounds {
		from, to := nodes[at], nodes[(at+1)%len(nodes)]
		at = (at + 1) % len(nodes)
		last := round == rounds-1
		if last {
			enqueue(t, l.q, longTask)
			eventually(t, "the long task runs", func() bool { return l.ran([]string{longTask}) == 1 })
		}
		begun := time.Now()
		cluster.BeginMove(t, slot, from, to)
		for range 12 {
			cluster.MoveKeys(t, slot, 1, from, to)
			l.awaitRefusal(t)
		}
		for last && time.Since(begun) < loadLease+time.Second {
			l.awaitRefusal(t)
		}
		cluster.FinishMove(t, slot, from, to)
		slowest = max(slowest, l.awaitWork(t, 20))
	}
	close(l.release)
	again := l.judge(t, append(l.acknowledged.all(), longTask))
	t.Logf("%d tasks acknowledged, %d runs more than due, back at work %v after a move at most; producers' errors: %s",
		l.acknowledged.len(), again, slowest.Round(time.Millisecond), l.refusals())
	if again > 0 {
		t.Errorf("%d tasks ran twice, and nobody died", again)
	}
}

// The tasks that a replica had when its master was killed, or stood still, are run. What
// was acknowledged after that may be lost, and what was finished after that may run
// again: Redis replicates asynchronously.
func TestQueueGoesOnAfterAFailoverOfItsNode(t *testing.T) {
	t.Parallel()
	for name, freezes := range map[string]bool{"killed": false, "frozen": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := redistest.StartCluster(t, 3)
			l := startLoad(t, func() rueidis.Client { return cluster.Client(t) })
			l.awaitWork(t, 20)
			_, at := home(t, cluster.Nodes(), l.q)
			master := cluster.Nodes()[at]
			replica := cluster.AddReplica(t, master)
			enqueue(t, l.q, longTask)
			eventually(t, "the long task runs", func() bool { return l.ran([]string{longTask}) == 1 })
			must := l.acknowledgedByReplica(t, master)
			struck := time.Now()
			if freezes {
				master.Freeze(t)
			} else {
				master.Kill(t)
			}
			cluster.AwaitMaster(t, replica, replica)
			promoted := time.Since(struck)
			back := l.awaitWork(t, 20)
			if freezes {
				master.Thaw(t) // it finds in its buffers what is not for it any more
				l.awaitWork(t, 20)
			}
			close(l.release)
			again := l.judge(t, append(must, longTask))
			all := l.acknowledged.all()
			t.Logf("%d tasks acknowledged, %d of which the replica had for certain; %d lost, %d runs more than due; "+
				"promoted after %v, back at work %v later; producers' errors: %s",
				len(all), len(must), len(all)-l.ran(all), again, promoted.Round(time.Millisecond), back.Round(time.Millisecond), l.refusals())
		})
	}
}

// In an orderly failover the replica asks its master to stand still and takes everything
// over: nothing is lost, and nothing runs twice.
func TestOrderlyFailoverLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	l := startLoad(t, func() rueidis.Client { return cluster.Client(t) })
	l.awaitWork(t, 20)
	_, at := home(t, cluster.Nodes(), l.q)
	master := cluster.Nodes()[at]
	replica := cluster.AddReplica(t, master)
	enqueue(t, l.q, longTask)
	eventually(t, "the long task runs", func() bool { return l.ran([]string{longTask}) == 1 })
	rounds := 1
	if long() {
		rounds = 5
	}
	var slowest time.Duration
	for range rounds {
		var asked time.Time
		eventually(t, "promoted", func() bool {
			if strings.HasPrefix(replica.CLI(t, "ROLE"), "master") {
				return true
			}
			if time.Since(asked) > 6*time.Second { // it gives up after five
				asked = time.Now()
				replica.CLI(t, "CLUSTER", "FAILOVER")
			}
			return false
		})
		cluster.AwaitMaster(t, replica, cluster.Nodes()...)
		slowest = max(slowest, l.awaitWork(t, 20))
		master, replica = replica, master
		eventually(t, "the former master follows", func() bool {
			return strings.Contains(replica.CLI(t, "INFO", "replication"), "master_link_status:up")
		})
	}
	close(l.release)
	again := l.judge(t, append(l.acknowledged.all(), longTask))
	t.Logf("%d tasks acknowledged, %d runs more than due, back at work %v after a failover at most; producers' errors: %s",
		l.acknowledged.len(), again, slowest.Round(time.Millisecond), l.refusals())
	if again > 0 {
		t.Errorf("%d tasks ran twice, and nobody died", again)
	}
}
