// Package ratelimit limits how often something may happen, exactly, across all
// processes that share a Redis.
//
// # Guarantees
//
//   - With Redis up, a rule never admits more than its [Algorithm] says, whatever the
//     concurrency and the number of processes. A failover to a replica that missed the
//     last writes, or a step of Redis's clock, may break that.
//   - Several rules on one subject are charged together in one script and one round
//     trip: all of them, or none.
//   - A denied request costs nothing: neither the rule that refused it nor any other.
//   - Who was denied is denied from memory until there is room again. Redis is asked
//     about once a second, by one of those requests, and no denial outlives what Redis
//     said last by more than a second. A Reset or Refund anywhere lifts it at once;
//     within that second do a lost message, a counter that somebody deletes by hand
//     (redis-cli DEL), and one that a step of Redis's clock ends.
//   - Windows are measured with Redis's clock alone. The clocks of the processes
//     play no part while Redis is there.
//   - Every key has a TTL, set by the script that creates it. A key that somebody
//     else damaged or left without a TTL is mended by the next request.
//   - Without Redis each rule does what its WithoutRedis says, at once: a breaker
//     keeps requests from waiting for a Redis that is gone. Recovery needs no help.
//
// # Algorithms
//
//   - [FixedWindow], the default: Limit charges per window. A window begins with the
//     first admitted request and ends Window later, whereupon the next request begins
//     another. Around the end of a window there may be up to twice the limit within
//     a span as long as a window. The cheapest.
//   - [SlidingWindow]: Limit charges within any span of Window. It remembers when
//     charges were made, 64 instants at most, and so takes up to about 2 KB; limits
//     above 64 may deny up to a 64th of the window longer than they had to.
//   - [GCRA]: Burst at once and then one each Window/Limit. It keeps one instant, to
//     a fraction of a microsecond. Nothing is rounded but refunds, by some
//     microseconds, and those never so that more is admitted.
//
// Rules of one charge may have different algorithms. Without Redis each rule counts
// with its own in the process.
//
// # HTTP
//
// [Limiter.Middleware] limits an [net/http.Handler]. Who pays is a [KeyFunc]'s answer:
// by default the address of the connection, and behind [Proxies] that one which the
// nearest trusted proxies vouch for. [Headers] tells clients what is left.
//
// # Keys
//
//	rate:<rule>:{<subject>}   fixed: a hash of count, and window, an identifier that
//	                          no other window has; it expires with the window
//	                          sliding: "sliding <total> …", when charges were made
//	                          gcra: "gcra <µs> …", when the bucket will be empty
//
// Nothing else lies under rate:. What the limiters keep for themselves:
//
//	ratelimit:instances           sorted set: limiters in use; 30 s
//	ratelimit:resets:{<subject>}  written by refunds and resets, so that limiters
//	                              forget the denials that they remember; 1 s
//
// A Redis user with an ACL needs both: ~rate:* ~ratelimit:*. Without the second one
// Refund and Reset fail, and so do the signs by which FailLocal learns how many share
// a limit. Without the command CLIENT no denial is remembered.
//
// The braces put all rules of a subject into one Cluster slot. Subjects are escaped
// where necessary, and never secret: pass account names through [HashSubject].
package ratelimit
