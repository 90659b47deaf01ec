package app

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/redis/rueidis"
)

// Mode tells a demo from a production server.
type Mode string

// The two modes, as they stand in Redis under markKey and in the database.
const (
	ModeDemo       Mode = "demo"
	ModeProduction Mode = "production"
)

// markKey holds the mode of the kursapp that uses a Redis. It has no TTL: it
// is as old as the data.
const markKey = "kursapp:mode"

// errForeignRedis means that a Redis must not be used: the other mode has marked
// it, or a demo found data in it that no demo made.
var errForeignRedis = errors.New("this Redis belongs to somebody else")

// markRedis marks a Redis for mode, or refuses one that the other mode has
// marked. It runs on every connection and every second after, so that a Redis
// that lost its data is marked again before it can be taken for a fresh one.
//
// A demo takes an unmarked Redis only if it is empty, as it does with a
// database: what others keep there is none of its business. Once it has held
// the mark, keys that it wrote itself after a loss of data are no obstacle.
func markRedis(mode Mode) func(context.Context, rueidis.Client) error {
	var held atomic.Bool
	return func(ctx context.Context, client rueidis.Client) error {
		found, err := client.Do(ctx, client.B().Get().Key(markKey).Build()).ToString()
		if rueidis.IsRedisNil(err) {
			var foreign error
			if mode == ModeDemo && !held.Load() {
				foreign = requireEmpty(ctx, client)
			}
			if foreign == nil {
				err = client.Do(ctx, client.B().Set().Key(markKey).Value(string(mode)).Nx().Build()).Error()
			}
			if err != nil && !rueidis.IsRedisNil(err) {
				return err
			}
			// Somebody may have been faster: what counts is what stands there. The keys
			// that were in the way may be the mark of a demo that started at the same
			// moment, and what it wrote since: a mark comes before everything else.
			found, err = client.Do(ctx, client.B().Get().Key(markKey).Build()).ToString()
			if rueidis.IsRedisNil(err) && foreign != nil {
				return foreign
			}
		}
		if err != nil {
			return err
		}
		if found == string(mode) {
			held.Store(true)
			return nil
		}
		return fmt.Errorf("%w: it is marked %q and this is %q. Use another Redis or another database number; "+
			"\"kursapp migrate undemo\" with REDIS_URL set clears what a demo left behind", errForeignRedis, found, mode)
	}
}

func requireEmpty(ctx context.Context, client rueidis.Client) error {
	for _, node := range client.Nodes() {
		n, err := node.Do(ctx, node.B().Dbsize().Build()).AsInt64()
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%w: it holds %d keys that no demo made. Give the demo an empty Redis or another database number, "+
				"or leave REDIS_URL unset", errForeignRedis, n)
		}
	}
	return nil
}

// demoKeyPatterns are all keys that kursapp makes.
var demoKeyPatterns = []string{
	"cache:*", "{cache:*", "session:*", "rate:*", "ratelimit:*",
	"email_queue", "{email_queue}:*", "account_mail", "{account_mail}:*", "kursapp:*",
}

// clearDemoRedis removes everything a demo left in Redis, its mark last.
// It refuses a Redis that no demo marked.
func clearDemoRedis(ctx context.Context, client rueidis.Client) (deleted int, err error) {
	found, err := client.Do(ctx, client.B().Get().Key(markKey).Build()).ToString()
	switch {
	case rueidis.IsRedisNil(err):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("app: read mark: %w", err)
	case found != string(ModeDemo):
		return 0, fmt.Errorf("app: the Redis is marked %q, not %q; nothing was deleted", found, ModeDemo)
	}
	for _, node := range client.Nodes() {
		for _, pattern := range demoKeyPatterns {
			n, err := unlinkMatching(ctx, client, node, pattern)
			deleted += n
			if err != nil {
				return deleted, fmt.Errorf("app: clear %s: %w", pattern, err)
			}
		}
	}
	return deleted, client.Do(ctx, client.B().Del().Key(markKey).Build()).Error()
}

// unlinkMatching looks for keys on one node and deletes them through client: the
// node may be a replica, or hand a slot over at this moment.
func unlinkMatching(ctx context.Context, client, node rueidis.Client, pattern string) (deleted int, err error) {
	var cursor uint64
	for {
		page, err := node.Do(ctx, node.B().Scan().Cursor(cursor).Match(pattern).Count(1000).Build()).AsScanEntry()
		if err != nil {
			return deleted, err
		}
		for _, key := range page.Elements {
			if key == markKey {
				continue
			}
			n, err := client.Do(ctx, client.B().Unlink().Key(key).Build()).AsInt64()
			if err != nil {
				return deleted, err
			}
			deleted += int(n)
		}
		if page.Cursor == 0 {
			return deleted, nil
		}
		cursor = page.Cursor
	}
}
