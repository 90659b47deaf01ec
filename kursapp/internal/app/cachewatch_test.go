package app

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redisx"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// newTestWatch watches users whose Redis is never there.
func newTestWatch(t *testing.T, log *slog.Logger) *cacheWatch {
	t.Helper()
	client := redisx.Open(rueidis.ClientOption{InitAddress: []string{"127.0.0.1:1"}}, redisx.LazyOptions{})
	t.Cleanup(client.Close)
	w := &cacheWatch{cacheLog: newCacheLog(log, slog.LevelDebug)}
	w.users = kurs.NewUsers(kurs.UsersDeps{Store: &gate{}, Client: client, CacheOptions: cache.Options{Observer: w}})
	t.Cleanup(w.users.Close)
	return w
}

func TestCountsAreLoggedWhenTheyHaveChanged(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := newTestWatch(t, slog.New(slog.NewJSONHandler(&out, nil)))
	report := func() string {
		out.Reset()
		w.report(t.Context(), slog.LevelInfo)
		return out.String()
	}
	if got := report(); got != "" {
		t.Errorf("before anything happened it logged %s", got)
	}
	w.CacheEvent(cache.Event{Kind: cache.EventLocalLost, Err: errors.New("not there yet")})
	if got := report(); got != "" {
		t.Errorf("before the local tier was ready it logged %s", got)
	}
	w.CacheEvent(cache.Event{Kind: cache.EventLocalReady})
	w.CacheEvent(cache.Event{Kind: cache.EventLocalLost, Err: errors.New("gone")})
	if got := report(); strings.Count(got, "cache counts") != 1 || !strings.Contains(got, `"local_lost":1`) {
		t.Errorf("after the local tier was lost it logged %s", got)
	}
	if got := report(); got != "" {
		t.Errorf("without a change it logged %s", got)
	}
	// The database is closed (see gate), so this read is a load that fails.
	if _, err := w.users.Get(t.Context(), 1); !errors.Is(err, kurs.ErrUnavailable) {
		t.Fatalf("error %v", err)
	}
	if got := report(); !strings.Contains(got, `"misses":1`) || !strings.Contains(got, `"load_errors":1`) {
		t.Errorf("after a failed load it logged %s", got)
	}
}

func TestCountsBelowTheLevelWaitForALouderReport(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := newTestWatch(t, slog.New(slog.NewJSONHandler(&out, nil)))
	w.CacheEvent(cache.Event{Kind: cache.EventLocalReady})
	w.CacheEvent(cache.Event{Kind: cache.EventLocalLost})
	out.Reset()
	w.report(t.Context(), slog.LevelDebug)
	if out.Len() > 0 {
		t.Errorf("it logged %s", &out)
	}
	w.report(t.Context(), slog.LevelInfo)
	if !strings.Contains(out.String(), `"local_lost":1`) {
		t.Errorf("it logged %s", &out)
	}
}
