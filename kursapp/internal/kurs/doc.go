// Package kurs is the domain of kursapp: the users of a course, their
// accounts and sessions, who may do what, and the limits. It knows no
// database driver and no HTTP; it asks a [Store] (the source of truth) and
// the five packages of speedlayer (the speed layer in Redis).
//
// Reading a user:
//
//	users.Get(ctx, 42)
//	    cache:user:42 in Redis            → a hit: the JSON that lies there
//	    a miss                            → one loader asks Store.User and fills
//	    Redis gone                        → Store.User, behind a cap
//
// Changing one:
//
//	users.Update(ctx, actor, 42, "Max", "max@example.com")
//	    actor.MayChange(42), ValidateName, ValidateEmail
//	    Store.UpdateUser                  → committed, with the mail to an old address
//	    invalidate cache:user:42          → Redis confirms, or the cache repeats it
//	    answer                            → no read that starts now sees the old user
//
// Logging in, in an order that is the protocol:
//
//	accounts.Login(ctx, Login{Email: "max@example.com", Password: "test123"})
//	    charge the client and the account → before the expensive hash
//	    Store.AccountByEmail              → the id
//	    Sessions.Epoch(id)                → before the hash is read …
//	    Store.Account(id)                 → … so that a password change in between is seen
//	    Hasher.Verify, or VerifyUnknown   → the same work whether the account exists
//	    refund the charges, new session
//
// A request with a token:
//
//	actor, err := accounts.Authenticate(ctx, token)
//	    Sessions.Lookup                   → whose session, and with what role
//	    Sessions.Touch                    → the session slides, at most once a minute
//
// Authenticate asks no database. Whatever changes the password or the role of an
// account, or deletes it, ends its sessions: at once, or where Redis is unreachable
// then, by the outbox later.
//
// What happens without Redis: Get and List answer from the database, Update
// and Delete commit (the cache repeats the invalidation until Redis has it);
// Register, Login, Authenticate, and the change of an address that needs a
// mail fail with CodeUnavailable, before anything is changed or hashed.
//
// Every error that a client can cause is an *[Error] with a [Code].
package kurs
