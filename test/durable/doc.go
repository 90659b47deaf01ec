// Package durable attacks the promise of durable tasks: what the database committed is
// carried out at least once, whatever Redis loses. Its tests run several processes, each
// with a relay, a worker and a completer, as an application has them, and take all data
// from Redis while tasks wait and run.
package durable
