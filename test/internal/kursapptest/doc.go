// Package kursapptest builds the kursapp binary and runs it as a user would, for the
// end-to-end tests.
package kursapptest
