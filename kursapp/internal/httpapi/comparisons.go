package httpapi

import (
	"context"
	"errors"
	"math"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/compare"
)

// Comparisons measures reads in this process. compare.Runner implements it.
type Comparisons interface {
	Start(ctx context.Context, r compare.Request) (compare.Comparison, error)
	Current() (c compare.Comparison, ok bool)
	Cancel(ctx context.Context) (c compare.Comparison, ok bool, err error)
}

var _ Comparisons = (*compare.Runner)(nil)

type comparisonInput struct {
	Body struct {
		_           struct{} `json:"-" additionalProperties:"true"`
		Requests    int      `json:"requests" required:"false" minimum:"100" maximum:"20000" default:"1000" doc:"Reads of each way."`
		Concurrency int      `json:"concurrency" required:"false" minimum:"1" maximum:"64" default:"8" doc:"How many of them at the same time."`
		UserID      int64    `json:"user_id" required:"false" minimum:"1" default:"1" doc:"The user that is read."`
	} `nameHint:"ComparisonRequest"`
}

type comparisonBody struct {
	ID          string          `json:"id"`
	State       string          `json:"state" enum:"running,done,cancelled,failed"`
	Error       string          `json:"error" doc:"Why it failed, for people; else empty."`
	StartedAt   int64           `json:"started_at" doc:"Milliseconds since 1970."`
	FinishedAt  int64           `json:"finished_at" doc:"Milliseconds since 1970; 0 while it runs."`
	Requests    int             `json:"requests"`
	Concurrency int             `json:"concurrency"`
	UserID      int64           `json:"user_id"`
	Ways        []wayBody       `json:"ways" nullable:"false" doc:"Those that have begun, in their order."`
	About       comparisonAbout `json:"about"`
}

type wayBody struct {
	Way            string       `json:"way" enum:"database,redis,local"`
	Done           int64        `json:"done" doc:"Reads that were measured."`
	Errors         int64        `json:"errors" doc:"Reads without an answer, or with a wrong one."`
	Elsewhere      int64        `json:"elsewhere" doc:"Reads that another way answered, for instance because the entry had just ended. They are in no other figure."`
	Duration       float64      `json:"duration_us"`
	Throughput     float64      `json:"throughput" doc:"Measured reads a second."`
	P50            float64      `json:"p50_us"`
	P90            float64      `json:"p90_us"`
	P99            float64      `json:"p99_us"`
	Min            float64      `json:"min_us"`
	Max            float64      `json:"max_us"`
	Mean           float64      `json:"mean_us"`
	ReadsPerSample int          `json:"reads_per_sample" doc:"How many reads lie between two looks at the clock; each counts with their mean."`
	Histogram      []bucketBody `json:"histogram" nullable:"false" doc:"Logarithmic buckets that are not empty."`
}

type bucketBody struct {
	LE float64 `json:"le_us" doc:"The longest that is counted here."`
	N  int64   `json:"n"`
}

type comparisonAbout struct {
	CPUs     int     `json:"cpus"`
	Go       string  `json:"go"`
	Database string  `json:"database"`
	Redis    string  `json:"redis"`
	Clock    float64 `json:"clock_us" doc:"What an empty sample takes. It is in every sample."`
	Note     string  `json:"note" doc:"What is measured, for people."`
}

type comparisonOutput struct {
	Body comparisonBody
}

// currentOutput has no body where there has been no comparison. That is no error: a
// browser would write one into its console whenever somebody looks.
type currentOutput struct {
	Status int
	Body   *comparisonBody
}

func (a *api) comparisonRoutes() {
	huma.Register(a.huma, a.opsOperation(huma.Operation{
		OperationID: "start-comparison", Method: http.MethodPost, Path: "/comparisons",
		Summary: "Compare reads from the database, from Redis and from memory",
		Description: "Reads one user many times, one way after another, in this instance and without HTTP. " +
			"The counters of the cache stay what they are. One comparison at a time, for a minute at most.",
		Tags: []string{tagCache}, DefaultStatus: http.StatusAccepted, MaxBodyBytes: -1,
		Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
	}), a.startComparison)
	huma.Register(a.huma, a.opsOperation(huma.Operation{
		OperationID: "comparison", Method: http.MethodGet, Path: "/comparisons/current",
		Summary:     "The comparison that runs, or the last one",
		Description: "204 where there was none yet.",
		Tags:        []string{tagCache},
		Responses:   map[string]*huma.Response{"204": {Description: "No comparison yet"}},
		Errors:      []int{http.StatusNotFound},
	}), a.currentComparison)
	huma.Register(a.huma, a.opsOperation(huma.Operation{
		OperationID: "cancel-comparison", Method: http.MethodDelete, Path: "/comparisons/current",
		Summary:     "Cancel the comparison that runs",
		Description: "One that is over stays as it is.",
		Tags:        []string{tagCache},
		Errors:      []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}), a.cancelComparison)
}

