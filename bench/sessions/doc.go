// Package sessions compares package session with its peers on the same work:
// alexedwards/scs and gorilla/sessions, each with its store for Redis. Its benchmarks
// are the rows of the table about sessions in docs/benchmarks.md; cmd/sessionreport
// runs them in rounds.
//
// Each benchmark compares the sessions that it reads, and looks whether those that were
// logged out are gone.
package sessions
