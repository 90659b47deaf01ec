package compare

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// localBytes is the memory of a comparison: one value has room in it.
const localBytes = 1 << 20

// run is one comparison.
type run struct {
	runner  *Runner
	id      string
	request Request
	redis   string
	began   time.Time

	ctx  context.Context
	end  context.CancelCauseFunc
	over chan struct{} // closed when it is

	mu      sync.Mutex
	state   State
	failure Failure
	ended   time.Time
	clock   time.Duration
	noLocal bool
	tallies []*tally
}

// run makes the comparison.
func (c *run) run() {
	defer c.end(nil)
	ctx, cancel := context.WithTimeoutCause(c.ctx, c.runner.o.Deadline, &failure{TooSlow, nil})
	defer cancel()
	err := c.ways(ctx)
	state, why := Done, NoFailure
	var known *failure
	switch {
	case errors.Is(err, errCancelled):
		state = Cancelled
	case errors.As(err, &known):
		state, why = Failed, known.is
	case err != nil:
		state, why = Failed, Internal
	}
	if state == Failed {
		c.runner.log.Warn("a comparison failed", "error", err)
	}
	c.finish(state, why)
	close(c.over)
}

func (c *run) finish(state State, why Failure) {
	c.runner.mu.Lock()
	defer c.runner.mu.Unlock()
	c.runner.busy = false
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.failure, c.ended = state, why, time.Now()
}

// ways measures one way after another.
func (c *run) ways(ctx context.Context) error {
	clock := clockCost()
	c.mu.Lock()
	c.clock = clock
	c.mu.Unlock()
	if err := c.way(ctx, Database, c.fromDatabase); err != nil {
		return err
	}
	err := c.cached(ctx, Redis, c.runner.o.Cache)
	if errors.Is(err, errNothingGood) {
		return &failure{RedisEmpty, err}
	}
	if err != nil {
		return err
	}
	o := c.runner.o.Cache
	o.LocalBytes = localBytes
	err = c.cached(ctx, Local, o)
	if errors.Is(err, errNothingGood) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.noLocal = true
		return nil
	}
	return err
}

// cached measures a way through a cache of its own.
func (c *run) cached(ctx context.Context, way Way, o cache.Options) error {
	users := cache.New(c.runner.o.Client, kurs.CachePrefix, kurs.UserLoader(c.runner.o.Store), o)
	defer users.Close()
	source := cache.SourceRedis
	if way == Local {
		source = cache.SourceLocal
	}
	return c.way(ctx, way, func(ctx context.Context) (outcome, error) {
		return c.fromCache(ctx, users, source)
	})
}

// way warms up and measures.
func (c *run) way(ctx context.Context, way Way, read reading) error {
	if err := settle(ctx, read, c.runner.o.Patience); err != nil {
		return err
	}
	warmUp := c.request
	warmUp.Requests = max(min(c.request.Requests/10, 500), c.request.Concurrency)
	warm := &tally{way: way, group: 1}
	if err := measure(ctx, warm, read, warmUp); err != nil {
		return err
	}
	t := &tally{way: way, group: groupOf(warm.result().P50, c.clock)}
	c.mu.Lock()
	c.tallies = append(c.tallies, t)
	c.mu.Unlock()
	return measure(ctx, t, read, c.request)
}

func (c *run) fromDatabase(ctx context.Context) (outcome, error) {
	u, err := c.runner.o.Store.User(ctx, c.request.UserID)
	switch {
	case ctx.Err() != nil:
		return wrong, context.Cause(ctx)
	case err != nil:
		return wrong, databaseFailure(err)
	case u.ID != c.request.UserID:
		return wrong, nil
	}
	return good, nil
}

func (c *run) fromCache(ctx context.Context, users *cache.Cache[int64, kurs.User], source cache.Source) (outcome, error) {
	e, err := users.Lookup(ctx, c.request.UserID)
	switch {
	case err == nil && e.Source == source && e.Value.ID == c.request.UserID && len(e.Raw) > 0:
		return good, nil
	case err != nil && ctx.Err() != nil:
		return wrong, context.Cause(ctx)
	case errors.Is(err, cache.ErrNotFound):
		return wrong, &failure{UserGone, err}
	case e.Reason == cache.ReasonUnavailable && err == nil:
		return wrong, &failure{RedisGone, nil}
	case err != nil:
		return wrong, databaseFailure(err)
	case e.Source != source:
		return elsewhere, nil
	}
	return wrong, nil
}

// comparison is the run as it is now.
func (c *run) comparison() Comparison {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := Comparison{
		ID: c.id, State: c.state, Failure: c.failure, Request: c.request, StartedAt: c.began, FinishedAt: c.ended,
		Results: make([]Result, len(c.tallies)), NoLocal: c.noLocal, Clock: c.clock, Database: c.runner.o.Database, Redis: c.redis,
	}
	for i, t := range c.tallies {
		out.Results[i] = t.result()
	}
	return out
}
