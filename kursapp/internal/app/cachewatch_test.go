package app

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/cache"
)

// newTestWatch watches two caches, of which one counts what stats says.
func newTestWatch(out *bytes.Buffer, stats *cache.Stats) *cacheWatch {
	log := slog.New(slog.NewJSONHandler(out, nil))
	return &cacheWatch{cacheLog: newCacheLog(log, slog.LevelDebug), stats: func() map[string]cache.Stats {
		return map[string]cache.Stats{"users": *stats, "pages": {}}
	}}
}

func TestCountsAreLoggedWhenTheyHaveChanged(t *testing.T) {
	t.Parallel()
	var (
		out   bytes.Buffer
		stats cache.Stats
	)
	w := newTestWatch(&out, &stats)
	report := func() string {
		out.Reset()
		w.report(t.Context(), slog.LevelInfo)
		return out.String()
	}
	if got := report(); got != "" {
		t.Errorf("before anything happened it logged %s", got)
	}
	stats.LocalLosses = 1
	if got := report(); strings.Count(got, "cache counts") != 1 || !strings.Contains(got, `"local_lost":1`) || strings.Contains(got, "pages") {
		t.Errorf("after the local tier was lost it logged %s", got)
	}
	if got := report(); got != "" {
		t.Errorf("without a change it logged %s", got)
	}
	stats.Misses, stats.LoadErrors = 1, 1
	if got := report(); !strings.Contains(got, `"misses":1`) || !strings.Contains(got, `"load_errors":1`) {
		t.Errorf("after a failed load it logged %s", got)
	}
}

func TestCountsBelowTheLevelWaitForALouderReport(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := newTestWatch(&out, &cache.Stats{Misses: 4})
	w.report(t.Context(), slog.LevelDebug)
	if out.Len() > 0 {
		t.Errorf("it logged %s", &out)
	}
	w.report(t.Context(), slog.LevelInfo)
	if !strings.Contains(out.String(), `"misses":4`) {
		t.Errorf("it logged %s", &out)
	}
}

type writerFunc func(p []byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

func TestCountsAreLoggedOnceAMinuteUntilTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			hits  atomic.Uint64
			lines atomic.Int64
		)
		log := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
			lines.Add(1)
			return len(p), nil
		}), nil))
		w := &cacheWatch{cacheLog: newCacheLog(log, slog.LevelDebug), stats: func() map[string]cache.Stats {
			return map[string]cache.Stats{"users": {Hits: hits.Load()}}
		}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			w.run(ctx, slog.LevelInfo)
			close(done)
		}()
		hits.Store(1)
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if n := lines.Load(); n != 0 {
			t.Errorf("%d lines before the first minute is over", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := lines.Load(); n != 1 {
			t.Errorf("%d lines after a minute, want 1", n)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := lines.Load(); n != 1 {
			t.Errorf("%d lines after an hour in which nothing happened, want 1", n)
		}
		hits.Store(2)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := lines.Load(); n != 2 {
			t.Errorf("%d lines after a minute with a hit, want 2", n)
		}
		cancel()
		<-done
	})
}
