// Package sqlite is kurs.Store for the demo without a PostgreSQL: one file,
// made and migrated by Open.
//
// Writers take turns on one connection, in transactions that take the write
// lock at their beginning; readers have connections of their own and, thanks
// to the write-ahead log, never wait for a writer.
//
// One process at a time uses a file: the caches of two would not know of each
// other's changes. The second is told so (ErrInUse). Looking into the file
// with the sqlite3 shell is possible at any time.
package sqlite
