// Package outboxpgx is the PostgreSQL side of [outbox], on pgx: the tables and
// triggers, what an application writes into a transaction of its own, and the
// source of a relay.
//
// # Setting up
//
// A migration runs [Schema], and for each table says once what a change of a row
// means. From then on every change counts, whoever makes it: the application, a
// hand-typed UPDATE in psql, COPY, TRUNCATE, a cascade of a foreign key.
//
//	SELECT speedlayer.outbox_watch('public.users', target => 'user', key_column => 'id',
//	    tags => '{"users": ["all"]}', columns => '{name,email}');
//
// This drops the entry with the row's id from the key space user, and what has the
// tag all in the key space users. All parameters but the first three may be left
// out:
//
//   - tags: tags to invalidate as well, by key space; one row a statement.
//   - columns: an update counts only for rows where one of these changed, or the
//     key did. By default every updated row counts, changed or not.
//   - events: which of insert, update, delete and truncate count; all by default.
//   - each_row: triggers for each row that fire under logical replication too,
//     where those for statements do not; needed for partitioned tables.
//
// If the key column changes, the old and the new key are both dropped. TRUNCATE
// drops the whole key space. A table may be watched for several targets; calling
// outbox_watch again for the same table and target replaces the watch, and
// speedlayer.outbox_unwatch(table, target) ends it. A migration that renames a
// column that a watch names calls outbox_watch again; until then, writes to the
// table fail. So does one that adds a trigger BEFORE UPDATE that changes the primary
// key of rows; until then, only UPDATEs that name the key drop the old one.
//
// Nothing is seen of what bypasses triggers: DISABLE TRIGGER, pg_restore with
// --disable-triggers, and for triggers on statements session_replication_role =
// replica and writes to a child table by its parent's name.
//
// For what cannot be said like this, a trigger written by hand calls
// speedlayer.outbox_invalidate(target, key, …), outbox_invalidate_tag,
// outbox_invalidate_all, or outbox_enqueue(queue, payload, type, durable).
//
// # Rights
//
// The role that ran the migration owns the functions, and rows are written with
// its rights. A role that writes to a watched table needs none on the schema. A
// role that calls the functions of the last paragraph, or [Enqueue] and
// [Invalidate], needs USAGE on the schema speedlayer and EXECUTE on them. The
// relay's role needs USAGE on the schema, SELECT, INSERT, UPDATE and DELETE on its
// tables, and SELECT and UPDATE on its sequences.
//
// # Poolers
//
// A pooler that hands out connections by transaction drops LISTEN. Let
// Options.Listen lead past it, or say Options.PollOnly: rows are then found within
// a second instead of at once. Everything else works behind one.
package outboxpgx
