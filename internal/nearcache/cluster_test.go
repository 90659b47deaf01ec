package nearcache_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// slotOf is the slot of a key.
func slotOf(t *testing.T, node *redistest.Server, key string) int {
	t.Helper()
	slot, err := strconv.Atoi(node.CLI(t, "CLUSTER", "KEYSLOT", key))
	if err != nil {
		t.Fatal(err)
	}
	return slot
}

// keyOf returns a key with this beginning that a node owns.
func keyOf(t *testing.T, node *redistest.Server, prefix string) string {
	t.Helper()
	for i := range 1000 {
		name := prefix + strconv.Itoa(i)
		if !strings.HasPrefix(node.CLI(t, "EXISTS", name), "(error) MOVED") {
			return name
		}
	}
	t.Fatal("no key of that node")
	return ""
}

func TestChangesOnEveryMasterAreReported(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	w := trackClient(t, cluster.Client(t), "a:", "{a:")
	w.state(t, true)
	if !w.Fresh(w.Now()) {
		t.Error("ready and not fresh")
	}
	for _, node := range cluster.Nodes() {
		name := keyOf(t, node, "a:")
		woken, stop := w.Watch(name)
		node.CLI(t, "SET", keyOf(t, node, "b:"), "x")
		node.CLI(t, "SET", name, "x")
		if got := receive(t, "push", w.changes); got != name {
			t.Errorf("pushed: %s, want %s", got, name)
		}
		receive(t, "wake", woken)
		stop()
	}
}

// A flush of one node, or the loss of the connection to one, is a gap for all.
func TestAGapOfOneMasterIsAGap(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	w := trackClient(t, cluster.Client(t), "a:")
	w.state(t, true)
	for _, command := range [][]string{{"FLUSHALL"}, {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}} {
		gaps := w.gaps.Load()
		cluster.Nodes()[1].CLI(t, command...)
		w.state(t, false)
		w.state(t, true)
		if w.gaps.Load() <= gaps {
			t.Errorf("%v was not reported", command)
		}
	}
}

// The others go on answering: the one that does not decides.
func TestOneFrozenMasterEndsFreshness(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	w := trackWithin(t, time.Second, cluster.Client(t), "a:")
	w.state(t, true)
	for _, node := range cluster.Nodes() {
		node.Freeze(t)
		frozen := w.Now()
		// The signal may take a moment.
		last := frozen + int64(time.Second) + int64(50*time.Millisecond)
		for now := w.Now(); w.Fresh(now); now = w.Now() {
			if now > last {
				t.Fatal("fresh for longer than a second after a master froze")
			}
			pause(t.Context(), time.Millisecond)
		}
		w.state(t, false)
		node.Thaw(t)
		w.state(t, true)
	}
}

// An election raises the epoch before its winner says anything: that must be enough.
func TestAnotherEpochIsAGap(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	w := trackClient(t, cluster.Client(t), "a:")
	w.state(t, true)
	gaps := w.gaps.Load()
	if got := cluster.Nodes()[0].CLI(t, "CLUSTER", "BUMPEPOCH"); !strings.HasPrefix(got, "BUMPED") {
		t.Fatal(got)
	}
	w.state(t, false)
	w.state(t, true)
	if w.gaps.Load() <= gaps {
		t.Error("no gap reported")
	}
}

// In an epoch that is nobody's an election may still be won, by votes given before
// anybody looked.
func TestAnEpochThatIsNobodysHasToSettle(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	node := cluster.AddMaster(t)
	node.CLI(t, "CLUSTER", "BUMPEPOCH")
	cluster.AwaitEpoch(t)
	id := node.ID(t)
	node.Kill(t)
	for _, other := range cluster.Nodes()[:3] {
		other.CLI(t, "CLUSTER", "FORGET", id)
	}
	began := time.Now()
	w := trackClient(t, cluster.Client(t), "a:")
	w.state(t, false)
	w.state(t, true)
	if waited := time.Since(began); waited < 4*time.Second {
		t.Errorf("ready after %v; elections take up to 4 s here", waited)
	}
}

func TestKilledMasterComesBack(t *testing.T) {
	t.Parallel()
	m, cluster := clusterMemory(t)
	node := cluster.Nodes()[2]
	node.Kill(t)
	m.lost("killed")
	node.Restart(t)
	m.works("restarted")
}

// A slot on its way to a node that owned nothing is written there before it belongs
// to it.
func TestSlotsMoveToANewMaster(t *testing.T) {
	t.Parallel()
	m, cluster := clusterMemory(t)
	var node *redistest.Server
	for try := 0; ; try++ {
		node = cluster.AddMaster(t)
		if m.tracker.Fresh(m.tracker.Now()) {
			break
		}
		if try == 3 {
			t.Fatal("a master without slots is no reason to forget")
		}
		m.works("after what may have been a pause of the machine")
	}
	from, slot := owner(t, cluster, key(0))
	cluster.BeginMove(t, slot, from, node)
	from.CLI(t, "DEL", key(0)) // from now on it is written at the new master
	m.passes(3 * bound)
	m.works("on its way")
	cluster.FinishMove(t, slot, from, node)
	m.passes(3 * bound)
	m.works("moved")
}

