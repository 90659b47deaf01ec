package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/hibiken/asynq"
)

const (
	mailType   = "mail"
	asynqQueue = "default"
)

func asynqDefault() Contestant {
	return Contestant{
		ID: "asynq", Name: "asynq", Pace: always(10_000), Interval: 1500 * time.Millisecond,
		Open:   openAsynq(0),
		Cannot: map[Kind]string{Batch: "It has no call for many tasks."},
	}
}

// asynqEager looks for tasks far more often than its documentation recommends. That
// is of interest only where it is idle.
func asynqEager() Contestant {
	const busy = "The interval matters only to an idle worker."
	return Contestant{
		ID: "asynq-eager", Name: "asynq, `TaskCheckInterval` 10 ms", Pace: always(10_000), Interval: 15 * time.Millisecond,
		Open:   openAsynq(10 * time.Millisecond),
		Cannot: map[Kind]string{Process: busy, Enqueue: busy, Batch: busy},
	}
}

// openAsynq uses one server per process: asynq has no prefix, so the keys of the run
// before must be gone.
func openAsynq(interval time.Duration) func(context.Context, Place) (Queue, error) {
	return func(_ context.Context, p Place) (Queue, error) {
		redis := asynq.RedisClientOpt{Addr: p.Redis}
		q := &asynqTasks{redis: redis, interval: interval, client: asynq.NewClient(redis), inspector: asynq.NewInspector(redis)}
		return q, opened("asynq", q.client.Ping())
	}
}

type asynqTasks struct {
	redis     asynq.RedisClientOpt
	interval  time.Duration
	client    *asynq.Client
	inspector *asynq.Inspector
}

func (q *asynqTasks) Enqueue(ctx context.Context, m Mail) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = q.client.EnqueueContext(ctx, asynq.NewTask(mailType, raw))
	return err
}

func (q *asynqTasks) Work(_ context.Context, concurrency int, h Handle) (func() error, error) {
	server := asynq.NewServer(q.redis, asynq.Config{
		Concurrency: concurrency, TaskCheckInterval: q.interval, LogLevel: asynq.FatalLevel,
	})
	mux := asynq.NewServeMux()
	mux.HandleFunc(mailType, func(_ context.Context, t *asynq.Task) error {
		var m Mail
		if err := json.Unmarshal(t.Payload(), &m); err != nil {
			return err
		}
		h(m)
		return nil
	})
	if err := server.Start(mux); err != nil {
		return nil, err
	}
	return func() error { server.Shutdown(); return nil }, nil
}

func (q *asynqTasks) Unsettled(context.Context) (int64, error) {
	info, err := q.inspector.GetQueueInfo(asynqQueue)
	if errors.Is(err, asynq.ErrQueueNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return int64(info.Pending + info.Active + info.Retry + info.Scheduled), nil
}

func (q *asynqTasks) Close() {
	_ = q.client.Close()
	_ = q.inspector.Close()
}