func (a *api) startComparison(ctx context.Context, in *comparisonInput) (*comparisonOutput, error) {
	if _, err := a.again(ctx, mayOperate); err != nil {
		return nil, err
	}
	if a.Comparisons == nil {
		return nil, &failure{status: http.StatusNotFound, text: textNotFound}
	}
	c, err := a.Comparisons.Start(ctx, compare.Request{
		Requests: in.Body.Requests, Concurrency: in.Body.Concurrency, UserID: in.Body.UserID,
	})
	if errors.Is(err, compare.ErrRunning) {
		return nil, &failure{status: http.StatusConflict, text: textComparisonRunning}
	}
	if err != nil {
		return nil, err
	}
	return comparisonAnswer(exchangeOf(ctx), c), nil
}

func (a *api) currentComparison(ctx context.Context, _ *struct{}) (*currentOutput, error) {
	if a.Comparisons == nil {
		return nil, &failure{status: http.StatusNotFound, text: textNotFound}
	}
	c, ok := a.Comparisons.Current()
	if !ok {
		return &currentOutput{Status: http.StatusNoContent}, nil
	}
	return &currentOutput{http.StatusOK, &comparisonAnswer(exchangeOf(ctx), c).Body}, nil
}

func (a *api) cancelComparison(ctx context.Context, _ *struct{}) (*comparisonOutput, error) {
	if a.Comparisons == nil {
		return nil, &failure{status: http.StatusNotFound, text: textNotFound}
	}
	c, ok, err := a.Comparisons.Cancel(ctx)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &failure{status: http.StatusNotFound, text: textNoComparison}
	}
	return comparisonAnswer(exchangeOf(ctx), c), nil
}

// comparisonFailures are the words for each failure.
var comparisonFailures = map[compare.Failure]key{
	compare.RedisGone:    textComparisonRedisGone,
	compare.RedisEmpty:   textComparisonRedisEmpty,
	compare.DatabaseGone: textComparisonDatabaseGone,
	compare.UserGone:     textComparisonUserGone,
	compare.TooSlow:      textComparisonTooSlow,
	compare.Internal:     textComparisonInternal,
}

func comparisonAnswer(x *exchange, c compare.Comparison) *comparisonOutput {
	body := comparisonBody{
		ID: c.ID, State: string(c.State), StartedAt: c.StartedAt.UnixMilli(),
		Requests: c.Request.Requests, Concurrency: c.Request.Concurrency, UserID: c.Request.UserID,
		Ways: make([]wayBody, len(c.Results)),
		About: comparisonAbout{
			CPUs: runtime.GOMAXPROCS(0), Go: strings.TrimPrefix(runtime.Version(), "go"), Database: c.Database, Redis: c.Redis,
			Clock: micros(c.Clock),
		},
	}
	l := x.language()
	body.About.Note = textComparisonNote.in(l, "{clock}", strconv.FormatInt(c.Clock.Nanoseconds(), 10))
	if c.Database == "SQLite" {
		body.About.Note += " " + textComparisonSQLite.in(l)
	}
	if c.NoLocal {
		body.About.Note += " " + textComparisonNoLocal.in(l)
	}
	if c.State == compare.Failed {
		body.Error = comparisonFailures[c.Failure].in(l)
	}
	if !c.FinishedAt.IsZero() {
		body.FinishedAt = c.FinishedAt.UnixMilli()
	}
	for i, r := range c.Results {
		body.Ways[i] = wayOf(r)
	}
	return &comparisonOutput{body}
}

func wayOf(r compare.Result) wayBody {
	w := wayBody{
		Way: string(r.Way), Done: r.Done, Errors: r.Errors, Elsewhere: r.Elsewhere,
		Duration: micros(r.Duration), Throughput: math.Round(r.Throughput()*10) / 10,
		P50: micros(r.P50), P90: micros(r.P90), P99: micros(r.P99), Min: micros(r.Min), Max: micros(r.Max), Mean: micros(r.Mean),
		ReadsPerSample: r.ReadsPerSample, Histogram: make([]bucketBody, len(r.Histogram)),
	}
	for i, b := range r.Histogram {
		w.Histogram[i] = bucketBody{micros(b.LE), b.N}
	}
	return w
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
