package httpapi

import (
	"context"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/compare"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// fakeUsers has what it knows in both tiers.

func (f *fakeUsers) Inspect(_ context.Context, id int64) (cache.Inspection, error) {
	e, err := entryOf(id)
	if err != nil {
		return cache.Inspection{}, err
	}
	return cache.Inspection{
		Key:   "cache:user:1",
		Local: cache.LocalInspection{Enabled: true, Ready: true, Present: true, TTL: 56 * time.Second},
		Redis: cache.RedisInspection{Present: true, Raw: e.Raw, TTL: 57 * time.Second},
	}, nil
}

func (f *fakeUsers) Invalidate(context.Context, int64) error { return nil }

func (f *fakeUsers) Warm(_ context.Context, id int64) error {
	_, err := entryOf(id)
	return err
}

func (f *fakeUsers) Stampede(_ context.Context, id int64, readers int) (kurs.Stampede, error) {
	_, err := entryOf(id)
	return kurs.Stampede{Readers: readers, Loads: 1, Collapsed: readers - 1, Duration: 1500 * time.Microsecond}, err
}

// fakeComparisons has one that runs, unless told otherwise.
type fakeComparisons struct {
	state   compare.State
	failure compare.Failure
	noLocal bool
	err     error
	none    bool
}

func (f *fakeComparisons) comparison(r compare.Request) compare.Comparison {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	c := compare.Comparison{
		ID: "the-id", State: compare.Running, Request: r, StartedAt: at, Clock: 40, Database: "SQLite", Redis: "Redis 7.0.15",
		Failure: f.failure, NoLocal: f.noLocal,
		Results: []compare.Result{{
			Way: compare.Local, Done: 1000, Errors: 1, Elsewhere: 2, Duration: time.Millisecond, ReadsPerSample: 4,
			P50: 215, P90: 230, P99: 800, Min: 190, Max: 12_345, Mean: 250, Histogram: []compare.Bucket{{LE: 219, N: 600}, {LE: 12_543, N: 400}},
		}},
	}
	if f.state != "" {
		c.State, c.FinishedAt = f.state, at.Add(time.Second)
	}
	return c
}

func (f *fakeComparisons) Start(_ context.Context, r compare.Request) (compare.Comparison, error) {
	return f.comparison(r), f.err
}

func (f *fakeComparisons) Current() (compare.Comparison, bool) {
	return f.comparison(compare.Request{Requests: 1000, Concurrency: 8, UserID: 1}), !f.none
}

func (f *fakeComparisons) Cancel(context.Context) (compare.Comparison, bool, error) {
	c, ok := f.Current()
	return c, ok, f.err
}
