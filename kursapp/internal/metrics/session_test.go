package metrics_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/metrics"
	"github.com/speedlayer/speedlayer/session"
)

// A field of session.Stats that is not shown fails here: each has another number.
func TestAllCountsOfSessionsAreShown(t *testing.T) {
	t.Parallel()
	stats := session.Stats{LocalReady: true}
	v := reflect.ValueOf(&stats).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Uint64:
			f.SetUint(uint64(100 + i))
		case reflect.Int, reflect.Int64:
			f.SetInt(int64(100 + i))
		case reflect.Bool:
		default:
			t.Fatalf("a field of kind %s", f.Kind())
		}
	}
	m := metrics.New(users(&cache.Stats{}))
	m.WatchSessions(func() session.Stats { return stats })
	m.SessionEvent(session.Event{Kind: session.EventCreated, UserID: "4711", SessionID: "abcdef"})
	m.SessionEvent(session.Event{Kind: session.EventRevoked, UserID: "4711", Reason: session.ReasonAll})
	m.SessionEvent(session.Event{Kind: session.EventRevoked, UserID: "4712", Reason: session.ReasonAll})
	body := scrape(t, m)
	for _, line := range []string{
		`kursapp_session_lookups_total{tier="local"} 100`,
		`kursapp_session_lookups_total{tier="redis"} 101`,
		`kursapp_session_local_entries 102`,
		`kursapp_session_local_bytes 103`,
		`kursapp_session_local_evictions_total 104`,
		`kursapp_session_local_ready 1`,
		`kursapp_session_events_total{event="created",reason=""} 1`,
		`kursapp_session_events_total{event="revoked",reason="all"} 2`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("%s is missing", line)
		}
	}
	if v.NumField() != 6 {
		t.Errorf("session.Stats has %d fields; is the new one shown?", v.NumField())
	}
	if strings.Contains(body, "4711") || strings.Contains(body, "abcdef") {
		t.Error("a metric names a user or a session")
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "kursapp_session") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}
