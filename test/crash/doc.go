// Package crash kills relays of the outbox as real processes, between what they told
// Redis and what they committed in PostgreSQL, and checks that nothing is lost, nothing
// runs twice, and nothing stays locked.
//
// Each relay is a copy of the test binary. The writers, the worker and the judge are
// the test itself.
package crash
