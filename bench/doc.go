// Package bench compares packages cache, queue, outbox, session and ratelimit with their
// peers on the same work.
//
// Its benchmarks are the rows of the table in docs/benchmarks.md; cmd/report runs
// them in rounds, in which the contestants take turns, and writes the table.
// Packages: work is what is to be done, peer who does it, web the comparison over
// HTTP, memory the bound of the local tier under many keys, report the statistics
// and the Markdown. Each benchmark checks what it read: a broken cache fails.
//
// Of the queue and the outbox, tasks and commits have both the contestants and the
// benchmarks; cmd/queuereport runs them and writes their tables. Of the session,
// package sessions has both; cmd/sessionreport runs them, and those of web for what
// needs a session. So have package limits and cmd/limitreport those of the rate limits.
package bench
