// Package pgtest gives tests a real PostgreSQL.
//
// [Database] is a fresh database on the one server of the test process, [Start] a
// private server for tests that kill, freeze or restart it. All of them end with
// the test process, whatever ends it.
//
// A machine without PostgreSQL fails these tests instead of skipping them: a
// skipped test proves nothing and nobody notices.
package pgtest
