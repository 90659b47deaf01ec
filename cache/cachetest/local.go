package cachetest

import (
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
)

// WaitLocal returns when the cache's local tier is ready. From then on, a value
// that was read from Redis is answered from memory the next time, as soon as Redis's
// news of the fill itself has passed, usually within a millisecond: of three reads of
// a new key, the first asks the loader, the second Redis, the third usually nobody.
//
// It fails the test if the tier does not become ready, and at once where the test's
// [Redis] is miniredis, on which it never does.
func WaitLocal[K cache.Key, V any](tb testing.TB, c *cache.Cache[K, V]) {
	tb.Helper()
	waitReady(tb, c.Stats)
}

func waitReady(tb testing.TB, stats func() cache.Stats) {
	tb.Helper()
	if homes.Mini(tb) && !stats().LocalReady {
		tb.Fatalf("cachetest: the local tier needs a Redis that can push, and this test's is miniredis: "+
			"install redis-server (apt-get install redis-server, brew install redis) and do not set %s=miniredis",
			choiceVariable)
		return
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !stats().LocalReady {
		select {
		case <-tick.C:
		case <-timeout.C:
			tb.Fatalf("cachetest: the local tier is not ready after %v: does the cache have one (Options.LocalBytes), "+
				"and does its client speak RESP3 to a reachable Redis? %+v", patience, stats())
			return
		}
	}
}
