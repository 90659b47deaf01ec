// Package test holds the end-to-end tests: they build the kursapp binary with
// the race detector, run it as a user would and look at it from outside, over
// HTTP, through Redis, PostgreSQL and its exit code.
package test
