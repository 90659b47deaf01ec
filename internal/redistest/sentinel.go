package redistest

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/rueidis"
)

// masterSet is the name under which the sentinel knows the master.
const masterSet = "main"

// Sentinel is a master, its replicas, and one sentinel that watches them and promotes
// a replica about a second and a half after the master has gone.
type Sentinel struct {
	sentinel *Server
	nodes    []*Server
}

// StartSentinel starts a master with this many replicas and a sentinel, and waits until
// the replicas follow and the sentinel knows them. They stop at the test's end.
func StartSentinel(tb testing.TB, replicas int, opts ...Option) *Sentinel {
	tb.Helper()
	opts = append([]Option{WithArgs("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")}, opts...)
	s := &Sentinel{nodes: []*Server{Start(tb, opts...)}}
	master := s.nodes[0]
	for range replicas {
		replica := Start(tb, append(opts, WithArgs("--replicaof", "127.0.0.1", strconv.Itoa(master.port)))...)
		s.nodes = append(s.nodes, replica)
		replica.awaitLink(tb)
	}
	s.sentinel = Start(tb, asSentinel(tb, master))
	await(tb, "the sentinel knows the replicas", func() bool {
		known := s.sentinel.CLI(tb, "SENTINEL", "MASTER", masterSet)
		return strings.Contains(known, "num-slaves\n"+strconv.Itoa(replicas)+"\n")
	})
	return s
}

// asSentinel makes the server a sentinel. It rewrites its configuration, so that is a
// file.
func asSentinel(tb testing.TB, master *Server) Option {
	tb.Helper()
	return func(s *Server) {
		s.sentinel = true
		config := fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 1\nsentinel down-after-milliseconds %s 1000\n"+
			"sentinel failover-timeout %s 5000\n", masterSet, master.port, masterSet, masterSet)
		if err := os.WriteFile(filepath.Join(s.dir, "sentinel.conf"), []byte(config), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

// Nodes are the master and its replicas as they were at first.
func (s *Sentinel) Nodes() []*Server { return s.nodes }

// URL names the sentinel, as "redis://127.0.0.1:40123/0?master_set=main".
func (s *Sentinel) URL() string {
	return "redis://" + s.sentinel.Addr() + "/0?master_set=" + url.QueryEscape(masterSet)
}

// Client returns a client that follows the master and is closed at the test's end.
func (s *Sentinel) Client(tb testing.TB) rueidis.Client {
	tb.Helper()
	opt := clientOption(s.sentinel.Addr())
	opt.Sentinel = rueidis.SentinelOption{Dialer: opt.Dialer, MasterSet: masterSet}
	return newClient(tb, opt)
}

// Hold keeps the sentinel from promoting a replica, so that a master that has gone stays
// gone until [Sentinel.Release].
func (s *Sentinel) Hold(tb testing.TB) {
	tb.Helper()
	s.sentinel.must(tb, "SENTINEL", "SET", masterSet, "down-after-milliseconds", "3600000")
}

// Release lets the sentinel do its work again.
func (s *Sentinel) Release(tb testing.TB) {
	tb.Helper()
	s.sentinel.must(tb, "SENTINEL", "SET", masterSet, "down-after-milliseconds", "1000")
}

// AwaitMaster waits until a node is a master, and the sentinel tells clients so.
func (s *Sentinel) AwaitMaster(tb testing.TB, node *Server) {
	tb.Helper()
	await(tb, "promoted", func() bool {
		told := s.sentinel.CLI(tb, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterSet)
		return told == "127.0.0.1\n"+strconv.Itoa(node.port) && strings.HasPrefix(node.CLI(tb, "ROLE"), "master\n")
	})
}

// CutOff keeps a replica from hearing anything from its master, this server, from now
// on. It goes on with the data that it has, and may be promoted.
func (s *Server) CutOff(tb testing.TB, replica *Server) {
	tb.Helper()
	replica.must(tb, "CONFIG", "SET", "masteruser", "nobody", "masterauth", "wrong")
	s.CLI(tb, "CLIENT", "KILL", "TYPE", "replica")
	await(tb, "the replica is cut off", func() bool {
		return strings.Contains(replica.CLI(tb, "INFO", "replication"), "master_link_status:down")
	})
}

func (s *Server) awaitLink(tb testing.TB) {
	tb.Helper()
	await(tb, "the replica follows", func() bool {
		return strings.Contains(s.CLI(tb, "INFO", "replication"), "master_link_status:up")
	})
}
