// Package sessiontest is for tests of code that uses package session.
//
//   - [Redis] is a Redis of the test's own, so that tests run in parallel although
//     the code under test has fixed prefixes. [Outage] takes it away and gives it
//     back.
//   - [LogIn] makes a session without a password, and [Expire] ends one as time
//     would.
//   - [WithBearer] and [WithCookie] put its token into a request.
//   - [Recorder] remembers what happened to sessions, and can wait for what happens
//     in the background.
//
// Everything that waits here waits for the thing itself, never for time to pass,
// and fails the test after 20 s. Functions that take a testing.TB may fail the test
// and are therefore called from the goroutine of the test, as testing.TB.FailNow
// demands.
package sessiontest
