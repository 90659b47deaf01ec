// Package cachetest is for tests of code that uses package cache.
//
// A test has three parts to play, and here is one piece for each:
//
//   - [Redis] is a Redis of the test's own, so that tests run in parallel although
//     the code under test has fixed prefixes.
//   - [Source] is the database: a table in memory whose loads can be counted, made
//     to fail, and held up at a [Gate] until the test has done what is to happen
//     meanwhile.
//   - [Recorder] is an observer that remembers what the cache did, and can wait for
//     what it does in the background.
//
// With them, the interesting moments of a cache become plain test code: many reads
// while one load runs, a change while an older load is under way, a database that
// is gone. [WaitLocal] does the same for the local tier, which becomes ready a
// little after the cache was made.
//
// Everything that waits here waits for the thing itself, never for time to pass,
// and fails the test after 20 s with what it saw until then. Functions that take a
// testing.TB may fail the test and are therefore called from the goroutine of the
// test, as testing.TB.FailNow demands.
package cachetest
