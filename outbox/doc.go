// Package outbox makes Redis learn what the database commits.
//
// A transaction that changes a row also writes an outbox row, in the same
// transaction, so both commit or neither does. A [Relay] takes outbox rows from
// a [Source] (the database) and hands them to a [Sink] (Redis), and marks them
// delivered only when the sink confirmed them. A crash between the two repeats
// the delivery: every row is delivered at least once.
//
// Rows never carry values. An invalidation says "read this key again", a task
// carries its own id, and so neither the order of rows nor a repeated delivery
// matters: deleting a key twice is deleting it once, and a queue drops a task
// id it has seen.
//
// This package is the part that no database driver is needed for. It has no
// cursor over row ids anywhere, because ids are drawn before transactions
// commit: a row with a smaller id may become visible after one with a greater
// id, and a cursor would have passed it.
package outbox
