package commits

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

// relay runs a relay with its defaults.
func relay(ctx context.Context, p Place, heard Heard) (func() error, error) {
	users, client, closeUsers, err := openUsers(p.Redis)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.New(ctx, p.DSN)
	if err != nil {
		closeUsers()
		return nil, err
	}
	source := outboxpgx.NewSource(pool, outboxpgx.Options{})
	var trouble atomic.Pointer[error]
	r := outbox.NewRelay(source, &sink{users, client, heard}, outbox.Options{OnError: func(err error) { trouble.Store(&err) }})
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	return func() error {
		failed := trouble.Load() // before the end, which cuts off a batch
		cancel()
		err := <-ended
		source.Close()
		pool.Close()
		closeUsers()
		if failed != nil {
			err = errors.Join(err, *failed)
		}
		return err
	}, nil
}

// sink drops the entries of a batch with one call.
type sink struct {
	users  *cache.Cache[int64, user]
	client rueidis.Client
	heard  Heard
}

func (s *sink) Deliver(ctx context.Context, rows []outbox.Row) []error {
	results := make([]error, len(rows))
	ids := make([]int64, len(rows))
	for i, row := range rows {
		var err error
		if row.Kind != outbox.KindInvalidate || row.Target != "user" {
			err = fmt.Errorf("commits: a row of kind %s for %s", row.Kind, row.Target)
		} else {
			ids[i], err = strconv.ParseInt(row.Key, 10, 64)
		}
		if err != nil {
			return fill(results, err)
		}
	}
	if err := s.users.Invalidate(ctx, ids...); err != nil {
		return fill(results, err)
	}
	if s.heard != nil {
		for _, id := range ids {
			s.heard(id)
		}
	}
	return results
}

func (s *sink) Identity(ctx context.Context) (string, error) {
	return outbox.RedisIdentity(ctx, s.client)
}

func fill(results []error, err error) []error {
	for i := range results {
		results[i] = err
	}
	return results
}
