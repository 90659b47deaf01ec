package redistest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/supervise"
)

const clusterSlots = 16384

// Cluster is a running Redis Cluster, of masters without replicas at first.
type Cluster struct {
	nodes []*Server
}

// StartCluster starts a cluster of this many masters (three or more), which share
// the slots evenly, and waits until every node says that the cluster is well. It
// stops at the test's end.
func StartCluster(tb testing.TB, nodes int) *Cluster {
	tb.Helper()
	c := &Cluster{}
	for range nodes {
		c.nodes = append(c.nodes, startNode(tb))
	}
	for i, node := range c.nodes {
		first, next := i*clusterSlots/nodes, (i+1)*clusterSlots/nodes
		node.must(tb, "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(first), strconv.Itoa(next-1))
		// Different epochs from the start spare the nodes a round of conflicts.
		node.must(tb, "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
	}
	for _, other := range c.nodes[1:] {
		c.nodes[0].meet(tb, other)
	}
	c.awaitOK(tb)
	return c
}

// startNode picks the port of the cluster bus itself: by default it is the data
// port + 10000, which may be taken or beyond 65535.
func startNode(tb testing.TB) *Server {
	tb.Helper()
	bus, release, err := supervise.Port()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(release)
	return Start(tb, WithArgs(
		"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus),
		"--cluster-node-timeout", "2000", "--cluster-config-file", "nodes.conf",
		// A new replica need not wait for others, and is shown to clients once it got
		// something from its master.
		"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1",
	))
}

func (s *Server) meet(tb testing.TB, other *Server) {
	tb.Helper()
	bus := other.CLI(tb, "CONFIG", "GET", "cluster-port")
	_, bus, _ = strings.Cut(bus, "\n")
	s.must(tb, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(other.port), bus)
}

func (s *Server) must(tb testing.TB, args ...string) {
	tb.Helper()
	if got := s.CLI(tb, args...); got != "OK" {
		tb.Fatalf("%s: %s", strings.Join(args, " "), got)
	}
}

// awaitOK waits until all nodes know each other and serve all slots. Nodes that met
// forget each other when the machine pauses in their handshake: they meet again.
func (c *Cluster) awaitOK(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	again := time.NewTicker(5 * time.Second)
	defer again.Stop()
	known := fmt.Sprintf("cluster_known_nodes:%d\r\n", len(c.nodes))
	for _, node := range c.nodes {
		for {
			info := node.CLI(tb, "CLUSTER", "INFO")
			if strings.Contains(info, "cluster_state:ok\r\n") && strings.Contains(info, known) {
				break
			}
			select {
			case <-ctx.Done():
				tb.Fatalf("the cluster is not well after %v:\n%s", startTimeout, info)
			case <-again.C:
				for _, other := range c.nodes[1:] {
					c.nodes[0].meet(tb, other)
				}
			case <-tick.C:
			}
		}
	}
}

// Nodes returns the cluster's servers. A node may be killed, frozen and restarted
// as any server; one that was killed rejoins.
func (c *Cluster) Nodes() []*Server { return c.nodes }

// Addrs returns the TCP addresses of all nodes.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.nodes))
	for i, node := range c.nodes {
		addrs[i] = node.Addr()
	}
	return addrs
}

// URL names all nodes, as "redis://127.0.0.1:40123,127.0.0.1:40124".
func (c *Cluster) URL() string { return "redis://" + strings.Join(c.Addrs(), ",") }

// Client returns a cluster client that is closed at the test's end; mods may
// change the options before it connects.
func (c *Cluster) Client(tb testing.TB, mods ...func(*rueidis.ClientOption)) rueidis.Client {
	tb.Helper()
	opt := clientOption(c.Addrs()...)
	for _, mod := range mods {
		mod(&opt)
	}
	return newClient(tb, opt)
}
