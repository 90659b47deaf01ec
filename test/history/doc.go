// Package history checks what package cache promises on recorded histories:
// several processes read and write the same keys, with one Redis and one
// PostgreSQL that really run, in health and under faults.
//
// Each process (a copy of the test binary) owns two caches under one prefix: one
// whose reads always go through Redis, and one with a local tier. Everything they
// do is reported with timestamps from a clock that all processes of the machine
// share, and judged afterwards:
//
//   - Reads through the Redis tier by porcupine, against two models. The promise:
//     a read returns nothing older than the newest version whose invalidation was
//     confirmed, and nothing that was not yet written. And one that is stricter:
//     what passed through Redis never goes backwards either.
//   - Reads of the cache with a local tier by a bound of their staleness: the
//     answer is at most MaxStaleness older than the newest confirmed invalidation,
//     and never older than one that was made through the same cache.
//
// # Why a strict register is not promised
//
// One might expect the cache to be a linearizable register whose write spans the
// UPDATE and the invalidation. It is not, in health either, and cannot be without
// a second round trip for each load. Let version 1 be in the database:
//
//  1. Process A takes the lease of a key that is not in Redis, and is slow.
//  2. An older invalidation takes that lease away. Process B takes a new one, loads
//     version 1 and stores it.
//  3. Version 2 is committed; its writer has not yet sent the invalidation.
//  4. A loads version 2. Redis refuses to store it, the lease is gone, but A's
//     caller gets it: it is newer than anything that was promised.
//  5. A later reader finds version 1 in Redis.
//
// Reader 5 breaks no promise, since nobody was told yet that version 2 is out. But
// it goes back behind reader 4. So the strict model is held against those reads
// only whose value lay in Redis: those that found it there and those whose load
// was stored there. Among these, order is kept.
package history
