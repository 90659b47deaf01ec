// Package postgres is the source of truth of kursapp in production: it
// implements kurs.Store on PostgreSQL (tested with 15).
//
// # Availability
//
// Open does no I/O. A Store starts while PostgreSQL is down, reports
// kurs.CodeUnavailable for as long as it is, and works again by itself as soon
// as PostgreSQL does. Config.CallTimeout bounds every call of kurs.Store, also
// when the server is frozen and the context has no deadline. A read that meets
// a connection that died in the pool is asked once more on a new one; a write
// looks at its connection first, because nobody can know whether a statement
// that got no answer took effect.
//
// A write that has begun is carried to its end even where its context is
// cancelled meanwhile, so that the caller knows what became of it. Only where
// PostgreSQL itself falls silent is the outcome unknown; the error then is
// kurs.CodeUnavailable.
//
// # Two kinds of database
//
// A database belongs to a demo or to production and carries a mark that says
// which: PrepareDemo makes the first kind, Migrate and EnsureProduction the
// second, and each refuses the other's. Undemo turns the first into the second.
package postgres
