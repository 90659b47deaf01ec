package httpapi

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/compare"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func newComparing(t *testing.T, f *fakeComparisons) *site {
	t.Helper()
	return newSite(t, Demo, func(d *Deps, _ *Config) { d.Comparisons = f })
}

func comparison(t *testing.T, s *site, method, target, in string, status int, headers ...string) comparisonBody {
	t.Helper()
	w := s.do(t, method, target, in, headers...)
	var c comparisonBody
	if err := json.Unmarshal(w.Body.Bytes(), &c); err != nil || w.Code != status {
		t.Fatalf("%s %s: %d %s", method, target, w.Code, w.Body)
	}
	return c
}

func TestComparisonAnswer(t *testing.T) {
	t.Parallel()
	s := newComparing(t, &fakeComparisons{})
	c := comparison(t, s, "POST", "/comparisons", `{"requests":200,"concurrency":4,"user_id":2}`, 202)
	if c.ID != "the-id" || c.State != "running" || c.Error != "" || c.StartedAt != 1777636800000 || c.FinishedAt != 0 ||
		c.Requests != 200 || c.Concurrency != 4 || c.UserID != 2 {
		t.Errorf("got %+v", c)
	}
	if c.About.CPUs < 1 || !strings.Contains(c.About.Go, ".") || c.About.Database != "SQLite" || c.About.Redis != "Redis 7.0.15" || c.About.Clock != 0.04 ||
		!strings.Contains(c.About.Note, "dauert 40 ns") || !strings.Contains(c.About.Note, "SQLite läuft") || strings.Contains(c.About.Note, "fehlt") {
		t.Errorf("about %+v", c.About)
	}
	way, err := json.Marshal(c.Ways)
	const want = `[{"way":"local","done":1000,"errors":1,"elsewhere":2,"duration_us":1000,"throughput":1000000,` +
		`"p50_us":0.215,"p90_us":0.23,"p99_us":0.8,"min_us":0.19,"max_us":12.345,"mean_us":0.25,"reads_per_sample":4,` +
		`"histogram":[{"le_us":0.219,"n":600},{"le_us":12.543,"n":400}]}]`
	if string(way) != want || err != nil {
		t.Errorf("ways %s\nwant %s", way, want)
	}
	if c := comparison(t, s, "POST", "/comparisons", `{}`, 202); c.Requests != 1000 || c.Concurrency != 8 || c.UserID != 1 {
		t.Errorf("without numbers: %+v", c)
	}
	over := newComparing(t, &fakeComparisons{state: compare.Cancelled, noLocal: true})
	if c := comparison(t, over, "DELETE", "/comparisons/current", "", 200, "Accept-Language", "en"); c.State != "cancelled" ||
		c.FinishedAt != 1777636801000 || c.Error != "" || !strings.Contains(c.About.Note, "Memory is missing") {
		t.Errorf("cancelled: %+v", c)
	}
}

// Each failure has words in both languages.
func TestComparisonFailureInWords(t *testing.T) {
	t.Parallel()
	for _, f := range []compare.Failure{
		compare.RedisGone, compare.RedisEmpty, compare.DatabaseGone, compare.UserGone, compare.TooSlow, compare.Internal,
	} {
		s := newComparing(t, &fakeComparisons{state: compare.Failed, failure: f})
		german := comparison(t, s, "GET", "/comparisons/current", "", 200)
		english := comparison(t, s, "GET", "/comparisons/current", "", 200, "Accept-Language", "en")
		if german.State != "failed" || german.Error == "" || english.Error == "" || german.Error == english.Error {
			t.Errorf("%s: %q and %q", f, german.Error, english.Error)
		}
	}
}

func TestComparisonRoutesRefuse(t *testing.T) {
	t.Parallel()
	without := newSite(t, Demo, func(d *Deps, _ *Config) { d.Comparisons = nil })
	none := newComparing(t, &fakeComparisons{none: true})
	busy := newComparing(t, &fakeComparisons{err: compare.ErrRunning})
	missing := newComparing(t, &fakeComparisons{err: kurs.ErrUserNotFound})
	gone := newComparing(t, &fakeComparisons{err: kurs.ErrUnavailable})
	slow := newComparing(t, &fakeComparisons{err: context.DeadlineExceeded})
	for _, tt := range []struct {
		s                    *site
		method, target, body string
		status               int
		detail               string
	}{
		{busy, "POST", "/comparisons", `{}`, 409, "Ein Vergleich läuft bereits"},
		{missing, "POST", "/comparisons", `{}`, 404, "User nicht gefunden"},
		{gone, "POST", "/comparisons", `{}`, 503, "nicht verfügbar"},
		{slow, "DELETE", "/comparisons/current", "", 503, "nicht verfügbar"},
		{none, "DELETE", "/comparisons/current", "", 404, "Es gab noch keinen Vergleich"},
		{without, "POST", "/comparisons", `{}`, 404, "gibt es nicht"},
		{without, "GET", "/comparisons/current", "", 404, "gibt es nicht"},
		{without, "DELETE", "/comparisons/current", "", 404, "gibt es nicht"},
		{none, "POST", "/comparisons", `{"requests":99}`, 422, "„requests“ muss mindestens 100 sein"},
		{none, "POST", "/comparisons", `{"requests":20001}`, 422, "„requests“ darf höchstens 20000 sein"},
		{none, "POST", "/comparisons", `{"concurrency":0}`, 422, "„concurrency“ muss mindestens 1 sein"},
		{none, "POST", "/comparisons", `{"concurrency":65}`, 422, "„concurrency“ darf höchstens 64 sein"},
		{none, "POST", "/comparisons", `{"user_id":0}`, 422, "„user_id“ muss mindestens 1 sein"},
		{none, "POST", "/comparisons", `{"user_id":"1"}`, 422, "„user_id“ muss eine ganze Zahl sein"},
	} {
		w := tt.s.do(t, tt.method, tt.target, tt.body)
		if p := problem(t, w); p.Status != tt.status || !strings.Contains(p.Detail, tt.detail) {
			t.Errorf("%s %s %s: %d %s", tt.method, tt.target, tt.body, w.Code, w.Body)
		}
	}
}

// An error would stand in the console of everybody who looks before the first one.
func TestNoComparisonYetIsNoError(t *testing.T) {
	t.Parallel()
	w := newComparing(t, &fakeComparisons{none: true}).do(t, "GET", "/comparisons/current", "")
	if w.Code != 204 || w.Body.Len() != 0 {
		t.Errorf("%d %q, want 204 without a body", w.Code, w.Body)
	}
}

func TestRealComparison(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	runner := compare.NewRunner(compare.Options{
		Store: &memoryStore{max: &kurs.Account{User: max1}}, Client: redis.Client(t), Patience: time.Minute, Deadline: 5 * time.Minute,
	})
	t.Cleanup(runner.Close)
	s := newSite(t, Demo, func(d *Deps, _ *Config) { d.Comparisons = runner })
	if c := comparison(t, s, "POST", "/comparisons", `{"requests":100,"concurrency":2}`, 202); c.State != "running" || c.ID == "" {
		t.Errorf("got %+v", c)
	}
	limit := time.After(5 * time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		c := comparison(t, s, "GET", "/comparisons/current", "", 200)
		if c.State != "running" {
			if c.State != "done" || c.FinishedAt < c.StartedAt || len(c.Ways) != 3 || c.Ways[0].Done != 100 || c.Ways[1].P99 <= 0 {
				t.Errorf("got %+v", c)
			}
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("it does not end")
		}
	}
}
