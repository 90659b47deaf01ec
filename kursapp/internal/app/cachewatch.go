package app

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/metrics"
)

// countsInterval is how often the cache's counts are logged.
const countsInterval = time.Minute

// cacheWatch is the observer of the users' cache: it has each event logged, and
// counts what the cache itself does not.
type cacheWatch struct {
	*cacheLog
	ready atomic.Bool // whether the local tier may be used
	lost  atomic.Uint64
	// metrics is nil where nobody can scrape them.
	metrics *metrics.Metrics

	stats func() cache.Stats // set once, before anything runs
	last  metrics.CacheCounts
}

// CacheEvent implements cache.Observer.
func (w *cacheWatch) CacheEvent(e cache.Event) {
	switch e.Kind {
	case cache.EventLoad:
		if w.metrics != nil {
			w.metrics.ObserveLoad(e.Duration)
		}
	case cache.EventLocalReady:
		w.ready.Store(true)
	case cache.EventLocalLost:
		// What was not there yet, at the start, cannot be lost.
		if w.ready.Swap(false) {
			w.lost.Add(1)
		}
	default: // counted by the cache
	}
	w.cacheLog.CacheEvent(e)
}

func (w *cacheWatch) counts() metrics.CacheCounts {
	return metrics.CacheCounts{Stats: w.stats(), LocalLost: w.lost.Load()}
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

// report logs the counts, if they have changed since it last did. It is for one
// goroutine at a time.
func (w *cacheWatch) report(ctx context.Context, level slog.Level) {
	now := w.counts()
	if now == w.last || !w.log.Enabled(ctx, level) {
		return
	}
	w.last = now
	w.log.Log(ctx, level, "cache counts", "cache", now)
}
