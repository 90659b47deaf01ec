package redistest

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ID is the node's name in its cluster.
func (s *Server) ID(tb testing.TB) string {
	tb.Helper()
	return s.CLI(tb, "CLUSTER", "MYID")
}

// AddMaster adds a master without slots and waits until all nodes know it. Every
// node must be well.
func (c *Cluster) AddMaster(tb testing.TB) *Server {
	tb.Helper()
	node := startNode(tb)
	c.nodes[0].meet(tb, node)
	c.nodes = append(c.nodes, node)
	c.awaitOK(tb)
	return node
}

// AddReplica adds a replica of a node and waits until all nodes tell clients of it.
func (c *Cluster) AddReplica(tb testing.TB, master *Server) *Server {
	tb.Helper()
	node := c.AddMaster(tb)
	node.must(tb, "CLUSTER", "REPLICATE", master.ID(tb))
	await(tb, "a replica follows", func() bool {
		for _, eye := range c.nodes {
			if !strings.Contains(flagsOf(tb, eye, node), "slave") ||
				!strings.Contains(eye.CLI(tb, "CLUSTER", "SLOTS"), node.ID(tb)) {
				return false
			}
		}
		return true
	})
	return node
}

// AwaitMaster waits until a node is a master in the eyes of these nodes.
func (c *Cluster) AwaitMaster(tb testing.TB, node *Server, eyes ...*Server) {
	tb.Helper()
	await(tb, "promoted", func() bool {
		for _, eye := range eyes {
			if flags := flagsOf(tb, eye, node); !strings.Contains(flags, "master") {
				return false
			}
		}
		return true
	})
}

// AwaitEpoch waits until all nodes have heard of the same current epoch.
func (c *Cluster) AwaitEpoch(tb testing.TB) {
	tb.Helper()
	await(tb, "one epoch", func() bool {
		epochs := map[string]bool{}
		for _, node := range c.nodes {
			_, epoch, _ := strings.Cut(node.CLI(tb, "CLUSTER", "INFO"), "cluster_current_epoch:")
			epoch, _, _ = strings.Cut(epoch, "\r\n")
			epochs[epoch] = true
		}
		return len(epochs) == 1
	})
}

// BeginMove prepares to move a slot: from then on clients that ask for what is not
// there any more are sent on. FinishMove ends it.
func (c *Cluster) BeginMove(tb testing.TB, slot int, from, to *Server) {
	tb.Helper()
	s := strconv.Itoa(slot)
	to.must(tb, "CLUSTER", "SETSLOT", s, "IMPORTING", from.ID(tb))
	from.must(tb, "CLUSTER", "SETSLOT", s, "MIGRATING", to.ID(tb))
}

// MoveKeys moves at most n keys of a slot that is on its way, all in one step, and
// reports whether there may be more.
func (c *Cluster) MoveKeys(tb testing.TB, slot, n int, from, to *Server) (more bool) {
	tb.Helper()
	keys := from.CLI(tb, "CLUSTER", "GETKEYSINSLOT", strconv.Itoa(slot), strconv.Itoa(n))
	if keys == "" {
		return false
	}
	args := []string{"MIGRATE", "127.0.0.1", strconv.Itoa(to.port), "", "0", "5000", "KEYS"}
	if got := from.CLI(tb, append(args, strings.Split(keys, "\n")...)...); got != "OK" && got != "NOKEY" {
		tb.Fatalf("MIGRATE: %s", got)
	}
	return true
}

// FinishMove moves the keys of a slot and then the slot itself.
func (c *Cluster) FinishMove(tb testing.TB, slot int, from, to *Server) {
	tb.Helper()
	for c.MoveKeys(tb, slot, 100, from, to) {
	}
	for _, node := range []*Server{to, from} {
		node.must(tb, "CLUSTER", "SETSLOT", strconv.Itoa(slot), "NODE", to.ID(tb))
	}
}

// flagsOf is what one node thinks that another one is.
func flagsOf(tb testing.TB, eye, node *Server) string {
	tb.Helper()
	for line := range strings.Lines(eye.CLI(tb, "CLUSTER", "NODES")) {
		if fields := strings.Fields(line); len(fields) > 2 && strings.HasPrefix(fields[1], node.Addr()+"@") {
			return fields[2]
		}
	}
	return ""
}

func await(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			tb.Fatalf("%v passed and not yet: %s", startTimeout, what)
		case <-tick.C:
		}
	}
}
