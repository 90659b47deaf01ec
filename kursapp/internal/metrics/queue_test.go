package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/metrics"
	"github.com/speedlayer/speedlayer/queue"
)

// counted is a queue with given counts, or one that does not answer in time.
type counted struct {
	name  string
	stats queue.Stats
	err   error
	hangs bool
}

func (c *counted) Name() string { return c.name }

func (c *counted) Stats(ctx context.Context) (queue.Stats, error) {
	if c.hangs {
		<-ctx.Done()
		return queue.Stats{}, ctx.Err()
	}
	return c.stats, c.err
}

func TestEveryCountOfAQueueIsScraped(t *testing.T) {
	t.Parallel()
	q := &counted{name: "email_queue"}
	want := map[string]string{}
	stats := reflect.ValueOf(&q.stats).Elem()
	for i := range stats.NumField() {
		field, name := stats.Field(i), stats.Type().Field(i).Name
		switch field.Interface().(type) {
		case int, int64:
			field.SetInt(int64(2001 + i))
			want[name] = fmt.Sprint(2001 + i)
		case time.Duration:
			field.SetInt(int64(2500+i) * int64(time.Second))
			want[name] = fmt.Sprint(2500 + i)
		case bool:
			field.SetBool(true)
		default:
			t.Fatalf("queue.Stats.%s: teach this test and the metrics about it", name)
		}
	}
	m := metrics.New(users(&cache.Stats{}))
	m.WatchQueues(q)
	body := scrape(t, m)
	for field, value := range want {
		if n := strings.Count(body, " "+value+"\n"); n != 1 {
			t.Errorf("%s is scraped %d times", field, n)
		}
	}
	for _, line := range []string{
		`kursapp_queue_tasks{queue="email_queue",state="waiting"} 2001`,
		`kursapp_queue_tasks{queue="email_queue",state="dead"} 2006`,
		`kursapp_queue_paused{queue="email_queue"} 1`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("%q is missing in\n%s", line, body)
		}
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

func TestAQueueThatCannotBeAskedSpoilsNoScrape(t *testing.T) {
	t.Parallel()
	m := metrics.New(users(&cache.Stats{Hits: 5}))
	m.WatchQueues(
		&counted{name: "fine", stats: queue.Stats{Dead: 3}},
		&counted{name: "failing", err: errors.New("away")},
		&counted{name: "hanging", hangs: true},
	)
	begin := time.Now()
	body := scrape(t, m)
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("the scrape took %v", took)
	}
	for _, line := range []string{`kursapp_queue_tasks{queue="fine",state="dead"} 3`, `kursapp_cache_hits_total{cache="users",tier="redis"} 5`} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("%q is missing in\n%s", line, body)
		}
	}
	if strings.Contains(body, "failing") || strings.Contains(body, "hanging") {
		t.Errorf("a queue that cannot be asked is shown:\n%s", body)
	}
}

// A queue in a Redis that freezes is not shown, and shown again afterwards.
func TestQueuesOfAFrozenRedisAreLeftOut(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	q := queue.New(server.Client(t), "mails", queue.Options{RedisTimeout: 10 * time.Second})
	if err := q.Enqueue(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	m := metrics.New(users(&cache.Stats{Hits: 5}))
	m.WatchQueues(q)
	const waiting = `kursapp_queue_tasks{queue="mails",state="waiting"} 1` + "\n"
	if body := scrape(t, m); !strings.Contains(body, waiting) {
		t.Errorf("%s", body)
	}
	server.Freeze(t)
	body := scrape(t, m) // its status is checked there
	server.Thaw(t)
	if strings.Contains(body, "kursapp_queue_") || !strings.Contains(body, "kursapp_cache_hits_total") {
		t.Errorf("while Redis is frozen:\n%s", body)
	}
	for end := time.Now().Add(time.Minute); !strings.Contains(body, waiting); body = scrape(t, m) {
		if time.Now().After(end) {
			t.Fatalf("after it thawed:\n%s", body)
		}
	}
}
