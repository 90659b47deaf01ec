package app

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/cache"
)

func TestCacheLogWritesTwentyLinesASecondAndCountsTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := newCacheLog(slog.New(slog.NewTextHandler(&out, nil)), slog.LevelInfo)
		for i := range 50 {
			log.CacheEvent(cache.Event{Kind: cache.EventHit, Key: fmt.Sprint("cache:user:", i)})
		}
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if n := strings.Count(out.String(), "Cache HIT für"); n != 20 {
			t.Errorf("%d lines in the first second, want 20", n)
		}
		if !strings.Contains(out.String(), "30 weitere Cache-Zeilen ausgelassen") {
			t.Errorf("nobody counted what was left out:\n%s", &out)
		}
		out.Reset()
		log.CacheEvent(cache.Event{Kind: cache.EventMiss, Key: "cache:user:1"})
		log.CacheEvent(cache.Event{Kind: cache.EventInvalidated, Key: "cache:user:1"})
		time.Sleep(1100 * time.Millisecond)
		if got := out.String(); !strings.Contains(got, "Cache MISS für cache:user:1") ||
			!strings.Contains(got, "Cache invalidiert für cache:user:1") || strings.Contains(got, "ausgelassen") {
			t.Errorf("the next second:\n%s", got)
		}
	})
}

func TestCacheLogIsSilentBelowItsLevel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := newCacheLog(slog.New(slog.NewTextHandler(&out, nil)), slog.LevelDebug)
	log.CacheEvent(cache.Event{Kind: cache.EventHit, Key: "cache:user:1"})
	if out.Len() > 0 {
		t.Errorf("it wrote %s", &out)
	}
}

func TestCacheLogCountsEveryLineThatManyGoroutinesLeftOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := newCacheLog(slog.New(slog.NewTextHandler(&out, nil)), slog.LevelInfo)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 1000 {
					log.CacheEvent(cache.Event{Kind: cache.EventHit, Key: "cache:user:1"})
				}
			})
		}
		wg.Wait()
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if n := strings.Count(out.String(), "Cache HIT für"); n != 20 {
			t.Errorf("%d lines, want 20", n)
		}
		if !strings.Contains(out.String(), "7980 weitere Cache-Zeilen ausgelassen") {
			t.Errorf("the count is wrong:\n%s", &out)
		}
	})
}

func BenchmarkCacheLog(b *testing.B) {
	for name, level := range map[string]slog.Level{"silent": slog.LevelWarn, "full": slog.LevelInfo} {
		b.Run(name, func(b *testing.B) {
			log := newCacheLog(slog.New(slog.NewTextHandler(&bytes.Buffer{}, &slog.HandlerOptions{Level: level})), slog.LevelInfo)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					log.CacheEvent(cache.Event{Kind: cache.EventHit, Key: "cache:user:1"})
				}
			})
		})
	}
}
