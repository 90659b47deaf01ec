package app

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/live"
	"github.com/speedlayer/speedlayer/kursapp/internal/metrics"
)

// countsInterval is how often the cache's counts are logged.
const countsInterval = time.Minute

// cacheWatch is the observer of the caches: it has each event logged and loads
// measured, and logs what the caches have counted.
type cacheWatch struct {
	*cacheLog
	// metrics is nil where nobody can scrape them.
	metrics *metrics.Metrics
	// live is nil where no dashboard can watch.
	live *live.Monitor

	stats func() map[string]cache.Stats // by cache; set once, before anything runs
	last  map[string]cache.Stats
}

// CacheEvent implements cache.Observer.
func (w *cacheWatch) CacheEvent(e cache.Event) {
	if e.Kind == cache.EventLoad && w.metrics != nil {
		w.metrics.ObserveLoad(e.Duration)
	}
	w.live.CacheEvent(e)
	w.cacheLog.CacheEvent(e)
}

// run logs the counts every minute until ctx ends.
func (w *cacheWatch) run(ctx context.Context, level slog.Level) {
	tick := time.NewTicker(countsInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.report(ctx, level)
		}
	}
}

// report logs the counts of the caches in which something changed since it last did. It is for one
// goroutine at a time.
func (w *cacheWatch) report(ctx context.Context, level slog.Level) {
	now := w.stats()
	var counts []any
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if now[name] != w.last[name] {
			counts = append(counts, slog.Any(name, metrics.CacheCounts(now[name])))
		}
	}
	if len(counts) == 0 || !w.log.Enabled(ctx, level) {
		return
	}
	w.last = now
	w.log.Log(ctx, level, "cache counts", counts...)
}
