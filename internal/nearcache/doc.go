// Package nearcache is the ground under local tiers that stay coherent with Redis:
// a [Store] bounded in bytes, and a [Tracker] that hears of every change of a key
// and knows how old its knowledge is.
//
// # Why a local hit is not too old
//
// The tracker holds a connection of its own with CLIENT TRACKING in broadcast mode
// and sends PING on that same connection. Redis puts the pushes for a write into
// that connection's buffer before it acknowledges the write. So when the answer to
// a PING arrives, every change that was acknowledged before the PING was sent has
// arrived too. What is in memory may therefore be served until MaxStaleness after
// the last answered PING was sent, whatever happens to Redis or to the network.
// When no answer comes in time, or the connection is lost, nothing is served until
// everything was dropped and tracking is on again.
//
// # Why an old reply is not stored behind a push
//
// The reply to a GET travels on another connection than the push: the push may
// overtake it. So a [Ticket] is taken before the GET is sent, and [Store.Put]
// refuses what was dropped since.
package nearcache
