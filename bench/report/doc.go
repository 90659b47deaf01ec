// Package report runs the benchmarks in rounds and turns what they print into
// Markdown. Contestants are compared within a round, because the speed of a machine
// changes from minute to minute and hits those who run at the same time alike.
package report
