// Package nearcache is the ground under local tiers that stay coherent with Redis:
// a [Store] bounded in bytes, and a [Tracker] that hears of every change of a key
// and knows how old its knowledge is.
//
// # Why a local hit is not too old
//
// The tracker holds a connection of its own with CLIENT TRACKING in broadcast mode
// and sends a heartbeat, PING, on that same connection. Redis puts the pushes for a write into
// that connection's buffer before it acknowledges the write. So when the answer to
// a PING arrives, every change that was acknowledged before the PING was sent has
// arrived too. What is in memory may therefore be served until MaxStaleness after
// the last answered PING was sent, whatever happens to Redis or to the network.
// When no answer comes in time, or the connection is lost, nothing is served until
// everything was dropped and tracking is on again.
//
// # Why that holds in a Cluster
//
// There the tracker has such a connection, a lane, to every node that may execute a
// write: the owners of slots, and the nodes that a slot is being moved to. A node
// pushes whatever it executes itself, so slots may move between lanes freely. Memory
// is served until the least that any lane allows, and one lost lane ends all. What is
// left is that a node without a lane begins to write. The heartbeat of a lane is
// CLUSTER INFO and CLUSTER NODES, and shows that before MaxStaleness is over:
//
//   - A replica is promoted. It needs the votes of most masters first, and a vote is
//     given in a higher epoch than any before. So a heartbeat that was sent after the
//     new master's first acknowledgement finds a higher epoch on at least one lane.
//   - A slot moves to a node that owned none. Its owner sends nobody there before it
//     shows the slot as migrating.
//   - A slot has no owner: then its next one needs no vote, and nothing is fresh.
//
// Lanes are ready when all of them agree on the epoch and on the owners. Three things
// may be older than that, and nothing later would show them. Votes may have been given
// for an election that is still to be won: so the epoch must be one that a master
// holds, or have stayed the same for as long as a candidate may wait. A master with
// slots may have failed: its replacement has to be there first. And a master that was
// frozen while it was replaced answers what it is asked when it wakes up, before it
// learns of that: so nothing is fresh while the client still reads from a node that
// neither has a lane nor says that it owns nothing.
//
// Not covered are changes of owner that ask nobody, until gossip has carried them to a
// lane: CLUSTER FAILOVER TAKEOVER, slots set by hand without MIGRATING, and the atomic
// slot migration of newer servers to a node that owned nothing. Nor are writes that a
// cut-off master acknowledges and then loses, as Redis Cluster may; reads that it
// answers because of cluster-allow-reads-when-down; and of two elections that overlap,
// a first one that is won after the second.
//
// # Why an old reply is not stored behind a push
//
// The reply to a GET travels on another connection than the push: the push may
// overtake it. So a [Ticket] is taken before the GET is sent, and [Store.Put]
// refuses what was dropped since.
package nearcache
