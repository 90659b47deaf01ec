// Package tasks compares package queue with its peers on the same work: asynq, River
// and the loop of the course, LPUSH and BRPOP. Its benchmarks are the rows of the
// table about tasks in docs/benchmarks.md; cmd/queuereport runs them in rounds.
//
// Each benchmark checks what was done: a task that is lost, or run twice, fails it.
package tasks
