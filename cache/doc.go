// Package cache keeps what a database says in Redis, and keeps it honest.
//
// A [Cache] binds a key space, a loader and [Options] once. A read asks Redis
// first and the loader only when Redis does not know:
//
//	users := cache.New(client, "cache:user", loadUser, cache.Options{TTL: time.Minute})
//	defer users.Close()
//	u, err := users.Get(ctx, 42)            // key cache:user:42
//	…
//	err = users.Invalidate(ctx, 42)         // after the change was committed
//	in, err := users.Inspect(ctx, 42)       // to look, without a trace
//
// Values are plain JSON under readable keys; how fresh one is follows from the
// TTL of its key. Every key that this package writes has a TTL.
//
// # What it promises
//
//   - After [Cache.Invalidate] returned nil, no read through Redis that starts
//     later, in any process, returns a value that was loaded before. A load that was under way
//     cannot store its result any more: the invalidation took its lease away.
//   - Any number of concurrent misses of one key, in any number of processes,
//     cause one load. A caller that gives up takes nobody with it; a process that
//     dies in the middle of a load delays others by [Options.LeaseTTL] at most.
//   - Without Redis, reads ask the loader, never more than [Options.MaxLoads] at a
//     time; all who come while a key is being loaded share the next load of it. An
//     invalidation that Redis did not confirm says so ([ErrUnconfirmed]), is
//     repeated until it is, and meanwhile this process reads past Redis for these
//     keys.
//   - With [Options.LocalBytes], values are also kept in memory. Another process's
//     memory follows an invalidation by push, usually within a millisecond, and in
//     any failure within [Options.MaxStaleness]; in the process that invalidated,
//     nothing older is returned once Invalidate has.
//   - [Cache.InvalidateTags] does for all keys that have a tag ([Options.Tags]) what
//     Invalidate does for one, at the price of one.
//   - With [Options.RefreshAhead], what is read often is loaded again before it ends,
//     by one process, and no read waits. With [Options.StaleIfError], what is past its
//     TTL is returned where the loader fails, and says so; never what was
//     invalidated.
//   - What lies in Redis and is not understood (garbage, another type, a value
//     that another version of the program wrote without a member that this one
//     needs) is a miss and is overwritten.
//
// # What it asks for
//
// The loader reads committed data from the primary database with a snapshot that
// is not older than its call: no replica that lags, no transaction that began
// before. Invalidate is called after the commit. The client reads from Redis
// masters (no SendToReplicas). A failover to a replica that did not yet have an
// invalidation loses it, and so does a restart from older data; the value then
// lives until its TTL ends.
//
// # How it works
//
// A miss takes the lease of its key: a random token under a companion key in the
// same Cluster slot ({cache:user:42}:lease). The loaded value is stored by a
// script that looks whether the lease still holds that token; an invalidation
// deletes value and lease in one command. So what was loaded before an
// invalidation is never stored after it. Joined callers are held to the same
// rule: flight.go says how, and tags.go what tags add to it. Reads that come at the
// same time share exchanges with Redis: see gather.go.
package cache
