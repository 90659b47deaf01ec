package metrics_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/metrics"
	"github.com/speedlayer/speedlayer/outbox"
)

// backlog is a source of which only the backlog is asked for.
type backlog struct {
	outbox.Source
	err error
}

func (b *backlog) Backlog(context.Context) (int, time.Duration, error) {
	return 3, 1500 * time.Millisecond, b.err
}

func TestOutboxShowsWhatWaitsAndWhatWasDelivered(t *testing.T) {
	t.Parallel()
	m, source := metrics.New(users(&cache.Stats{})), &backlog{}
	m.WatchOutbox(source, func() outbox.Stats {
		return outbox.Stats{Delivered: 11, Refused: 12, Repeated: 13, Failures: 14}
	})
	m.ObserveTaskDone(time.Second)
	m.ObserveDelivered(outbox.Row{Kind: outbox.KindInvalidateTag}, 20*time.Millisecond)
	m.ObserveDelivered(outbox.Row{Kind: outbox.KindInvalidate}, 0) // it was repeated
	m.ObserveDelivered(outbox.Row{Kind: outbox.KindTask}, 3*time.Second)
	got := scrape(t, m)
	for _, want := range []string{
		"kursapp_outbox_oldest_seconds 1.5",
		"kursapp_outbox_waiting_rows 3",
		"kursapp_outbox_delivered_rows_total 11",
		"kursapp_outbox_task_done_seconds_count 1",
		"kursapp_outbox_unconfirmed_rows_total 12",
		"kursapp_outbox_repeated_rows_total 13",
		"kursapp_outbox_failures_total 14",
		`kursapp_outbox_latency_seconds_bucket{what="invalidation",le="0.025"} 1`,
		`kursapp_outbox_latency_seconds_count{what="invalidation"} 1`,
		`kursapp_outbox_latency_seconds_sum{what="task"} 3`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("%s is missing", want)
		}
	}
	source.err = errors.New("away")
	if got := scrape(t, m); strings.Contains(got, "kursapp_outbox_oldest_seconds ") || !strings.Contains(got, "kursapp_outbox_delivered_rows_total 11") {
		t.Errorf("without a database:\n%s", got)
	}
}
