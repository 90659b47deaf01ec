package metrics_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, redistest.IgnoreLeaks()...) }

// scrape asks as Prometheus does.
func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	if got := w.Header().Get("Content-Type"); w.Code != 200 || !strings.HasPrefix(got, "text/plain") {
		t.Fatalf("status %d, Content-Type %q: %s", w.Code, got, w.Body)
	}
	return w.Body.String()
}

// users are the counts of a process with one cache.
func users(counts *cache.Stats) func() map[string]cache.Stats {
	return func() map[string]cache.Stats { return map[string]cache.Stats{"users": *counts} }
}

// distinct returns counts whose fields all have values of their own, from 1001 on,
// and those values by field. What is true or false is true.
func distinct(t *testing.T) (cache.Stats, map[string]string) {
	t.Helper()
	var c cache.Stats
	values := map[string]string{}
	stats := reflect.ValueOf(&c).Elem()
	for i := range stats.NumField() {
		field, name, n := stats.Field(i), stats.Type().Field(i).Name, 1001+i
		switch field.Kind() {
		case reflect.Uint64:
			field.SetUint(uint64(n))
		case reflect.Int, reflect.Int64:
			field.SetInt(int64(n))
		case reflect.Bool:
			field.SetBool(true)
			continue
		default:
			t.Fatalf("cache.Stats.%s is a %v: teach this test and the metrics about it", name, field.Kind())
		}
		values[name] = fmt.Sprint(n)
	}
	return c, values
}

func TestEveryCountOfTheCacheIsScraped(t *testing.T) {
	t.Parallel()
	counts, values := distinct(t)
	body := scrape(t, metrics.New(users(&counts)))
	scraped := map[string]int{}
	for line := range strings.Lines(body) {
		if name, value, ok := strings.Cut(line, " "); ok && strings.HasPrefix(name, "kursapp_") {
			scraped[strings.TrimSuffix(value, "\n")]++
		}
	}
	for field, value := range values {
		if scraped[value] != 1 {
			t.Errorf("%s is scraped %d times", field, scraped[value])
		}
	}
	for _, line := range []string{"kursapp_cache_breaker_open{cache=\"users\"} 1\n", "kursapp_cache_local_ready{cache=\"users\"} 1\n", "go_goroutines ", "process_cpu_seconds_total "} {
		if !strings.Contains(body, line) {
			t.Errorf("%q is missing", line)
		}
	}
	if t.Failed() {
		t.Log(body)
	}
}

func TestCountsAreReadWhenScraped(t *testing.T) {
	t.Parallel()
	var counts cache.Stats
	m := metrics.New(users(&counts))
	for _, want := range []string{
		"kursapp_cache_hits_total{cache=\"users\",tier=\"local\"} 0\n",
		"kursapp_cache_hits_total{cache=\"users\",tier=\"redis\"} 0\n",
		"kursapp_cache_breaker_open{cache=\"users\"} 0\n",
		"kursapp_cache_load_duration_seconds_count 0\n",
	} {
		if body := scrape(t, m); !strings.Contains(body, want) {
			t.Errorf("at first %q is missing:\n%s", want, body)
		}
	}
	counts = cache.Stats{LocalHits: 7, Hits: 5, BreakerOpen: true, LocalBytes: 640, LocalLosses: 2}
	m.ObserveLoad(3906250 * time.Nanosecond)
	m.ObserveLoad(62500 * time.Microsecond)
	for _, want := range []string{
		"kursapp_cache_hits_total{cache=\"users\",tier=\"local\"} 7\n",
		"kursapp_cache_hits_total{cache=\"users\",tier=\"redis\"} 5\n",
		"kursapp_cache_breaker_open{cache=\"users\"} 1\n",
		"kursapp_cache_local_bytes{cache=\"users\"} 640\n",
		"kursapp_cache_local_lost_total{cache=\"users\"} 2\n",
		"kursapp_cache_load_duration_seconds_count 2\n",
		"kursapp_cache_load_duration_seconds_sum 0.06640625\n",
		"kursapp_cache_load_duration_seconds_bucket{le=\"0.0025\"} 0\n",
		"kursapp_cache_load_duration_seconds_bucket{le=\"0.005\"} 1\n",
		"kursapp_cache_load_duration_seconds_bucket{le=\"0.1\"} 2\n",
	} {
		if body := scrape(t, m); !strings.Contains(body, want) {
			t.Errorf("later %q is missing:\n%s", want, body)
		}
	}
}

func TestNamesFollowTheConventions(t *testing.T) {
	t.Parallel()
	body := scrape(t, metrics.New(users(&cache.Stats{})))
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestOnlyTheCacheTheTierAndTheBucketAreLabels(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(scrape(t, metrics.New(users(&cache.Stats{})))) {
		_, labels, ok := strings.Cut(line, "{")
		if !ok || !strings.HasPrefix(line, "kursapp_") {
			continue
		}
		switch labels, _, _ = strings.Cut(labels, "}"); labels {
		case `cache="users"`, `cache="users",tier="local"`, `cache="users",tier="redis"`:
		default:
			if !strings.HasPrefix(labels, `le="`) {
				t.Errorf("%s", line)
			}
		}
	}
}

func TestNothingButMetricsIsServed(t *testing.T) {
	t.Parallel()
	h := metrics.New(users(&cache.Stats{})).Handler(slog.New(slog.DiscardHandler))
	for _, tt := range []struct {
		method, path string
		status       int
	}{{"GET", "/", 404}, {"GET", "/users/1", 404}, {"GET", "/metrics/x", 404}, {"POST", "/metrics", 405}} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, nil))
		if w.Code != tt.status {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, w.Code, tt.status)
		}
	}
}

func TestEveryCountOfTheCacheIsLogged(t *testing.T) {
	t.Parallel()
	counts, values := distinct(t)
	delete(values, "Loading") // a moment's value: nothing worth a line
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("cache counts", "cache", metrics.CacheCounts(counts))
	var line struct{ Cache map[string]any }
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	logged := map[string]bool{}
	for _, v := range line.Cache {
		logged[fmt.Sprint(v)] = true
	}
	for field, value := range values {
		if !logged[value] {
			t.Errorf("%s is missing in %s", field, &out)
		}
	}
	if line.Cache["breaker_open"] != true || line.Cache["local_ready"] != true {
		t.Errorf("%s", &out)
	}
}
