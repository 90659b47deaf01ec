// Package commits measures what the outbox costs the transactions that it watches, and
// how soon after a commit Redis knows of it.
package commits
