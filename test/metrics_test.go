package test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// metricsOf finds where a process serves its metrics.
func metricsOf(t *testing.T, p *process) *process {
	t.Helper()
	for line := range strings.Lines(p.log.String()) {
		var entry struct{ Msg, Addr string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "metrics are served" {
			return &process{base: "http://" + entry.Addr}
		}
	}
	t.Fatal("the log does not say where the metrics are")
	return nil
}

// metric reads one metric from a scrape.
func metric(body, name string) (float64, error) {
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(body)
	if found == nil {
		return 0, fmt.Errorf("%s is missing in\n%s", name, body)
	}
	return strconv.ParseFloat(found[1], 64)
}

// TestMetricsFollowTheCache scrapes a running server before and after reads that a
// known tier answers, and after Redis is gone. A pause of the machine may end the
// local tier in between, which is counted too: then there is another server.
func TestMetricsFollowTheCache(t *testing.T) {
	t.Parallel()
	var wrong []string
	for range 5 {
		if wrong = metricsOfAStory(t); len(wrong) == 0 {
			return
		}
		t.Logf("%q", wrong)
	}
	t.Errorf("%s", strings.Join(wrong, "\n"))
}

// metricsOfAStory returns what the metrics do not say as they should.
func metricsOfAStory(t *testing.T) (wrong []string) {
	t.Helper()
	redis := redistest.Start(t)
	p := start(t, []string{"REDIS_URL=" + redis.URL(), "KURSAPP_METRICS_ADDR=127.0.0.1:0"}, "demo")
	m := metricsOf(t, p)
	want := func(name string, value float64) {
		t.Helper()
		got, err := metric(m.request(t, "GET", "/metrics", "").body, name)
		if err != nil || got != value {
			wrong = append(wrong, fmt.Sprintf("%s is %v, want %v; error %v", name, got, value, err))
		}
	}
	want(`kursapp_cache_misses_total{cache="users"}`, 0)
	want(`kursapp_cache_hits_total{cache="users",tier="local"}`, 0)
	want("kursapp_cache_load_duration_seconds_count", 0)

	// The first read is the database's, then Redis's until the value is in memory.
	sources := map[string]int{}
	eventually(t, startTimeout, func() error {
		status := step{"read", "GET", "/users/1", "", nil, 200, maxJSON}.run(t, p).header.Get("Cache-Status")
		_, source, _ := strings.Cut(status, "detail=")
		sources[source]++
		if sources["local"] < 3 {
			return fmt.Errorf("Cache-Status %q", status)
		}
		return nil
	})
	step{"change", "PUT", "/users/1", `{"name":"Maximilian","email":"max@example.com"}`, nil, 200, `{"id":1,"name":"Maximilian","email":"max@example.com"}`}.run(t, p)
	want(`kursapp_cache_hits_total{cache="users",tier="local"}`, float64(sources["local"]))
	want(`kursapp_cache_hits_total{cache="users",tier="redis"}`, float64(sources["redis"]))
	want(`kursapp_cache_misses_total{cache="users"}`, 1)
	want(`kursapp_cache_loads_total{cache="users"}`, 1)
	want("kursapp_cache_load_duration_seconds_count", 1)
	// The service itself, and then the outbox.
	eventually(t, startTimeout, func() error {
		body := m.request(t, "GET", "/metrics", "").body
		invalidations, err := metric(body, `kursapp_cache_invalidations_total{cache="users"}`)
		if err != nil {
			return err
		}
		// Everything at the start, and the change of one user: a row for users and a
		// row for pages each.
		delivered, err := metric(body, `kursapp_outbox_latency_seconds_count{what="invalidation"}`)
		if invalidations != 2 || delivered != 4 {
			return fmt.Errorf("%v invalidations, %v rows delivered, error %w", invalidations, delivered, err)
		}
		return nil
	})
	want(`kursapp_outbox_oldest_seconds`, 0)
	want(`kursapp_outbox_failures_total`, 0)
	want(`kursapp_outbox_delivered_rows_total`, 4)
	want(`kursapp_cache_local_ready{cache="users"}`, 1)
	want(`kursapp_cache_breaker_open{cache="users"}`, 0)
	want(`kursapp_cache_local_lost_total{cache="users"}`, 0)

	if len(wrong) > 0 {
		return wrong
	}

	redis.Kill(t)
	eventually(t, startTimeout, func() error {
		step{"read without Redis", "GET", "/users/3", "", nil, 200, `{"id":3,"name":"User 3","email":"user3@example.com"}`}.run(t, p)
		body := m.request(t, "GET", "/metrics", "").body
		lost, err := metric(body, `kursapp_cache_local_lost_total{cache="users"}`)
		if err != nil {
			return err
		}
		open, err := metric(body, `kursapp_cache_breaker_open{cache="users"}`)
		if err != nil || lost < 1 || open != 1 {
			return fmt.Errorf("without Redis: local tier lost %v times, breaker open %v, error %w", lost, open, err)
		}
		return nil
	})
	want(`kursapp_cache_local_ready{cache="users"}`, 0)
	return wrong
}

func TestMetricsAreOffUnlessAsked(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "demo")
	if r := p.request(t, "GET", "/metrics", ""); r.status != 404 {
		t.Errorf("GET /metrics on the API: %d", r.status)
	}
	if strings.Contains(p.log.String(), "metrics are served") {
		t.Error("metrics are served")
	}
}

func TestMetricsHoldNothingOfTheUsers(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	p := start(t, append(prod.env, "KURSAPP_METRICS_ADDR=127.0.0.1:0"), "serve")
	m := metricsOf(t, p)
	session := p.login(t, adminEmail)
	step{"read", "GET", "/users/1", "", []string{session}, 200, `{"id":1,"name":"Max","email":"max@example.com"}`}.run(t, p)
	body := m.request(t, "GET", "/metrics", "").body
	if loads, err := metric(body, `kursapp_cache_loads_total{cache="users"}`); err != nil || loads != 1 {
		t.Errorf("%v loads, error %v", loads, err)
	}
	_, token, _ := strings.Cut(session, "Bearer ")
	for _, secret := range []string{token, "example.com", "cache:user", "Chefin"} {
		if secret == "" || strings.Contains(body, secret) {
			t.Errorf("the metrics hold %q", secret)
		}
	}
	if r := m.request(t, "GET", "/users/1", ""); r.status != 404 {
		t.Errorf("the address of the metrics serves users: %d", r.status)
	}
	// At its end the server sums up.
	if code := p.stop(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if log := p.log.String(); strings.Count(log, `"cache counts"`) != 1 || !strings.Contains(log, `"loads":1,`) {
		t.Errorf("the log does not sum up what the cache did:\n%s", p.log.Tail(3000))
	}
}

func TestATakenMetricsAddressIsExplained(t *testing.T) {
	t.Parallel()
	first := start(t, []string{"KURSAPP_METRICS_ADDR=127.0.0.1:0"}, "demo")
	taken := strings.TrimPrefix(metricsOf(t, first).base, "http://")
	began := time.Now()
	out, code := command(t, []string{"KURSAPP_ADDR=127.0.0.1:0", "KURSAPP_METRICS_ADDR=" + taken}, "", "demo")
	if code != 2 || !strings.Contains(out, "taken") || !strings.Contains(out, "KURSAPP_METRICS_ADDR=") {
		t.Errorf("exit code %d after %v:\n%s", code, time.Since(began), out)
	}
}
