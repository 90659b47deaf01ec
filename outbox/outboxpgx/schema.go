package outboxpgx

import _ "embed"

//go:embed schema/tables.sql
var tablesSQL string

//go:embed schema/write.sql
var writeSQL string

//go:embed schema/watch.sql
var watchSQL string

//go:embed schema/drop.sql
var dropSQL string

// Schema is the SQL that creates what the outbox needs, all of it in a schema
// named speedlayer, or brings an older version of it up to date. It may be run
// again. It is plain SQL of several statements without parameters, for a
// migration of any tool or for one Exec of pgx; it wants to run in a transaction.
//
// A migration that brings an older version up to date calls outbox_watch again for
// each watch. It locks the watched tables before it runs Schema (LOCK TABLE … IN
// ACCESS EXCLUSIVE MODE), as writers lock them before the outbox.
//
// The role that runs it owns the functions, and the outbox rows are written with
// its rights. Roles that only write to watched tables need no right on the schema.
func Schema() string { return tablesSQL + "\n" + writeSQL + "\n" + watchSQL }

// DropSchema is the SQL that removes it, with the triggers on watched tables and
// all rows that still wait.
func DropSchema() string { return dropSQL }
