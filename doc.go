// Package speedlayer is the map of a module whose five packages make Redis a
// dependable speed layer in front of PostgreSQL:
//
//   - [github.com/speedlayer/speedlayer/cache]: coherent cache-aside. A value
//     that was invalidated is never stored again by a load that began before.
//   - [github.com/speedlayer/speedlayer/session]: sessions that expire and can
//     be revoked, and that no request in flight brings back.
//   - [github.com/speedlayer/speedlayer/ratelimit]: exact limits shared by all
//     instances; a denied request costs no quota.
//   - [github.com/speedlayer/speedlayer/queue]: at-least-once tasks; a worker
//     that dies loses nothing.
//   - [github.com/speedlayer/speedlayer/outbox]: what the database commits,
//     Redis learns.
//
// Each of them takes a rueidis.Client that its caller owns, and none needs
// another one. The complete service built from them is the command
// github.com/speedlayer/speedlayer/kursapp; docs/architecture.md shows how the
// parts fit together.
package speedlayer