// owner finds who has a key.
func owner(t *testing.T, cluster *redistest.Cluster, key string) (*redistest.Server, int) {
	t.Helper()
	for _, node := range cluster.Nodes() {
		if !strings.HasPrefix(node.CLI(t, "EXISTS", key), "(error) MOVED") {
			return node, slotOf(t, node, key)
		}
	}
	t.Fatal("nobody has it")
	return nil, 0
}

func TestManualFailover(t *testing.T) {
	t.Parallel()
	m, cluster := clusterMemory(t)
	masters := cluster.Nodes()
	replica := cluster.AddReplica(t, masters[2])
	m.works("with a replica")
	for _, next := range []*redistest.Server{replica, masters[2]} {
		if got := next.CLI(t, "CLUSTER", "FAILOVER"); got != "OK" {
			t.Fatal(got)
		}
		m.lost("failover")
		cluster.AwaitMaster(t, next, cluster.Nodes()...)
		m.passes(2 * bound)
		m.works("after the failover")
	}
}

func TestReplicaOfAKilledMasterIsPromoted(t *testing.T) {
	t.Parallel()
	m, cluster := clusterMemory(t)
	masters := cluster.Nodes()
	replica := cluster.AddReplica(t, masters[1])
	masters[1].Kill(t)
	m.lost("killed")
	cluster.AwaitMaster(t, replica, replica, masters[0], masters[2])
	m.works("promoted")
	masters[1].Restart(t)
	m.passes(2 * bound)
	m.works("the old master is back, as a replica")
}

// The old master wakes up with questions in its ears, and answers them before it
// learns that it was replaced. The client of this test has not noticed either.
func TestFrozenMasterWakesUpReplaced(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	masters := cluster.Nodes()
	replica := cluster.AddReplica(t, masters[0])
	patient := cluster.Client(t, func(o *rueidis.ClientOption) {
		o.Dialer.KeepAlive, o.ConnWriteTimeout, o.AlwaysPipelining = time.Minute, time.Minute, true
	})
	m := remember(t, patient, cluster.Client(t), 12)
	m.works("at first")
	for _, node := range cluster.Nodes() { // otherwise they say CLUSTERDOWN, and the client looks around
		node.CLI(t, "CONFIG", "SET", "cluster-require-full-coverage", "no")
	}
	masters[0].Freeze(t)
	m.lost("frozen")
	cluster.AwaitMaster(t, replica, replica, masters[1], masters[2])
	asked := 0
	for range 60 {
		m.passes(bound / 10)
		fresh := m.tracker.Fresh(m.tracker.Now())
		if _, listed := m.client.Nodes()[masters[0].Addr()]; listed {
			asked++
			if fresh {
				t.Fatal("fresh, and the client may ask the frozen one")
			}
		}
	}
	if asked == 0 {
		t.Error("the client found out by itself: the test proves nothing")
	}
	masters[0].Thaw(t)
	m.passes(3 * bound)
	m.works("awake")
}

// Behind a proxy, or with host names, a client may know nodes by addresses that they
// do not know themselves.
func TestNodesBehindOtherAddresses(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	for _, node := range cluster.Nodes() {
		node.CLI(t, "CONFIG", "SET", "cluster-preferred-endpoint-type", "unknown-endpoint")
	}
	client := cluster.Client(t, func(o *rueidis.ClientOption) {
		for i, addr := range o.InitAddress {
			o.InitAddress[i] = strings.Replace(addr, "127.0.0.1", "localhost", 1)
		}
	})
	for addr := range client.Nodes() {
		if !strings.HasPrefix(addr, "localhost:") {
			t.Fatalf("the client knows %s: the test proves nothing", addr)
		}
	}
	w := trackClient(t, client, "a:")
	w.state(t, true)
	for _, node := range cluster.Nodes() {
		name := keyOf(t, node, "a:")
		node.CLI(t, "SET", name, "x")
		if got := receive(t, "push", w.changes); got != name {
			t.Errorf("pushed: %s, want %s", got, name)
		}
	}
}

func TestTrackerOfADeadClusterCloses(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	w := trackWithin(t, time.Second, cluster.Client(t), "a:")
	w.state(t, true)
	for _, node := range cluster.Nodes() {
		node.Freeze(t)
	}
	w.state(t, false)
	closed := make(chan struct{})
	go func() {
		w.Close()
		close(closed)
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	select {
	case <-closed:
	case <-ctx.Done():
		t.Error("not closed after 30 s")
	}
	for _, node := range cluster.Nodes() {
		node.Thaw(t)
	}
}
