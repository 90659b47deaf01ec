package session_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// A replica takes the place of a master that has sessions, epochs and indexes. What the
// other masters confirmed meanwhile counts, and what the new one confirms afterwards
// does too; nobody is logged out; and then memory answers again.
func TestFailoverOfAMasterWithSessions(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*testing.T, *redistest.Server){
		"killed": func(t *testing.T, master *redistest.Server) { t.Helper(); master.Kill(t) },
		"frozen": freeze,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := redistest.StartCluster(t, 3)
			master, others := cluster.Nodes()[0], cluster.Nodes()[1:3]
			replica := cluster.AddReplica(t, master)
			tm := newTeam(t, cluster, session.Options{
				MaxStaleness: time.Second, RedisTimeout: 300 * time.Millisecond, TouchInterval: 100 * time.Millisecond,
			})
			during := []*claim{tm.apart(t, 0, 1), tm.apart(t, 1, 0)}
			after := []*claim{tm.apart(t, 0, 2), tm.apart(t, 2, 0)}
			live := []*claim{tm.apart(t, 0, 1), tm.apart(t, 1, 0), tm.apart(t, 1, 2)}
			all := append(append(live, during...), after...)
			tm.heat(t, all...)
			awaitReplica(t, master, replica)
			end := tm.watch(t, all...)
			lose(t, master)
			lost := time.Now()
			// The first one's epoch, and the second one's session, are on a living node.
			for i, way := range []string{"revoke all", "revoke"} {
				if err := during[i].revoke(func() error { return revocations(during[i].s, during[i].token)[way](t.Context(), tm.maker) }); err != nil {
					t.Logf("%s was not confirmed: %v", way, err)
				}
			}
			cluster.AwaitMaster(t, replica, append(others, replica)...)
			promoted := time.Since(lost)
			for i, way := range []string{"revoke", "revoke all"} { // on the new master
				eventually(t, func() bool {
					return after[i].revoke(func() error { return revocations(after[i].s, after[i].token)[way](t.Context(), tm.maker) }) == nil
				})
			}
			tm.heat(t, live...)
			t.Logf("promoted after %v, everything in memory again after %v", promoted, time.Since(lost))
			if name == "frozen" {
				master.Thaw(t) // it finds in its buffers what is not for it any more
				tm.awaitTries(t, all...)
			}
			for _, c := range during { // the confirmation may have been lost with the master
				eventually(t, func() bool {
					err := c.revoke(func() error { return tm.maker.RevokeAll(t.Context(), c.s.UserID) })
					return err == nil || !errors.Is(err, session.ErrUnavailable)
				})
			}
			for _, c := range append(during, after...) {
				tm.awaitOver(t, c)
			}
			tm.heat(t, live...)
			end()
		})
	}
}

// awaitReplica returns when a replica has what its master had.
func awaitReplica(t *testing.T, master, replica *redistest.Server) {
	t.Helper()
	offset := func(server *redistest.Server, name string) int {
		_, text, _ := strings.Cut(server.CLI(t, "INFO", "replication"), name+":")
		text, _, _ = strings.Cut(text, "\r\n")
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	has := offset(master, "master_repl_offset")
	eventually(t, func() bool { return offset(replica, "slave_repl_offset") >= has })
}
