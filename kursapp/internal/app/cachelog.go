package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redisx"
)

// cacheLinesPerSecond bounds what the cache may write to the log, so that a
// load test shows its result and not its log.
const cacheLinesPerSecond = 20

// cacheLog writes the lines that the course sheet shows: "Cache HIT für
// cache:user:1" and its siblings. Above cacheLinesPerSecond it counts, and
// says at the end of the second how many lines it left out.
//
// It stands on the path of every read, so a line that will not be written costs
// no more than one counter.
type cacheLog struct {
	log   *slog.Logger
	level slog.Level

	// full is set from the first line of a second that does not fit to the end of
	// that second. skipped counts from there.
	full    atomic.Bool
	skipped atomic.Int64

	mu      sync.Mutex
	until   time.Time // end of the present second
	written int
}

func newCacheLog(log *slog.Logger, level slog.Level) *cacheLog {
	return &cacheLog{log: log, level: level}
}

// CacheEvent implements cache.Observer.
func (c *cacheLog) CacheEvent(e cache.Event) {
	var verb string
	switch e.Kind {
	case cache.EventHit:
		verb = "HIT"
	case cache.EventMiss:
		verb = "MISS"
	case cache.EventInvalidated:
		if strings.HasPrefix(e.Key, "{") { // a tag: what it stands for is no key that one could look at
			return
		}
		verb = "invalidiert"
	case cache.EventLocalReady:
		c.log.Info("what is cached is served from memory, which Redis keeps fresh", "keys", e.Key+"*")
		return
	case cache.EventLocalLost:
		if errors.Is(e.Err, redisx.ErrNotConnected) {
			c.log.Info("nothing is served from memory until Redis is connected", "keys", e.Key+"*")
			return
		}
		c.log.Warn("nothing is served from memory: the line on which Redis tells of changes is down", "keys", e.Key+"*", "error", e.Err)
		return
	default:
		return
	}
	if c.full.Load() {
		c.skipped.Add(1)
		return
	}
	if !c.log.Enabled(context.Background(), c.level) {
		return
	}
	if c.admit(time.Now()) {
		c.log.Log(context.Background(), c.level, "Cache "+verb+" für "+e.Key)
	}
}

// admit reports whether one more line fits into the present second. The first
// line that does not fit arms a timer that reports the count.
func (c *cacheLog) admit(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.full.Load() {
		c.skipped.Add(1)
		return false
	}
	if now.After(c.until) {
		c.until, c.written = now.Add(time.Second), 0
	}
	if c.written < cacheLinesPerSecond {
		c.written++
		return true
	}
	c.skipped.Add(1)
	c.full.Store(true)
	time.AfterFunc(c.until.Sub(now), c.reportSkipped)
	return false
}

// reportSkipped begins the next second. An event that saw full just before may
// count itself just after: then the next report has it.
func (c *cacheLog) reportSkipped() {
	c.mu.Lock()
	c.until = time.Time{}
	c.full.Store(false)
	n := c.skipped.Swap(0)
	c.mu.Unlock()
	c.log.Log(context.Background(), c.level, fmt.Sprintf("%d weitere Cache-Zeilen ausgelassen", n))
}
