// Package redisx is the ground that the library packages share when they talk to
// Redis: a client that exists before its server does ([Lazy]), addresses
// ([ParseURL]), Lua scripts ([Script]), key rules ([Escape], [Companion]) and a
// circuit breaker ([Breaker]).
package redisx
