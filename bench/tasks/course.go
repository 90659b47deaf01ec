package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/redis/rueidis"
)

// courseLoop is the task list of the course: LPUSH, and in each worker BRPOP, one
// task at a time. A worker that dies loses its task.
func courseLoop() Contestant {
	return Contestant{
		ID: "loop", Name: "`LPUSH`/`BRPOP`", Pace: always(60_000),
		Open: func(_ context.Context, p Place) (Queue, error) {
			client, err := connect(p.Redis)
			if err != nil {
				return nil, opened("loop", err)
			}
			return &listQueue{client: client, key: p.Prefix + "list"}, nil
		},
	}
}

// connect makes the client of those who use rueidis; one connection carries all
// commands that do not block.
func connect(addr string) (rueidis.Client, error) {
	return rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{addr}, ForceSingleClient: true, PipelineMultiplex: -1,
		DisableCache: true,
	})
}

type listQueue struct {
	client rueidis.Client
	key    string
}

func (q *listQueue) Enqueue(ctx context.Context, m Mail) error { return q.EnqueueMany(ctx, []Mail{m}) }

func (q *listQueue) EnqueueMany(ctx context.Context, ms []Mail) error {
	raws := make([]string, len(ms))
	for i, m := range ms {
		raw, err := json.Marshal(m)
		if err != nil {
			return err
		}
		raws[i] = rueidis.BinaryString(raw)
	}
	return q.client.Do(ctx, q.client.B().Lpush().Key(q.key).Element(raws...).Build()).Error()
}

func (q *listQueue) Work(ctx context.Context, concurrency int, h Handle) (func() error, error) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	failed := make(chan error, concurrency)
	for range concurrency {
		group.Go(func() { failed <- q.loop(ctx, h) })
	}
	return func() error {
		cancel()
		group.Wait()
		var err error
		for range concurrency {
			err = errors.Join(err, <-failed)
		}
		return err
	}, nil
}

func (q *listQueue) loop(ctx context.Context, h Handle) error {
	for {
		pair, err := q.client.Do(ctx, q.client.B().Brpop().Key(q.key).Timeout(0).Build()).AsStrSlice()
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was stopped
		}
		if err != nil {
			return err
		}
		var m Mail
		if err := json.Unmarshal([]byte(pair[1]), &m); err != nil {
			return err
		}
		h(m)
	}
}

// Unsettled cannot know of tasks that are in a worker: nobody keeps them.
func (q *listQueue) Unsettled(ctx context.Context) (int64, error) {
	return q.client.Do(ctx, q.client.B().Llen().Key(q.key).Build()).AsInt64()
}

func (q *listQueue) Close() { q.client.Close() }
