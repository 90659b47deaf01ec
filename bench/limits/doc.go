// Package limits compares package ratelimit with its peers on the same work: redis_rate,
// throttled and ulule/limiter, each with its store for Redis, and a bare INCR as a bound.
// Its benchmarks are the rows of the table about rate limits in docs/benchmarks.md;
// cmd/limitreport runs them in rounds.
//
// Each benchmark looks at each decision, and compares what is left afterwards with what
// was charged: a limiter that does not count has no numbers.
package limits
