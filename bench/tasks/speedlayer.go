package tasks

import (
	"context"
	"encoding/json"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/queue"
)

func speedlayer() Contestant {
	return Contestant{
		ID: "speedlayer", Name: "speedlayer", Pace: func(concurrency int) int { return min(5_000*concurrency, 80_000) },
		Open: func(_ context.Context, p Place) (Queue, error) {
			client, err := connect(p.Redis)
			if err != nil {
				return nil, opened("speedlayer", err)
			}
			return &speedlayerTasks{client, queue.New(client, p.Prefix+"mails", queue.Options{})}, nil
		},
	}
}

type speedlayerTasks struct {
	client rueidis.Client
	queue  *queue.Queue
}

func (q *speedlayerTasks) Enqueue(ctx context.Context, m Mail) error { return q.queue.Enqueue(ctx, m) }

func (q *speedlayerTasks) EnqueueMany(ctx context.Context, ms []Mail) error {
	added := make([]queue.NewTask, len(ms))
	for i, m := range ms {
		added[i].Payload = m
	}
	_, err := q.queue.Add(ctx, added...)
	return err
}

func (q *speedlayerTasks) Work(ctx context.Context, concurrency int, h Handle) (func() error, error) {
	worker := queue.NewWorker(q.queue, func(_ context.Context, t queue.Task) error {
		var m Mail
		if err := json.Unmarshal(t.Payload, &m); err != nil {
			return err
		}
		h(m)
		return nil
	}, queue.WorkerOptions{Concurrency: concurrency})
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	return func() error {
		cancel()
		return <-ended
	}, nil
}

func (q *speedlayerTasks) Unsettled(ctx context.Context) (int64, error) {
	s, err := q.queue.Stats(ctx)
	return s.Waiting + s.Running + s.Scheduled + s.Retrying + s.Suspects + s.Dead, err
}

func (q *speedlayerTasks) Close() { q.client.Close() }
