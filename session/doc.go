// Package session keeps logged-in users in Redis: sessions that expire, can be listed
// and revoked, and never come back. One that is in use is found in memory.
//
// # Guarantees
//
//   - The token exists only at the client. Redis holds its SHA-256; a copy of the
//     database lets nobody in. A token that a client presents is never adopted:
//     [Manager.Create] and [Manager.Rotate] always make a new one.
//   - Every write is one script that is guarded by the session's existence. A
//     request in flight cannot revive a session that was revoked or has expired.
//   - A session ends after its idle timeout without a [Manager.Touch], and at its
//     absolute end whatever happens. Both are measured with Redis's clock; what time
//     the processes think it is plays no part.
//   - Every key has a TTL from the command that creates it on.
//   - [Manager.RevokeAll] ends all sessions of a user in O(1), also those of logins
//     that are under way: see [Manager.Epoch]. So does [Manager.Advance], for what
//     tells of changes late and more than once. [Manager.RevokeOthers] keeps one
//     session, which is never refused meanwhile.
//   - When a method that revokes has returned nil, no Lookup that starts later in this
//     process finds the session. Other processes may still find it in their memory for
//     about a round trip, and for MaxStaleness at most, whatever fails. Without a local
//     tier they do not.
//   - While Redis cannot be asked, methods return [ErrUnavailable] within
//     RedisTimeout. Nobody is let in, except from memory until MaxStaleness is over,
//     and nobody is told to be logged out.
//
// A failover to a replica that has not seen the last writes may lose a logout, as
// it may lose any write. And a master that stood still while it was replaced answers,
// when it wakes up, what it was asked before: a Lookup that waited there for up to
// RedisTimeout may find a session that was revoked on the new master. No memory keeps
// such an answer.
//
// # HTTP
//
// [Manager.HTTP] reads tokens from Bearer headers and cookies, sets such cookies, and has
// a middleware that finds a request's session and renews it. Package sessiontest helps to
// test what uses them.
//
// # Keys
//
//	session:<hex SHA-256 of realm and token>   hash: user_id, the caller's data, and
//	                                           _epoch, _created, _seen, _expires, _idle
//	                                           (times in milliseconds since 1970), and
//	                                           _kept, _remembered where they are needed
//	session:epoch:<user id>                    string: the user's epoch,
//	                                           <version>:<random>
//	session:of:<user id>                       sorted set: the user's sessions by their
//	                                           absolute ends
//
// A session belongs to the epoch it was created in. RevokeAll replaces the epoch
// and thereby ends every session that carries another one; what is left of those in
// Redis goes with its TTL. Epochs are random beside their version: a counter that
// starts again after a loss of data would sooner or later meet an old session's number.
//
// [Manager.Rotate] leaves a marker in the place of the old session for a minute
// (a hash with _next, the digest of the new token), so that revoking the old token
// still ends the session.
package session
