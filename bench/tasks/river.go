package tasks

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// riverSettings are those that decide how fast River is.
type riverSettings struct {
	cooldown, poll time.Duration // 0: its defaults, 100 ms and 1 s
	connections    int32         // 0: the default of pgxpool, 4
	copy           bool          // batches through COPY
}

func riverDefault() Contestant {
	return Contestant{
		ID: "river", Name: "River", Postgres: true, Pace: perSlot(10), Interval: 100 * time.Millisecond,
		Open: openRiver(riverSettings{}),
	}
}

// riverEager is River as fast as its settings make it: the shortest cooldown that it
// allows between two fetches, more connections, COPY for batches.
func riverEager() Contestant {
	return Contestant{
		ID: "river-eager", Name: "River, `FetchCooldown` 1 ms, 16 connections, `InsertManyFast`", Postgres: true,
		Pace: func(concurrency int) int { return min(500*concurrency, 20_000) }, Interval: 5 * time.Millisecond,
		Open: openRiver(riverSettings{river.FetchCooldownMin, 10 * time.Millisecond, 16, true}),
	}
}

func openRiver(s riverSettings) func(context.Context, Place) (Queue, error) {
	return func(ctx context.Context, p Place) (Queue, error) {
		config, err := pgxpool.ParseConfig(p.Postgres)
		if err != nil {
			return nil, opened("river", err)
		}
		if s.connections > 0 {
			config.MaxConns = s.connections
		}
		pool, err := pgxpool.NewWithConfig(ctx, config)
		if err != nil {
			return nil, opened("river", err)
		}
		q := &riverJobs{settings: s, pool: pool}
		if err := q.prepare(ctx); err != nil {
			pool.Close()
			return nil, opened("river", err)
		}
		return q, nil
	}
}

func (mailArgs) Kind() string { return mailType }

type mailArgs struct{ Mail }

type mailWorker struct {
	river.WorkerDefaults[mailArgs]
	handle Handle
}

func (w *mailWorker) Work(_ context.Context, job *river.Job[mailArgs]) error {
	w.handle(job.Args.Mail)
	return nil
}

type riverJobs struct {
	settings riverSettings
	pool     *pgxpool.Pool
	producer *river.Client[pgx.Tx]
}

func (q *riverJobs) prepare(ctx context.Context) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(q.pool), &rivermigrate.Config{Logger: quiet()})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	q.producer, err = river.NewClient(riverpgxv5.New(q.pool), &river.Config{Logger: quiet()})
	return err
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (q *riverJobs) Enqueue(ctx context.Context, m Mail) error {
	_, err := q.producer.Insert(ctx, mailArgs{m}, nil)
	return err
}

func (q *riverJobs) EnqueueMany(ctx context.Context, ms []Mail) error {
	params := make([]river.InsertManyParams, len(ms))
	for i, m := range ms {
		params[i].Args = mailArgs{m}
	}
	var err error
	if q.settings.copy {
		_, err = q.producer.InsertManyFast(ctx, params)
	} else {
		_, err = q.producer.InsertMany(ctx, params)
	}
	return err
}

func (q *riverJobs) Work(ctx context.Context, concurrency int, h Handle) (func() error, error) {
	// Inserts since the tables were made: the planner shall know of them.
	if _, err := q.pool.Exec(ctx, "VACUUM ANALYZE river_job"); err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &mailWorker{handle: h}); err != nil {
		return nil, err
	}
	client, err := river.NewClient(riverpgxv5.New(q.pool), &river.Config{
		Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: concurrency}},
		FetchCooldown: q.settings.cooldown, FetchPollInterval: q.settings.poll,
		Workers: workers, Logger: quiet(),
	})
	if err != nil {
		return nil, err
	}
	if err := client.Start(ctx); err != nil {
		return nil, err
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err := client.Stop(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = client.StopAndCancel(context.WithoutCancel(ctx))
		}
		return err
	}, nil
}

func (q *riverJobs) Unsettled(ctx context.Context) (n int64, err error) {
	err = q.pool.QueryRow(ctx, "SELECT count(*) FROM river_job WHERE state <> 'completed'").Scan(&n)
	return n, err
}

func (q *riverJobs) Close() { q.pool.Close() }
